//! What reports and inventories show of a certificate.

use sha2::{Digest, Sha256};

use super::public_key::PublicKey;
use super::signature;
use super::x509::X509;

impl X509 {
    /// A digest that is equal for equal public keys, however they are written.
    pub fn public_key_digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let parts: [&[u8]; 3] = match self.public_key() {
            PublicKey::Rsa { modulus, exponent } => [b"RSA", modulus, exponent],
            PublicKey::Ec { curve, point } => [b"EC", curve.as_str().as_bytes(), point],
            PublicKey::Other(_) => [b"", self.spki(), b""],
        };
        for part in parts {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    /// What it is signed with, with the object identifier.
    pub fn signature_name(&self) -> String {
        signature::algorithm_name(self)
    }

    /// Whether it is signed with MD2, MD5 or SHA-1, for which collisions have been made.
    pub fn has_weak_signature(&self) -> bool {
        signature::is_weak(self)
    }
}

//! The properties of a certificate for reports and inventories.

use sha2::{Digest, Sha256};

use super::public_key::PublicKey;
use super::signature;
use super::x509::X509;

impl X509 {
    /// A digest that is equal for equal public keys, whatever their encoding.
    pub fn public_key_digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let kind = self.key_kind().to_string();
        let parts: [&[u8]; 3] = match self.public_key() {
            PublicKey::Rsa { modulus, exponent } => [b"RSA", modulus, exponent],
            PublicKey::Ec { curve, point } => [b"EC", curve.as_str().as_bytes(), point],
            PublicKey::Other(_) | PublicKey::Unreadable(_) => {
                [b"", kind.as_bytes(), self.key_bits()]
            }
        };
        for part in parts {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    /// Whether its signature uses MD2, MD5 or SHA-1, for which collisions are known.
    pub fn has_weak_signature(&self) -> bool {
        signature::is_weak(self)
    }
}

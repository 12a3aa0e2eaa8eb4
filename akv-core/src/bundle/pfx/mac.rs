//! The integrity check of a PKCS#12 file (RFC 7292 appendix B).

use aws_lc_rs::hmac;
use der::Sequence;
use der::asn1::{AnyRef, OctetStringRef};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::super::algorithm;
use super::super::budget::{Hash, Iterations};
use super::super::error::BundleError;
use super::super::password::PasswordBytes;

/// The check, read and affordable but not yet done.
#[derive(Debug)]
pub(super) struct Mac<'a> {
    hash: Hash,
    digest: &'a [u8],
    salt: &'a [u8],
    iterations: Iterations,
}

impl<'a> Mac<'a> {
    pub(super) fn parse(data: &MacData<'a>) -> Result<Self, BundleError> {
        let hash = match data.mac.algorithm.oid {
            algorithm::SHA1 => Hash::Sha1,
            algorithm::SHA224 => Hash::Sha224,
            algorithm::SHA256 => Hash::Sha256,
            algorithm::SHA384 => Hash::Sha384,
            algorithm::SHA512 => Hash::Sha512,
            oid => {
                return Err(BundleError::Unsupported {
                    part: "the integrity check",
                    algorithm: algorithm::name(oid),
                    advice: "export it again with an integrity check (MAC) of HMAC with SHA-256",
                });
            }
        };
        let iterations = data.iterations.map_or(Ok(Iterations::ONE), Iterations::from_der)?;
        let (digest, salt) = (data.mac.digest.as_bytes(), data.salt.as_bytes());
        Ok(Self { hash, digest, salt, iterations })
    }

    /// What trying `password` costs, in the budget's unit.
    pub(super) fn cost(&self, password: &PasswordBytes<'_>) -> u64 {
        self.hash.cost(self.iterations, self.hash.size(), 1) * password.form_count()
    }

    /// Whether `content` is what was protected with `password`.
    pub(super) fn verifies(&self, password: &PasswordBytes<'_>, content: &[u8]) -> bool {
        let (derive, algorithm): (fn(_, _, _, _, _) -> _, _) = match self.hash {
            Hash::Sha1 => (derive_key::<Sha1>, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            Hash::Sha224 => (derive_key::<Sha224>, hmac::HMAC_SHA224),
            Hash::Sha256 => (derive_key::<Sha256>, hmac::HMAC_SHA256),
            Hash::Sha384 => (derive_key::<Sha384>, hmac::HMAC_SHA384),
            Hash::Sha512 => (derive_key::<Sha512>, hmac::HMAC_SHA512),
        };
        let Ok(rounds) = i32::try_from(self.iterations.get()) else { return false };
        password.utf16_forms().any(|form| {
            let key = derive(form, self.salt, Pkcs12KeyType::Mac, rounds, self.hash.size());
            let key = hmac::Key::new(algorithm, &Zeroizing::new(key));
            hmac::verify(&key, content, self.digest).is_ok()
        })
    }
}

/// `MacData` (RFC 7292 section 4), with iterations of any length.
#[derive(Sequence)]
pub(super) struct MacData<'a> {
    mac: DigestInfo<'a>,
    salt: &'a OctetStringRef,
    iterations: Option<AnyRef<'a>>,
}

/// `DigestInfo` (RFC 8017 appendix A.2.4).
#[derive(Sequence)]
struct DigestInfo<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    digest: &'a OctetStringRef,
}

//! The integrity check of a PKCS#12 file (RFC 7292 section 5.1, RFC 9579).

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
use super::super::kdf::{self, Kdf, params};
use super::super::password::PasswordBytes;

/// The integrity check before it runs.
#[derive(Debug)]
pub(super) struct Mac<'a> {
    key: Derivation<'a>,
    hash: Hash,
    digest: &'a [u8],
}

/// The derivation of the integrity key.
#[derive(Debug)]
enum Derivation<'a> {
    /// RFC 7292 appendix B.
    Pkcs12 { salt: &'a [u8], iterations: Iterations },
    /// PBMAC1: its outer salt and iteration count are ignored (RFC 9579).
    Pbmac1 { kdf: Kdf<'a>, key_length: usize },
}

impl<'a> Mac<'a> {
    pub(super) fn parse(data: &MacData<'a>) -> Result<Self, BundleError> {
        let digest = data.mac.digest.as_bytes();
        let hash = match data.mac.algorithm.oid {
            algorithm::SHA1 => Hash::Sha1,
            algorithm::SHA224 => Hash::Sha224,
            algorithm::SHA256 => Hash::Sha256,
            algorithm::SHA384 => Hash::Sha384,
            algorithm::SHA512 => Hash::Sha512,
            algorithm::PBMAC1 => return Self::pbmac1(&params(data.mac.algorithm)?, digest),
            oid => {
                return Err(BundleError::Unsupported {
                    part: PART,
                    algorithm: algorithm::name(oid),
                    advice: "export it again with an integrity check (MAC) of HMAC with SHA-256",
                });
            }
        };
        let iterations = data.iterations.map_or(Ok(Iterations::ONE), Iterations::from_der)?;
        let key = Derivation::Pkcs12 { salt: data.salt.as_bytes(), iterations };
        Ok(Self { key, hash, digest })
    }

    fn pbmac1(params: &Pbmac1Params<'a>, digest: &'a [u8]) -> Result<Self, BundleError> {
        let (kdf, key_length) = Kdf::parse(params.kdf)?;
        let hash = kdf::hmac(params.mac.oid)?;
        // A length is required, because the default would depend on the implementation of the
        // digest.
        let key_length = key_length.map(usize::from).filter(|length| (20..=64).contains(length));
        let key_length =
            key_length.ok_or_else(|| BundleError::damaged(PART, "the length of its key"))?;
        Ok(Self { key: Derivation::Pbmac1 { kdf, key_length }, hash, digest })
    }

    /// The cost of trying `password`, in the budget's unit.
    pub(super) fn cost(&self, password: &PasswordBytes<'_>) -> u64 {
        match &self.key {
            Derivation::Pkcs12 { salt, iterations } => {
                let lengths = (password.utf16_length(), salt.len());
                self.hash.pkcs12_cost(*iterations, self.hash.size(), lengths)
                    * password.form_count()
            }
            Derivation::Pbmac1 { kdf, key_length } => kdf.cost(password.utf8().len(), *key_length),
        }
    }

    /// Whether `content` was protected with `password`.
    pub(super) fn verifies(&self, password: &PasswordBytes<'_>, content: &[u8]) -> bool {
        match &self.key {
            Derivation::Pkcs12 { salt, iterations } => password
                .utf16_forms()
                .any(|form| self.fits(&self.pkcs12_key(form, salt, *iterations), content)),
            Derivation::Pbmac1 { kdf, key_length } => {
                let mut key = Zeroizing::new(vec![0; *key_length]);
                kdf.derive(password.utf8(), &mut key).is_ok() && self.fits(&key, content)
            }
        }
    }

    fn pkcs12_key(
        &self,
        password: &[u8],
        salt: &[u8],
        iterations: Iterations,
    ) -> Zeroizing<Vec<u8>> {
        let derive = match self.hash {
            Hash::Sha1 => derive_key::<Sha1>,
            Hash::Sha224 => derive_key::<Sha224>,
            Hash::Sha256 => derive_key::<Sha256>,
            Hash::Sha384 => derive_key::<Sha384>,
            Hash::Sha512 => derive_key::<Sha512>,
        };
        let (kind, rounds) = (Pkcs12KeyType::Mac, iterations.rounds());
        Zeroizing::new(derive(password, salt, kind, rounds, self.hash.size()))
    }

    fn fits(&self, key: &[u8], content: &[u8]) -> bool {
        let algorithm = match self.hash {
            Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha224 => hmac::HMAC_SHA224,
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
            Hash::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::verify(&hmac::Key::new(algorithm, key), content, self.digest).is_ok()
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

/// `PBMAC1-params` (RFC 8018 appendix A.5).
#[derive(Sequence)]
struct Pbmac1Params<'a> {
    kdf: AlgorithmIdentifierRef<'a>,
    mac: AlgorithmIdentifierRef<'a>,
}

const PART: &str = "the integrity check";

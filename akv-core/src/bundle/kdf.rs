//! Key derivation of PBES2 and PBMAC1 (RFC 8018, RFC 7914).

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Sequence, Tag, Tagged};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::algorithm;
use super::budget::{Hash, Iterations};
use super::error::BundleError;

/// PBKDF2 or scrypt, with its parameters.
#[derive(Debug)]
pub(super) enum Kdf<'a> {
    Pbkdf2 { hash: Hash, salt: &'a [u8], iterations: Iterations },
    Scrypt { params: scrypt::Params, salt: &'a [u8] },
}

impl<'a> Kdf<'a> {
    /// Parses the derivation and its optional key length.
    pub(super) fn parse(
        algorithm: AlgorithmIdentifierRef<'a>,
    ) -> Result<(Self, Option<u16>), BundleError> {
        match algorithm.oid {
            algorithm::PBKDF2 => Self::pbkdf2(&params(algorithm)?),
            algorithm::SCRYPT => Self::scrypt(&params(algorithm)?),
            oid => Err(unsupported(oid)),
        }
    }

    fn pbkdf2(params: &Pbkdf2Params<'a>) -> Result<(Self, Option<u16>), BundleError> {
        if params.salt.tag() != Tag::OctetString {
            return Err(BundleError::damaged(PART, "its salt is not in the file"));
        }
        let hash = hmac(params.prf.map_or(algorithm::HMAC_SHA1, |prf| prf.oid))?;
        let iterations = Iterations::from_der(params.iterations)?;
        let kdf = Self::Pbkdf2 { hash, salt: params.salt.value(), iterations };
        Ok((kdf, params.key_length))
    }

    fn scrypt(params: &ScryptParams<'a>) -> Result<(Self, Option<u16>), BundleError> {
        let ScryptParams { salt, cost, block_size, parallelization, key_length } = *params;
        let claimed =
            cost.saturating_add(parallelization.into()).saturating_mul(128 * u64::from(block_size));
        if claimed > MAX_SCRYPT_MEMORY {
            return Err(BundleError::TooMuchMemory { claimed, limit: MAX_SCRYPT_MEMORY });
        }
        let invalid = || BundleError::damaged(PART, "its scrypt parameters");
        // RFC 7914 section 6: a power of two greater than one.
        if !cost.is_power_of_two() || cost < 2 {
            return Err(invalid());
        }
        let log_n = u8::try_from(cost.trailing_zeros()).map_err(|_| invalid())?;
        let params = scrypt::Params::new(log_n, block_size.into(), parallelization.into())
            .map_err(|_| invalid())?;
        Ok((Self::Scrypt { params, salt: salt.as_bytes() }, key_length))
    }

    /// The cost of deriving a key of that length from a password of that length, in the budget's
    /// unit.
    pub(super) fn cost(&self, password: usize, key_length: usize) -> u64 {
        match self {
            Self::Pbkdf2 { hash, salt, iterations } => {
                hash.pbkdf2_cost(iterations.get(), key_length, (password, salt.len()))
            }
            Self::Scrypt { params, salt } => {
                let width = u64::from(params.r()).saturating_mul(u64::from(params.p()));
                let octets = usize::try_from(width.saturating_mul(128)).unwrap_or(usize::MAX);
                // Measured against SHA-256: a step takes four blocks for each r, and the same time
                // again for its memory accesses.
                let steps = (4_u64 << params.log_n()).saturating_mul(u64::from(params.p()));
                let mixing = steps.saturating_mul(u64::from(params.r()) + 1);
                // PBKDF2 creates the input of the mixing, and uses its output as the salt of the
                // key.
                let before = Hash::Sha256.pbkdf2_cost(1, octets, (password, salt.len()));
                let after = Hash::Sha256.pbkdf2_cost(1, key_length, (password, octets));
                mixing.saturating_add(before).saturating_add(after)
            }
        }
    }

    /// Fills `key`.
    pub(super) fn derive(&self, password: &[u8], key: &mut [u8]) -> Result<(), Impossible> {
        match self {
            Self::Pbkdf2 { hash, salt, iterations } => {
                let pbkdf2 = match hash {
                    Hash::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>,
                    Hash::Sha224 => pbkdf2::pbkdf2_hmac::<Sha224>,
                    Hash::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>,
                    Hash::Sha384 => pbkdf2::pbkdf2_hmac::<Sha384>,
                    Hash::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>,
                };
                pbkdf2(password, salt, iterations.get(), key);
                Ok(())
            }
            Self::Scrypt { params, salt } => {
                scrypt::scrypt(password, salt, params, key).map_err(|_| Impossible)
            }
        }
    }
}

/// The parameters do not allow a key of this length.
pub(super) struct Impossible;

/// The digest of an HMAC.
pub(super) fn hmac(oid: ObjectIdentifier) -> Result<Hash, BundleError> {
    match oid {
        algorithm::HMAC_SHA1 => Ok(Hash::Sha1),
        algorithm::HMAC_SHA224 => Ok(Hash::Sha224),
        algorithm::HMAC_SHA256 => Ok(Hash::Sha256),
        algorithm::HMAC_SHA384 => Ok(Hash::Sha384),
        algorithm::HMAC_SHA512 => Ok(Hash::Sha512),
        oid => Err(unsupported(oid)),
    }
}

/// The required parameters of an algorithm.
pub(super) fn params<'a, T>(algorithm: AlgorithmIdentifierRef<'a>) -> Result<T, BundleError>
where
    T: der::Choice<'a> + der::DecodeValue<'a, Error = der::Error>,
{
    let params =
        algorithm.parameters.ok_or_else(|| BundleError::damaged(PART, "it has no parameters"))?;
    params.decode_as().map_err(|error| BundleError::damaged(PART, error))
}

fn unsupported(oid: ObjectIdentifier) -> BundleError {
    BundleError::Unsupported {
        part: PART,
        algorithm: algorithm::name(oid),
        advice: "export it again with PBKDF2 and SHA-256",
    }
}

/// `PBKDF2-params` (RFC 8018 appendix A.2). The pseudo-random function defaults to HMAC-SHA-1, and
/// its parameters may be NULL or absent (GnuTLS, NSS).
#[derive(Sequence)]
struct Pbkdf2Params<'a> {
    salt: AnyRef<'a>,
    iterations: AnyRef<'a>,
    key_length: Option<u16>,
    prf: Option<AlgorithmIdentifierRef<'a>>,
}

/// `scrypt-params` (RFC 7914 section 7).
#[derive(Sequence)]
struct ScryptParams<'a> {
    salt: &'a OctetStringRef,
    cost: u64,
    block_size: u16,
    parallelization: u16,
    key_length: Option<u16>,
}

/// Twice the memory of OpenSSL's default parameters.
const MAX_SCRYPT_MEMORY: u64 = 32 * 1024 * 1024;

const PART: &str = "the key derivation";

//! Password-based encryption as PKCS#12 and encrypted PKCS#8 use it: the PBES1 schemes of RFC 7292
//! and PBES2 of RFC 8018.
//!
//! The crate `pkcs5` is not used, because its parser refuses salts over 32 bytes, which do occur,
//! and panics on a short initialisation vector.

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Sequence, Tag, Tagged};
use des::{TdesEde2, TdesEde3};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use rc2::Rc2;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::algorithm;
use super::ber;
use super::budget::{Hash, Iterations};
use super::error::BundleError;
use super::password::PasswordBytes;

/// A way to encrypt with a password, with its parameters.
#[derive(Debug)]
pub(super) enum Encryption<'a> {
    Pbes1 { cipher: Cipher, salt: &'a [u8], iterations: Iterations },
    Pbes2 { kdf: Kdf<'a>, cipher: Cipher, iv: &'a [u8] },
}

/// The key derivation of PBES2.
#[derive(Debug)]
pub(super) enum Kdf<'a> {
    Pbkdf2 { hash: Hash, salt: &'a [u8], iterations: Iterations },
    Scrypt { params: scrypt::Params, salt: &'a [u8] },
}

/// A block cipher in CBC mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    TripleDes,
    TwoKeyTripleDes,
    Rc2 { key_length: usize },
    Aes128,
    Aes192,
    Aes256,
}

impl<'a> Encryption<'a> {
    /// Reads the algorithm and refuses what is unknown or claims too much, before any work.
    pub(super) fn parse(algorithm: AlgorithmIdentifierRef<'a>) -> Result<Self, BundleError> {
        let cipher = match algorithm.oid {
            algorithm::PBES2 => return Self::parse_pbes2(algorithm),
            algorithm::PBE_3DES => Cipher::TripleDes,
            algorithm::PBE_2DES => Cipher::TwoKeyTripleDes,
            algorithm::PBE_RC2_128 => Cipher::Rc2 { key_length: 16 },
            algorithm::PBE_RC2_40 => Cipher::Rc2 { key_length: 5 },
            oid => return Err(unsupported(oid)),
        };
        let Pbes1Params { salt, iterations } = params(algorithm)?;
        let iterations = Iterations::from_der(iterations)?;
        Ok(Self::Pbes1 { cipher, salt: salt.as_bytes(), iterations })
    }

    fn parse_pbes2(algorithm: AlgorithmIdentifierRef<'a>) -> Result<Self, BundleError> {
        let Pbes2Params { kdf, encryption } = params(algorithm)?;
        let cipher = match encryption.oid {
            algorithm::AES_128_CBC => Cipher::Aes128,
            algorithm::AES_192_CBC => Cipher::Aes192,
            algorithm::AES_256_CBC => Cipher::Aes256,
            algorithm::DES_EDE3_CBC => Cipher::TripleDes,
            oid => return Err(unsupported(oid)),
        };
        let iv: &OctetStringRef = params(encryption)?;
        if iv.as_bytes().len() != cipher.block_length() {
            return Err(BundleError::damaged(PART, "its initialisation vector"));
        }
        let kdf = Kdf::parse(kdf, cipher.key_length())?;
        Ok(Self::Pbes2 { kdf, cipher, iv: iv.as_bytes() })
    }

    /// What trying `password` costs, in the budget's unit.
    pub(super) fn cost(&self, password: &PasswordBytes<'_>) -> u64 {
        match self {
            Self::Pbes1 { cipher, iterations, .. } => {
                let key = Hash::Sha1.cost(*iterations, cipher.key_length(), 1);
                let iv = Hash::Sha1.cost(*iterations, cipher.block_length(), 1);
                (key + iv) * password.form_count()
            }
            Self::Pbes2 { kdf, cipher, .. } => kdf.cost(cipher.key_length()),
        }
    }

    /// Decrypts to DER; `None` when the password is wrong or the ciphertext damaged, which the
    /// format cannot tell apart.
    pub(super) fn decrypt(
        &self,
        password: &PasswordBytes<'_>,
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Pbes1 { cipher, salt, iterations } => password.utf16_forms().find_map(|form| {
                let rounds = i32::try_from(iterations.get()).ok()?;
                let derive = |kind, length| {
                    Zeroizing::new(derive_key::<Sha1>(form, salt, kind, rounds, length))
                };
                let key = derive(Pkcs12KeyType::EncryptionKey, cipher.key_length());
                let iv = derive(Pkcs12KeyType::Iv, cipher.block_length());
                plaintext(&cipher.decrypt(&key, &iv, ciphertext)?)
            }),
            Self::Pbes2 { kdf, cipher, iv } => {
                let mut key = Zeroizing::new(vec![0; cipher.key_length()]);
                kdf.derive(password.utf8(), &mut key)?;
                plaintext(&cipher.decrypt(&key, iv, ciphertext)?)
            }
        }
    }
}

impl<'a> Kdf<'a> {
    fn parse(
        algorithm: AlgorithmIdentifierRef<'a>,
        key_length: usize,
    ) -> Result<Self, BundleError> {
        let (kdf, claimed_length) = match algorithm.oid {
            algorithm::PBKDF2 => {
                let Pbkdf2Params { salt, iterations, key_length, prf } = params(algorithm)?;
                if salt.tag() != Tag::OctetString {
                    return Err(BundleError::damaged(PART, "its salt is not in the file"));
                }
                let hash = match prf.map_or(algorithm::HMAC_SHA1, |prf| prf.oid) {
                    algorithm::HMAC_SHA1 => Hash::Sha1,
                    algorithm::HMAC_SHA224 => Hash::Sha224,
                    algorithm::HMAC_SHA256 => Hash::Sha256,
                    algorithm::HMAC_SHA384 => Hash::Sha384,
                    algorithm::HMAC_SHA512 => Hash::Sha512,
                    oid => return Err(unsupported(oid)),
                };
                let iterations = Iterations::from_der(iterations)?;
                (Self::Pbkdf2 { hash, salt: salt.value(), iterations }, key_length)
            }
            algorithm::SCRYPT => {
                let ScryptParams { salt, cost, block_size, parallelization, key_length } =
                    params(algorithm)?;
                let memory = cost
                    .saturating_add(parallelization.into())
                    .saturating_mul(128 * u64::from(block_size));
                if memory > MAX_SCRYPT_MEMORY {
                    return Err(BundleError::TooMuchMemory {
                        claimed: memory,
                        limit: MAX_SCRYPT_MEMORY,
                    });
                }
                let invalid = || BundleError::damaged(PART, "its scrypt parameters");
                if !cost.is_power_of_two() {
                    return Err(invalid());
                }
                let log_n = u8::try_from(cost.trailing_zeros()).map_err(|_| invalid())?;
                let params = scrypt::Params::new(log_n, block_size.into(), parallelization.into())
                    .map_err(|_| invalid())?;
                (Self::Scrypt { params, salt: salt.as_bytes() }, key_length)
            }
            oid => return Err(unsupported(oid)),
        };
        match claimed_length {
            Some(claimed) if usize::from(claimed) != key_length => {
                Err(BundleError::damaged(PART, "its key length is not the cipher's"))
            }
            _ => Ok(kdf),
        }
    }

    fn cost(&self, key_length: usize) -> u64 {
        match self {
            // An HMAC hashes two blocks once its key has been prepared.
            Self::Pbkdf2 { hash, iterations, .. } => hash.cost(*iterations, key_length, 2),
            // Measured against SHA-256: a step of scrypt for one r and p takes four blocks.
            Self::Scrypt { params, .. } => (4_u64 << params.log_n())
                .saturating_mul(u64::from(params.r()))
                .saturating_mul(u64::from(params.p())),
        }
    }

    fn derive(&self, password: &[u8], key: &mut [u8]) -> Option<()> {
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
                Some(())
            }
            Self::Scrypt { params, salt } => scrypt::scrypt(password, salt, params, key).ok(),
        }
    }
}

impl Cipher {
    fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes192 => 24,
            Self::TwoKeyTripleDes | Self::Aes128 => 16,
            Self::Rc2 { key_length } => key_length,
            Self::Aes256 => 32,
        }
    }

    fn block_length(self) -> usize {
        match self {
            Self::TripleDes | Self::TwoKeyTripleDes | Self::Rc2 { .. } => 8,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
        }
    }

    /// `None` when the padding is wrong.
    fn decrypt(self, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::TripleDes => cbc(TdesEde3::new_from_slice(key).ok()?, iv, ciphertext),
            Self::TwoKeyTripleDes => cbc(TdesEde2::new_from_slice(key).ok()?, iv, ciphertext),
            Self::Rc2 { key_length } => {
                cbc(Rc2::new_with_eff_key_len(key, 8 * key_length), iv, ciphertext)
            }
            Self::Aes128 => cbc(Aes128::new_from_slice(key).ok()?, iv, ciphertext),
            Self::Aes192 => cbc(Aes192::new_from_slice(key).ok()?, iv, ciphertext),
            Self::Aes256 => cbc(Aes256::new_from_slice(key).ok()?, iv, ciphertext),
        }
    }
}

fn cbc<C: BlockCipherDecrypt>(
    cipher: C,
    iv: &[u8],
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let decryptor = Decryptor::inner_iv_slice_init(cipher, iv).ok()?;
    let length = decryptor.decrypt_padded::<Pkcs7>(&mut buffer).ok()?.len();
    buffer.truncate(length);
    Some(buffer)
}

/// The DER of what was decrypted. A wrong password that happens to leave a valid padding behind
/// hardly ever leaves one whole sequence.
fn plaintext(decrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    decrypted.first().filter(|tag| **tag == SEQUENCE)?;
    ber::to_der(PART, decrypted).ok()
}

fn params<'a, T>(algorithm: AlgorithmIdentifierRef<'a>) -> Result<T, BundleError>
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
        advice: "export it again with AES-256 or triple DES",
    }
}

/// `pkcs-12PbeParams` (RFC 7292 appendix C).
#[derive(Sequence)]
struct Pbes1Params<'a> {
    salt: &'a OctetStringRef,
    iterations: AnyRef<'a>,
}

/// `PBES2-params` (RFC 8018 appendix A.4).
#[derive(Sequence)]
struct Pbes2Params<'a> {
    kdf: AlgorithmIdentifierRef<'a>,
    encryption: AlgorithmIdentifierRef<'a>,
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

/// Twice what OpenSSL's default parameters take.
const MAX_SCRYPT_MEMORY: u64 = 32 * 1024 * 1024;

const PART: &str = "the encryption";
const SEQUENCE: u8 = 0x30;

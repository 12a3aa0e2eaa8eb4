//! Password-based encryption of PKCS#12 and encrypted PKCS#8: the PBES1 schemes of RFC 7292 and
//! PBES2 of RFC 8018.
//!
//! The crate `pkcs5` is not used, because its parser rejects salts over 32 bytes, which do occur,
//! and panics on a short initialization vector.

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Sequence};
use des::{TdesEde2, TdesEde3};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use rc2::Rc2;
use sha1::Sha1;
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::algorithm;
use super::ber;
use super::budget::{self, Budget, Hash, Iterations};
use super::error::BundleError;
use super::kdf::{Kdf, params};
use super::password::PasswordBytes;

/// An encryption scheme with its parameters.
#[derive(Debug)]
pub(super) enum Encryption<'a> {
    Pbes1 { cipher: Cipher, salt: &'a [u8], iterations: Iterations },
    Pbes2 { kdf: Kdf<'a>, cipher: Cipher, iv: &'a [u8] },
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
    /// Parses the algorithm and rejects unknown or excessive parameters before any work.
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
        let (kdf, claimed_length) = Kdf::parse(kdf)?;
        if claimed_length.is_some_and(|claimed| usize::from(claimed) != cipher.key_length()) {
            return Err(BundleError::damaged(PART, "its key length is not the cipher's"));
        }
        Ok(Self::Pbes2 { kdf, cipher, iv: iv.as_bytes() })
    }

    /// The cost of decrypting `length` octets with `password`, in the budget's unit.
    pub(super) fn cost(&self, password: &PasswordBytes<'_>, length: usize) -> u64 {
        let (Self::Pbes1 { cipher, .. } | Self::Pbes2 { cipher, .. }) = self;
        let decryption = budget::units(length / cipher.block_length()) * cipher.block_cost();
        self.derivation_cost(password).saturating_add(decryption * password.form_count())
    }

    fn derivation_cost(&self, password: &PasswordBytes<'_>) -> u64 {
        match self {
            Self::Pbes1 { cipher, salt, iterations } => {
                let derive = |length| {
                    let lengths = (password.utf16_length(), salt.len());
                    Hash::Sha1.pkcs12_cost(*iterations, length, lengths)
                };
                let once =
                    derive(cipher.key_length()).saturating_add(derive(cipher.block_length()));
                once.saturating_mul(password.form_count())
            }
            Self::Pbes2 { kdf, cipher, .. } => kdf.cost(password.utf8().len(), cipher.key_length()),
        }
    }

    /// Decrypts to DER; `None` if the password is wrong or the ciphertext is damaged, which the
    /// format cannot distinguish.
    pub(super) fn decrypt(
        &self,
        password: &PasswordBytes<'_>,
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Pbes1 { cipher, salt, iterations } => password.utf16_forms().find_map(|form| {
                let rounds = iterations.rounds();
                let derive = |kind, length| {
                    Zeroizing::new(derive_key::<Sha1>(form, salt, kind, rounds, length))
                };
                let key = derive(Pkcs12KeyType::EncryptionKey, cipher.key_length());
                let iv = derive(Pkcs12KeyType::Iv, cipher.block_length());
                plaintext(&cipher.decrypt(&key, &iv, ciphertext)?)
            }),
            Self::Pbes2 { kdf, cipher, iv } => {
                let mut key = Zeroizing::new(vec![0; cipher.key_length()]);
                kdf.derive(password.utf8(), &mut key).ok()?;
                plaintext(&cipher.decrypt(&key, iv, ciphertext)?)
            }
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

    /// The cost of decrypting a block, in the budget's unit: measured without AES instructions.
    fn block_cost(self) -> u64 {
        match self {
            Self::TripleDes | Self::TwoKeyTripleDes => 6,
            Self::Rc2 { .. } | Self::Aes128 | Self::Aes192 | Self::Aes256 => 2,
        }
    }

    /// `None` if the padding is wrong.
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

/// The content of an `EncryptedPrivateKeyInfo`, charged to the budget.
pub(super) fn decrypt_key(
    der: &[u8],
    password: &PasswordBytes<'_>,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, BundleError> {
    let encrypted = EncryptedPrivateKeyInfo::from_der(der)
        .map_err(|error| BundleError::damaged("the encrypted private key", error))?;
    let encryption = Encryption::parse(encrypted.algorithm)?;
    let data = encrypted.data.as_bytes();
    budget.spend(encryption.cost(password, data.len()))?;
    encryption.decrypt(password, data).ok_or_else(|| password.wrong())
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

/// The DER of a plaintext. A wrong password can produce valid padding by chance, but hardly ever
/// one complete sequence.
fn plaintext(decrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    decrypted.first().filter(|tag| **tag == SEQUENCE)?;
    ber::to_der(PART, decrypted).ok()
}

fn unsupported(oid: ObjectIdentifier) -> BundleError {
    BundleError::Unsupported {
        part: PART,
        algorithm: algorithm::name(oid),
        advice: "export it again with AES-256 or triple DES",
    }
}

/// `EncryptedPrivateKeyInfo` (RFC 5958 section 3).
#[derive(Sequence)]
pub(super) struct EncryptedPrivateKeyInfo<'a> {
    pub(super) algorithm: AlgorithmIdentifierRef<'a>,
    pub(super) data: &'a OctetStringRef,
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

const PART: &str = "the encryption";
const SEQUENCE: u8 = 0x30;

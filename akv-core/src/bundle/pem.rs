//! PEM text: keys and certificates in any order.
//!
//! The decoded keys are wiped. Their base64 text is not ours: it stays with the caller, and the crate
//! `pem` leaves a copy of it in freed memory.

use ::pem::Pem;
use der::Decode;
use zeroize::Zeroizing;

use super::ber;
use super::budget::Budget;
use super::contents::{self, Contents};
use super::encryption::Encryption;
use super::error::BundleError;
use super::key::PrivateKey;
use super::password::PasswordBytes;
use super::pfx::EncryptedPrivateKeyInfo;
use crate::secret::Password;

/// Reads what PEM text holds: certificates, and keys as PKCS#8 (encrypted or not), PKCS#1 or SEC 1.
/// Other blocks and text between blocks are passed over.
///
/// ```
/// use akv_core::Password;
/// use akv_core::bundle::{BundleError, pem};
/// let nothing = pem::read(b"no block in here", &Password::default());
/// assert!(matches!(nothing, Err(BundleError::NotPem { .. })));
/// ```
pub fn read(text: &[u8], password: &Password) -> Result<Contents, BundleError> {
    contents::check_size(text)?;
    let blocks = blocks(text)?;
    let password = PasswordBytes::new(password);
    let mut budget = Budget::new();
    let mut contents = Contents::default();
    for Block { label, encrypted_with, der } in &blocks {
        if let Some(algorithm) = encrypted_with {
            return Err(BundleError::Unsupported {
                part: "the private key",
                algorithm: format!("OpenSSL's own encryption of PEM ({algorithm})"),
                advice: "convert it with `openssl pkcs8 -topk8 -in old.pem -out new.pem`",
            });
        }
        match label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" => contents.add_certificate(der)?,
            // OpenSSL adds its trust settings after the certificate.
            "TRUSTED CERTIFICATE" => {
                contents.add_certificate(&ber::to_der("a certificate", der)?)?;
            }
            "PRIVATE KEY" => contents.add_key(PrivateKey::from_pkcs8(der)?)?,
            "RSA PRIVATE KEY" => contents.add_key(PrivateKey::from_pkcs1(der)?)?,
            "EC PRIVATE KEY" => contents.add_key(PrivateKey::from_sec1(der)?)?,
            "ENCRYPTED PRIVATE KEY" => {
                contents.add_key(decrypt(der, &password, &mut budget)?)?;
            }
            "OPENSSH PRIVATE KEY" | "DSA PRIVATE KEY" | "ANY PRIVATE KEY" => {
                return Err(BundleError::Unsupported {
                    part: "the private key",
                    algorithm: format!("the format {label}"),
                    advice: "convert it to PKCS#8 (`openssl pkcs8 -topk8`)",
                });
            }
            _ => {}
        }
    }
    Ok(contents)
}

/// A block, decoded; wiped, because it may be a key.
struct Block {
    label: String,
    /// The algorithm that `DEK-Info` names, in the manner of RFC 1421.
    encrypted_with: Option<String>,
    der: Zeroizing<Vec<u8>>,
}

fn blocks(text: &[u8]) -> Result<Vec<Block>, BundleError> {
    let begun = text.windows(BEGIN.len()).filter(|window| *window == BEGIN).count();
    if begun == 0 {
        let looks = match text {
            [0x30, ..] => "it looks like DER, perhaps a PKCS#12 file",
            // What PowerShell writes by default.
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it is UTF-16 text, save it as UTF-8",
            _ => "export the certificate and its key as PEM",
        };
        return Err(BundleError::NotPem { looks });
    }
    if begun > contents::MAX_PARTS {
        return Err(BundleError::TooMany { what: "PEM blocks", limit: contents::MAX_PARTS });
    }
    let blocks =
        ::pem::parse_many(text).map_err(|error| BundleError::damaged("the PEM text", error))?;
    // The parser ends without a word where a block has no end.
    if blocks.len() < begun {
        return Err(BundleError::Truncated { found: text.len() });
    }
    Ok(blocks.into_iter().map(Block::from).collect())
}

impl From<Pem> for Block {
    fn from(pem: Pem) -> Self {
        let headers = pem.headers();
        let encrypted = headers.get("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED"));
        let algorithm = headers.get("DEK-Info").and_then(|info| info.split(',').next());
        Self {
            label: pem.tag().to_owned(),
            encrypted_with: encrypted.then(|| algorithm.unwrap_or("unknown").to_owned()),
            der: Zeroizing::new(pem.into_contents()),
        }
    }
}

fn decrypt(
    bytes: &[u8],
    password: &PasswordBytes<'_>,
    budget: &mut Budget,
) -> Result<PrivateKey, BundleError> {
    let damaged = |error: der::Error| BundleError::damaged("the encrypted private key", error);
    let der = ber::to_der("the encrypted private key", bytes)?;
    let encrypted = EncryptedPrivateKeyInfo::from_der(&der).map_err(damaged)?;
    let encryption = Encryption::parse(encrypted.algorithm)?;
    budget.spend(encryption.cost(password))?;
    match encryption.decrypt(password, encrypted.data.as_bytes()) {
        Some(key) => PrivateKey::from_pkcs8(&key),
        None if password.is_empty() => Err(BundleError::PasswordMissing),
        None => Err(BundleError::WrongPassword),
    }
}

const BEGIN: &[u8] = b"-----BEGIN ";

//! What PEM text holds: keys and certificates in any order.
//!
//! What is decoded is wiped. The text itself is not ours: it stays with the caller.

use zeroize::Zeroizing;

use super::super::ber;
use super::super::budget::Budget;
use super::super::encryption;
use super::super::error::BundleError;
use super::super::file::other_format;
use super::super::key::PrivateKey;
use super::super::parts::{self, Parts};
use super::super::password::PasswordBytes;
use super::super::pfx;
use super::super::shape::Shape;
use super::armor::{self, Block, known_label};
use crate::secret::Password;

/// Reads what PEM text holds: certificates, keys as PKCS#8 (encrypted or not), PKCS#1 or SEC 1, and
/// PKCS#12. What a block holds counts, not its label. Other blocks and text between blocks are
/// passed over.
///
/// ```
/// use akv_core::Password;
/// use akv_core::bundle::{BundleError, pem};
/// let nothing = pem::read(b"no block in here", &Password::default());
/// assert!(matches!(nothing, Err(BundleError::NotABundle { .. })));
/// ```
pub fn read(text: &[u8], password: &Password) -> Result<Parts, BundleError> {
    parts::check_size(text)?;
    let password = PasswordBytes::new(password)?;
    let blocks = armor::blocks(text)?;
    if blocks.is_empty() {
        let looks = "has no PEM block (-----BEGIN …-----)";
        return Err(BundleError::NotABundle { looks });
    }
    let mut reading =
        Reading { password: &password, budget: Budget::new(), contents: Parts::default() };
    for block in &blocks {
        reading.take(block).map_err(|error| block.locate(error))?;
    }
    Ok(reading.contents)
}

struct Reading<'p> {
    password: &'p PasswordBytes<'p>,
    budget: Budget,
    contents: Parts,
}

impl Reading<'_> {
    fn take(&mut self, block: &Block<'_>) -> Result<(), BundleError> {
        if OF_NO_USE.contains(&block.label) {
            return Ok(());
        }
        if let Some(cipher) = block.legacy_encryption() {
            return Err(BundleError::Unsupported {
                part: "the private key",
                algorithm: format!("OpenSSL's own encryption of PEM ({cipher})"),
                advice: "convert it with `openssl pkcs8 -topk8 -in old.pem -out new.pem`",
            });
        }
        if block.label == "OPENSSH PRIVATE KEY" {
            return Err(BundleError::Unsupported {
                part: "the private key",
                algorithm: "the format OPENSSH PRIVATE KEY".to_owned(),
                advice: "convert it with `ssh-keygen -p -m PKCS8 -f FILE`, which changes FILE",
            });
        }
        let claimed = claimed_by(block.label);
        let octets = match (block.decode(), claimed) {
            (Ok(octets), _) => octets,
            // What nobody needs may be damaged, and need not be base64 at all.
            (Err(_), None) if known_label(block.label).is_none() => return Ok(()),
            (Err(error), _) => return Err(error),
        };
        if let Some(looks) = other_format(&octets) {
            return Err(BundleError::NotABundle { looks });
        }
        let der = ber::to_der("the block", &octets);
        let Some(shape) = der.as_ref().ok().and_then(|der| Shape::of(der)).or(claimed) else {
            return Ok(());
        };
        if shape == Shape::Certificate {
            // OpenSSL adds its trust settings after the certificate.
            let trusted = (block.label == "TRUSTED CERTIFICATE").then_some(der).transpose()?;
            return self.contents.add_certificate(trusted.as_ref().unwrap_or(&octets));
        }
        self.take_other(shape, &der?)
    }

    fn take_other(&mut self, shape: Shape, der: &Zeroizing<Vec<u8>>) -> Result<(), BundleError> {
        let key = match shape {
            Shape::Pkcs8 | Shape::Pkcs1 | Shape::Sec1 => PrivateKey::read(der, &mut self.budget)?,
            Shape::EncryptedPkcs8 => {
                let key = encryption::decrypt_key(der, self.password, &mut self.budget)?;
                PrivateKey::read(&key, &mut self.budget)?
            }
            Shape::Dsa => {
                return Err(BundleError::Unsupported {
                    part: "the private key",
                    algorithm: "DSA".to_owned(),
                    advice: "Key Vault takes RSA and EC keys",
                });
            }
            Shape::Pkcs12 => {
                return pfx::read_into(der, self.password, &mut self.budget, &mut self.contents);
            }
            Shape::Pkcs7 => return Err(BundleError::PKCS7),
            Shape::Certificate | Shape::CertificateRequest => return Ok(()),
        };
        self.contents.add_key(key)
    }
}

/// What a label says that its block holds, for where the content does not tell.
fn claimed_by(label: &str) -> Option<Shape> {
    match label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Some(Shape::Certificate),
        "PRIVATE KEY" | "ANY PRIVATE KEY" => Some(Shape::Pkcs8),
        "RSA PRIVATE KEY" => Some(Shape::Pkcs1),
        "EC PRIVATE KEY" => Some(Shape::Sec1),
        "ENCRYPTED PRIVATE KEY" => Some(Shape::EncryptedPkcs8),
        "DSA PRIVATE KEY" => Some(Shape::Dsa),
        "PKCS12" => Some(Shape::Pkcs12),
        "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" | "CERTIFICATE CHAIN" => Some(Shape::Pkcs7),
        _ => None,
    }
}

/// Blocks that come with keys and certificates and are not looked into.
const OF_NO_USE: &[&str] = &[
    "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST",
    "X509 CRL",
    "PUBLIC KEY",
    "RSA PUBLIC KEY",
    "EC PARAMETERS",
    "DH PARAMETERS",
];

//! Parses the keys and certificates of PEM text, in any order.
//!
//! Decoded data is zeroized. The text itself belongs to the caller.

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
use super::armor::{self, Block};
use super::label::{Claim, claim};
use crate::secret::Password;

/// Parses PEM text: certificates, keys in PKCS#8 (encrypted or not), PKCS#1 or SEC 1, and PKCS#12.
/// The content of a block decides, not its label. Other blocks and text between blocks are ignored.
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
        let claim = claim(block.label);
        if claim == Some(Claim::Unused) {
            return Ok(());
        }
        if let Some(cipher) = block.legacy_encryption() {
            return Err(BundleError::Unsupported {
                part: "the private key",
                algorithm: format!("OpenSSL's own encryption of PEM ({cipher})"),
                advice: "convert it with `openssl pkcs8 -topk8 -in old.pem -out new.pem`",
            });
        }
        if claim == Some(Claim::OpenSsh) {
            return Err(BundleError::Unsupported {
                part: "the private key",
                algorithm: "the format OPENSSH PRIVATE KEY".to_owned(),
                advice: "convert it with `ssh-keygen -p -m PKCS8 -f FILE`, which changes FILE",
            });
        }
        let octets = match (block.decode(), claim) {
            (Ok(octets), _) => octets,
            // An unknown block may be damaged, or not base64 at all.
            (Err(_), None) => return Ok(()),
            (Err(error), Some(_)) => return Err(error),
        };
        if let Some(looks) = other_format(&octets) {
            return Err(BundleError::NotABundle { looks });
        }
        let der = ber::to_der("the block", &octets);
        let claimed = match claim {
            Some(Claim::Shape(shape)) => Some(shape),
            _ => None,
        };
        let Some(shape) = der.as_ref().ok().and_then(|der| Shape::of(der)).or(claimed) else {
            return Ok(());
        };
        if shape == Shape::Certificate {
            // OpenSSL appends its trust settings to the certificate.
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

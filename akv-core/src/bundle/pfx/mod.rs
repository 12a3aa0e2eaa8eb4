//! PKCS#12 files (RFC 7292).

mod mac;
mod structure;
mod write;

use der::Decode;
use pkcs12::{
    PKCS_12_CERT_BAG_OID, PKCS_12_KEY_BAG_OID, PKCS_12_PKCS8_KEY_BAG_OID,
    PKCS_12_SAFE_CONTENTS_BAG_OID, PKCS_12_X509_CERT_OID,
};
use zeroize::Zeroizing;

use super::ber;
use super::budget::Budget;
use super::contents::{self, Contents, MAX_PARTS};
use super::encryption::Encryption;
use super::error::BundleError;
use super::key::PrivateKey;
use super::password::PasswordBytes;
use super::x509::X509;
use crate::secret::Password;
use mac::Mac;
use structure::{
    CertBag, ContentInfo, DATA, ENCRYPTED_DATA, ENVELOPED_DATA, EncryptedContentInfo,
    EncryptedData, Pfx, SAFE, SIGNED_DATA, SafeBag, damaged, elements,
};

pub(super) use structure::EncryptedPrivateKeyInfo;
pub(super) use write::write;

/// Reads what a PKCS#12 file holds. An empty password means that there is none.
///
/// A bare certificate in DER is read too, as a file without a key: Command sends one for a
/// certificate whose key it does not have.
///
/// ```
/// use akv_core::Password;
/// use akv_core::bundle::{BundleError, pfx};
/// let cut_off = pfx::read(&[0x30, 0x82, 0x0d, 0x04, 0x02, 0x01, 0x03], &Password::default());
/// assert_eq!(cut_off.unwrap_err(), BundleError::Truncated { found: 7 });
/// ```
pub fn read(bytes: &[u8], password: &Password) -> Result<Contents, BundleError> {
    contents::check_size(bytes)?;
    if bytes.first() != Some(&SEQUENCE) {
        return Err(BundleError::NotPkcs12 { looks: looks(bytes) });
    }
    let der = ber::to_der("the file", bytes)?;
    let Ok(pfx) = Pfx::from_der(&der) else { return read_otherwise(&der) };
    let password = PasswordBytes::new(password);
    let mut opening = Opening {
        password: &password,
        budget: Budget::new(),
        verified: false,
        contents: Contents::default(),
    };
    opening.read(&pfx)?;
    Ok(opening.contents)
}

/// A certificate alone, or something that is no PKCS#12 at all.
fn read_otherwise(der: &[u8]) -> Result<Contents, BundleError> {
    if X509::from_der(der).is_ok() {
        let mut contents = Contents::default();
        contents.add_certificate(der)?;
        return Ok(contents);
    }
    match PrivateKey::from_pkcs8(der) {
        Ok(_) => Err(BundleError::NotPkcs12 { looks: "is a private key without a certificate" }),
        Err(_) => Err(BundleError::damaged("the file", "it is not laid out as PKCS#12")),
    }
}

fn looks(bytes: &[u8]) -> &'static str {
    let text = bytes.trim_ascii_start();
    if bytes.is_empty() {
        "is empty"
    } else if text.starts_with(b"-----BEGIN") {
        "is PEM text"
    } else if text.starts_with(b"MII") {
        "is base64 text: decode it first"
    } else if bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) {
        "is a Java keystore: convert it with `keytool -importkeystore -deststoretype PKCS12`"
    } else {
        "does not begin as such a file does"
    }
}

struct Opening<'p> {
    password: &'p PasswordBytes<'p>,
    budget: Budget,
    /// Whether the integrity check has shown the password to be right.
    verified: bool,
    contents: Contents,
}

impl Opening<'_> {
    fn read(&mut self, pfx: &Pfx<'_>) -> Result<(), BundleError> {
        let mac = pfx.mac_data.as_ref().map(Mac::parse).transpose()?;
        if let Some(mac) = &mac {
            self.budget.spend(mac.cost(self.password))?;
        }
        if pfx.auth_safe.content_type == SIGNED_DATA {
            return Err(BundleError::Unsupported {
                part: "the integrity check",
                algorithm: "a signature".to_owned(),
                advice: "export it again with password integrity",
            });
        }
        // The check is over the octets that were joined, before their own BER is looked at.
        let content = pfx.auth_safe.octets()?;
        let safes = ber::to_der(SAFE, content).map_err(inside)?;
        let safes = elements(&safes)?.map(|info| Safe::parse(&info?));
        let safes: Vec<Safe<'_>> = safes.collect::<Result<_, _>>()?;

        // All that the file shows is paid for before any of it is done.
        let sealed: Vec<Sealed<'_>> =
            safes.iter().map(|safe| self.pay(safe)).collect::<Result<_, _>>()?;
        if let Some(mac) = &mac {
            self.verified = mac.verifies(self.password, content);
            if !self.verified {
                return Err(self.wrong_password());
            }
        }
        sealed.into_iter().try_for_each(|sealed| self.open(sealed))
    }

    fn pay<'a>(&mut self, safe: &'a Safe<'a>) -> Result<Sealed<'a>, BundleError> {
        match safe {
            Safe::Plain(der) => Ok(Sealed::Bags(self.bags(der)?)),
            Safe::Encrypted { encryption, data } => {
                self.budget.spend(encryption.cost(self.password))?;
                Ok(Sealed::Safe { encryption, data })
            }
        }
    }

    fn open(&mut self, sealed: Sealed<'_>) -> Result<(), BundleError> {
        match sealed {
            Sealed::Bags(bags) => self.take(bags),
            Sealed::Safe { encryption, data } => {
                let der =
                    encryption.decrypt(self.password, data).ok_or_else(|| self.wrong_password())?;
                let bags = self.bags(&der)?;
                self.take(bags)
            }
        }
    }

    /// The bags of a safe, flattened, with the cost of opening each of them paid.
    fn bags<'a>(&mut self, safe_contents: &'a [u8]) -> Result<Vec<Bag<'a>>, BundleError> {
        let mut bags = Vec::new();
        // Nesting is bounded: the whole was read with a limit to its depth.
        let mut pending = vec![safe_contents];
        while let Some(der) = pending.pop() {
            for bag in elements::<SafeBag<'_>>(der)? {
                let bag = bag?;
                if bags.len() + pending.len() >= MAX_PARTS {
                    return Err(BundleError::TooMany { what: "parts", limit: MAX_PARTS });
                }
                match bag.bag_id {
                    PKCS_12_KEY_BAG_OID => bags.push(Bag::Key(bag.value()?)),
                    PKCS_12_CERT_BAG_OID => bags.extend(certificate(bag.value()?)?),
                    PKCS_12_SAFE_CONTENTS_BAG_OID => pending.push(bag.value()?),
                    PKCS_12_PKCS8_KEY_BAG_OID => {
                        let shrouded = EncryptedPrivateKeyInfo::from_der(bag.value()?);
                        let shrouded = shrouded.map_err(damaged)?;
                        let encryption = Encryption::parse(shrouded.algorithm)?;
                        self.budget.spend(encryption.cost(self.password))?;
                        let data = shrouded.data.as_bytes();
                        bags.push(Bag::ShroudedKey { encryption, data });
                    }
                    // Revocation lists and secrets are of no use here.
                    _ => {}
                }
            }
        }
        Ok(bags)
    }

    fn take(&mut self, bags: Vec<Bag<'_>>) -> Result<(), BundleError> {
        for bag in bags {
            match bag {
                Bag::Certificate(der) => self.contents.add_certificate(der)?,
                Bag::Key(der) => self.contents.add_key(PrivateKey::from_pkcs8(der)?)?,
                Bag::ShroudedKey { encryption, data } => {
                    let der = encryption
                        .decrypt(self.password, data)
                        .ok_or_else(|| self.wrong_password())?;
                    self.contents.add_key(PrivateKey::from_pkcs8(&der)?)?;
                }
            }
        }
        Ok(())
    }

    fn wrong_password(&self) -> BundleError {
        if self.verified {
            BundleError::DecryptionFailed
        } else if self.password.is_empty() {
            BundleError::PasswordMissing
        } else {
            BundleError::WrongPassword
        }
    }
}

/// A part of the file that is encrypted as a whole or not at all.
enum Safe<'a> {
    Plain(Zeroizing<Vec<u8>>),
    Encrypted { encryption: Encryption<'a>, data: &'a [u8] },
}

impl<'a> Safe<'a> {
    fn parse(info: &ContentInfo<'a>) -> Result<Self, BundleError> {
        match info.content_type {
            DATA => Ok(Self::Plain(ber::to_der(SAFE, info.octets()?).map_err(inside)?)),
            ENCRYPTED_DATA => {
                let encrypted: EncryptedData<'a> = info.content()?.decode_as().map_err(damaged)?;
                let EncryptedContentInfo { algorithm, content, .. } = encrypted.info;
                let encryption = Encryption::parse(algorithm)?;
                Ok(Self::Encrypted {
                    encryption,
                    data: content.map_or(&[], |data| data.as_bytes()),
                })
            }
            ENVELOPED_DATA => Err(BundleError::Unsupported {
                part: "the encryption",
                algorithm: "a public key".to_owned(),
                advice: "export it again with a password",
            }),
            oid => Err(BundleError::damaged(SAFE, format!("it holds content of type {oid}"))),
        }
    }
}

/// A safe that has been paid for but not opened.
enum Sealed<'a> {
    Bags(Vec<Bag<'a>>),
    Safe { encryption: &'a Encryption<'a>, data: &'a [u8] },
}

/// One thing in a safe.
enum Bag<'a> {
    Key(&'a [u8]),
    ShroudedKey { encryption: Encryption<'a>, data: &'a [u8] },
    Certificate(&'a [u8]),
}

/// The X.509 certificate of a certificate bag; SDSI certificates are passed over.
fn certificate(der: &[u8]) -> Result<Option<Bag<'_>>, BundleError> {
    let bag = CertBag::from_der(der).map_err(damaged)?;
    if bag.cert_id != PKCS_12_X509_CERT_OID {
        return Ok(None);
    }
    Ok(Some(Bag::Certificate(bag.cert_value.as_bytes())))
}

/// Inside a file that is whole, an early end is damage.
fn inside(error: BundleError) -> BundleError {
    match error {
        BundleError::Truncated { .. } => BundleError::damaged(SAFE, "it ends too early"),
        other => other,
    }
}

const SEQUENCE: u8 = 0x30;

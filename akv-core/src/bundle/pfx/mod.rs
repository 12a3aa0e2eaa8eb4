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
use super::encryption::{EncryptedPrivateKeyInfo, Encryption};
use super::error::{BundleError, EncryptedPart};
use super::key::PrivateKey;
use super::password::PasswordBytes;
use super::shape::Shape;
use crate::secret::Password;
use mac::Mac;
use structure::{
    CertBag, ContentInfo, DATA, ENCRYPTED_DATA, ENVELOPED_DATA, EncryptedContentInfo,
    EncryptedData, Pfx, SAFE, SIGNED_DATA, SafeBag, damaged, elements,
};

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
    let password = PasswordBytes::new(password)?;
    let mut contents = Contents::default();
    read_into(bytes, &password, &mut Budget::new(), &mut contents)?;
    Ok(contents)
}

/// The same for a file that is a part of another.
pub(super) fn read_into(
    bytes: &[u8],
    password: &PasswordBytes<'_>,
    budget: &mut Budget,
    contents: &mut Contents,
) -> Result<(), BundleError> {
    if bytes.first() != Some(&SEQUENCE) {
        return Err(BundleError::NotABundle { looks: "does not begin as one of them does" });
    }
    let der = ber::to_der("the file", bytes)?;
    let Ok(pfx) = Pfx::from_der(&der) else { return read_otherwise(&der, contents) };
    let protected_to_principal = der.windows(DPAPI_NG.len()).any(|octets| octets == DPAPI_NG);
    let mut opening =
        Opening { password, budget, verified: false, protected_to_principal, contents };
    opening.read(&pfx)
}

/// A certificate alone, or something that is no PKCS#12 at all.
fn read_otherwise(der: &[u8], contents: &mut Contents) -> Result<(), BundleError> {
    let looks = match Shape::of(der) {
        Some(Shape::Certificate) => return contents.add_certificate(der),
        Some(Shape::Pkcs7) => return Err(BundleError::PKCS7),
        Some(Shape::Pkcs8 | Shape::Pkcs1 | Shape::Sec1 | Shape::Dsa) => {
            "is a private key without a certificate"
        }
        Some(Shape::EncryptedPkcs8) => "is an encrypted private key without a certificate",
        Some(Shape::CertificateRequest) => {
            "is a certificate request: export the certificate and its key"
        }
        Some(Shape::Pkcs12) | None => {
            return Err(BundleError::damaged("the file", "it is not laid out as PKCS#12"));
        }
    };
    Err(BundleError::NotABundle { looks })
}

struct Opening<'p> {
    password: &'p PasswordBytes<'p>,
    budget: &'p mut Budget,
    /// Whether the integrity check, or a part that could be decrypted, has shown the password to be
    /// right.
    verified: bool,
    /// Whether Windows has put the password into the file, encrypted to users or groups.
    protected_to_principal: bool,
    contents: &'p mut Contents,
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
                return Err(self.does_not_open(EncryptedPart::Certificates));
            }
        }
        sealed.into_iter().try_for_each(|sealed| self.open(sealed))
    }

    fn pay<'a>(&mut self, safe: &'a Safe<'a>) -> Result<Sealed<'a>, BundleError> {
        match safe {
            Safe::Plain(der) => Ok(Sealed::Bags(self.bags(der)?)),
            Safe::Encrypted { encryption, data } => {
                self.budget.spend(encryption.cost(self.password, data.len()))?;
                Ok(Sealed::Safe { encryption, data })
            }
        }
    }

    fn open(&mut self, sealed: Sealed<'_>) -> Result<(), BundleError> {
        match sealed {
            Sealed::Bags(bags) => self.take(bags),
            Sealed::Safe { encryption, data } => {
                let der = encryption
                    .decrypt(self.password, data)
                    .ok_or_else(|| self.does_not_open(EncryptedPart::Certificates))?;
                self.verified = true;
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
                        let data = shrouded.data.as_bytes();
                        self.budget.spend(encryption.cost(self.password, data.len()))?;
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
                Bag::Key(der) => {
                    self.contents.add_key(PrivateKey::read(der, self.budget)?)?;
                }
                Bag::ShroudedKey { encryption, data } => {
                    let der = encryption
                        .decrypt(self.password, data)
                        .ok_or_else(|| self.does_not_open(EncryptedPart::Key))?;
                    self.verified = true;
                    self.contents.add_key(PrivateKey::read(&der, self.budget)?)?;
                }
            }
        }
        Ok(())
    }

    fn does_not_open(&self, part: EncryptedPart) -> BundleError {
        if self.verified {
            BundleError::DecryptionFailed { part, ascii: self.password.is_ascii() }
        } else if self.protected_to_principal {
            BundleError::ProtectedToPrincipal
        } else {
            self.password.wrong()
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
            _ => Err(BundleError::damaged(SAFE, "it holds content of an unknown type")),
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

/// What begins every object identifier of DPAPI-NG (1.3.6.1.4.1.311.74.1), with which Windows
/// protects a file to users and groups. It stands in a part that is not encrypted.
const DPAPI_NG: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x4a\x01";

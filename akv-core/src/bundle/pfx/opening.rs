//! Opens a PKCS#12 file with its password: charges the cost, checks the integrity, then decrypts
//! the safes and their bags.

use der::Decode;
use pkcs12::{
    PKCS_12_CERT_BAG_OID, PKCS_12_KEY_BAG_OID, PKCS_12_PKCS8_KEY_BAG_OID,
    PKCS_12_SAFE_CONTENTS_BAG_OID,
};

use super::super::ber;
use super::super::budget::Budget;
use super::super::encryption::{EncryptedPrivateKeyInfo, Encryption};
use super::super::error::{BundleError, EncryptedPart};
use super::super::key::PrivateKey;
use super::super::parts::{MAX_PARTS, Parts};
use super::super::password::PasswordBytes;
use super::mac::Mac;
use super::safe::{Bag, Safe, Sealed, certificate, inside};
use super::structure::{Pfx, SAFE, SIGNED_DATA, SafeBag, damaged, elements};

pub(super) struct Opening<'p> {
    password: &'p PasswordBytes<'p>,
    budget: &'p mut Budget,
    /// Whether the integrity check, or a decrypted part, has proved that the password is right.
    verified: bool,
    /// Whether Windows has stored the password in the file, encrypted to users or groups.
    protected_to_principal: bool,
    contents: &'p mut Parts,
}

impl<'p> Opening<'p> {
    pub(super) fn new(
        password: &'p PasswordBytes<'p>,
        budget: &'p mut Budget,
        protected_to_principal: bool,
        contents: &'p mut Parts,
    ) -> Self {
        Self { password, budget, verified: false, protected_to_principal, contents }
    }

    pub(super) fn read(&mut self, pfx: &Pfx<'_>) -> Result<(), BundleError> {
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
        // The check covers the joined octets, before their own BER is parsed.
        let content = pfx.auth_safe.octets()?;
        let safes = ber::to_der(SAFE, content).map_err(inside)?;
        let safes = elements(&safes)?.map(|info| Safe::parse(&info?));
        let safes: Vec<Safe<'_>> = safes.collect::<Result<_, _>>()?;

        // All visible work is charged before any of it is done.
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

    /// The bags of a safe, flattened; the cost of opening each of them is charged.
    fn bags<'a>(&mut self, safe_contents: &'a [u8]) -> Result<Vec<Bag<'a>>, BundleError> {
        let mut bags = Vec::new();
        // Nesting is bounded: the whole file was parsed with a depth limit.
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
                    // Revocation lists and secrets are ignored.
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

//! The contents of a file, in the file's own order and not yet checked.

use super::error::BundleError;
use super::key::PrivateKey;
use super::unreadable::UnreadableCertificate;
use super::x509::X509;

/// The keys and certificates of a PKCS#12 or PEM file in their order, and certificates that may
/// complete the chain.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Parts {
    /// The private keys, in the order of the file.
    pub keys: Vec<PrivateKey>,
    /// The certificates, in the order of the file.
    pub certificates: Vec<X509>,
    /// The certificates that cannot be read.
    pub unreadable: Vec<UnreadableCertificate>,
    /// Certificates from outside the file: each is used only if the chain needs it.
    pub offered: Vec<X509>,
}

impl Parts {
    /// Takes keys and readable certificates.
    pub fn new(keys: Vec<PrivateKey>, certificates: Vec<X509>) -> Self {
        Self { keys, certificates, ..Self::default() }
    }

    pub(super) fn add_key(&mut self, key: PrivateKey) -> Result<(), BundleError> {
        self.keys.push(key);
        // Each EC key costs a multiplication, so their number is limited.
        if self.keys.len() > MAX_KEYS {
            return Err(BundleError::TooMany { what: "private keys", limit: MAX_KEYS });
        }
        Ok(())
    }

    /// An unreadable certificate is only recorded: the bundle may not need it.
    pub(super) fn add_certificate(&mut self, der: &[u8]) -> Result<(), BundleError> {
        let number = self.certificates.len() + self.unreadable.len() + 1;
        match X509::from_der(der) {
            Ok(certificate) => self.certificates.push(certificate),
            Err(error) => self.unreadable.push(UnreadableCertificate { number, error }),
        }
        // A parsed certificate takes many times the memory of its bytes.
        let bytes: usize = self.certificates.iter().map(|one| one.der().len()).sum();
        if bytes > MAX_CERTIFICATE_BYTES {
            let limit = MAX_CERTIFICATE_BYTES / 1024;
            return Err(BundleError::TooMany { what: "kilobytes of certificates", limit });
        }
        if number > MAX_CERTIFICATES {
            return Err(BundleError::TooMany { what: "certificates", limit: MAX_CERTIFICATES });
        }
        Ok(())
    }
}

setters! { Parts { with_offered(offered: Vec<X509>) } }

/// Rejects a file that is larger than any bundle.
pub(super) fn check_size(bytes: &[u8]) -> Result<(), BundleError> {
    if bytes.len() > MAX_BYTES {
        return Err(BundleError::TooLarge { bytes: bytes.len(), limit: MAX_BYTES });
    }
    Ok(())
}

/// Forty times the limit of Key Vault.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_KEYS: usize = 16;
const MAX_CERTIFICATES: usize = 100;
const MAX_CERTIFICATE_BYTES: usize = 128 * 1024;

/// More parts, or blocks, or items in a part, than any bundle has.
pub(super) const MAX_PARTS: usize = 500;

//! A certificate as the bytes that a store returns.

use std::fmt;
use std::ops::Deref;

/// A certificate in DER, unparsed: [`X509::from_der`](crate::bundle::X509::from_der) parses it.
///
/// ```
/// use akv_core::CertificateDer;
/// let certificate = CertificateDer::from(vec![0x30, 0x00]);
/// assert_eq!(certificate.len(), 2);
/// assert_eq!(format!("{certificate:?}"), "CertificateDer(2 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateDer(Vec<u8>);

impl From<Vec<u8>> for CertificateDer {
    fn from(der: Vec<u8>) -> Self {
        Self(der)
    }
}

impl From<&[u8]> for CertificateDer {
    fn from(der: &[u8]) -> Self {
        Self(der.to_vec())
    }
}

impl From<CertificateDer> for Vec<u8> {
    fn from(certificate: CertificateDer) -> Self {
        certificate.0
    }
}

impl Deref for CertificateDer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for CertificateDer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CertificateDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateDer({} bytes)", self.0.len())
    }
}

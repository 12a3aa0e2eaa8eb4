//! Parses the contents of a PKCS#12 file.

use der::Decode;

use super::super::ber;
use super::super::budget::Budget;
use super::super::error::BundleError;
use super::super::parts::{self, Parts};
use super::super::password::PasswordBytes;
use super::super::shape::Shape;
use super::opening::Opening;
use super::structure::Pfx;
use crate::secret::Password;

/// Parses a PKCS#12 file. An empty password means no password.
///
/// A bare certificate in DER is accepted too, as a file without a key: Command sends one for a
/// certificate whose key it does not have.
///
/// ```
/// use akv_core::Password;
/// use akv_core::bundle::{BundleError, pfx};
/// let cut_off = pfx::read(&[0x30, 0x82, 0x0d, 0x04, 0x02, 0x01, 0x03], &Password::default());
/// assert_eq!(cut_off.unwrap_err(), BundleError::Truncated { found: 7 });
/// ```
pub fn read(bytes: &[u8], password: &Password) -> Result<Parts, BundleError> {
    parts::check_size(bytes)?;
    let password = PasswordBytes::new(password)?;
    let mut contents = Parts::default();
    read_into(bytes, &password, &mut Budget::new(), &mut contents)?;
    Ok(contents)
}

/// The same for a file inside another one.
pub(in super::super) fn read_into(
    bytes: &[u8],
    password: &PasswordBytes<'_>,
    budget: &mut Budget,
    contents: &mut Parts,
) -> Result<(), BundleError> {
    if bytes.first() != Some(&SEQUENCE) {
        return Err(BundleError::NotABundle { looks: "starts like neither of them" });
    }
    let der = ber::to_der("the file", bytes)?;
    let Ok(pfx) = Pfx::from_der(&der) else { return read_otherwise(&der, contents) };
    let protected_to_principal = der.windows(DPAPI_NG.len()).any(|octets| octets == DPAPI_NG);
    Opening::new(password, budget, protected_to_principal, contents).read(&pfx)
}

/// A single certificate, or a file that is not PKCS#12.
fn read_otherwise(der: &[u8], contents: &mut Parts) -> Result<(), BundleError> {
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

const SEQUENCE: u8 = 0x30;

/// The prefix of the object identifiers of DPAPI-NG (1.3.6.1.4.1.311.74.1), with which Windows
/// protects a file to users and groups. It is in an unencrypted part.
const DPAPI_NG: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x4a\x01";

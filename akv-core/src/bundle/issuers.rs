//! A file of CA certificates that complete the chains of other files.

use super::error::BundleError;
use super::file::read;
use super::parts::Parts;
use super::x509::X509;
use crate::secret::Password;

/// Parses CA certificates: PEM with any number of them, or one in DER. All of them must be
/// readable, because the operator who configures the file expects all of them.
///
/// ```
/// use akv_core::bundle::read_issuers;
/// assert!(read_issuers(b"no certificate").is_err());
/// ```
pub fn read_issuers(bytes: &[u8]) -> Result<Vec<X509>, BundleError> {
    let not = |problem: &str| Err(BundleError::NotIssuers { problem: problem.to_owned() });
    // Windows exports one certificate in DER by default.
    if let Ok(one) = X509::from_der(bytes) {
        return Ok(vec![one]);
    }
    let contents = match read(bytes, &Password::default()) {
        Err(error) if error == BundleError::PKCS7 => {
            return not("it is PKCS#7 (.p7b), write it as PEM with `openssl pkcs7 -print_certs`");
        }
        contents => contents?,
    };
    let Parts { keys, certificates, unreadable, .. } = contents;
    match unreadable.first() {
        _ if !keys.is_empty() => not("it has a private key, which does not belong there"),
        Some(unreadable) => not(&unreadable.to_string()),
        None if certificates.is_empty() => not("it has no certificate"),
        None => Ok(certificates),
    }
}

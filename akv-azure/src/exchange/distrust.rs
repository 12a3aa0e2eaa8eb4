//! Why a TLS handshake failed, from the errors of the verifier and the protocol.

use std::error::Error as StdError;
use std::io;

use rustls::{CertificateError, Error};

/// Why the server is not trusted as the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// A CA that is not trusted here issued the certificate.
    UnknownIssuer,
    /// The certificate is for another name.
    WrongName,
    /// The certificate has been revoked.
    Revoked,
    /// The server supports no TLS version or cipher suite that is accepted here.
    NoCommonVersion,
    /// The server does not speak TLS.
    NotTls,
    /// The proxy is configured with https:// but does not speak TLS.
    ProxyNotTls,
    /// Anything else.
    Other,
}

/// The error of a proxy that is configured with https:// but does not speak TLS.
#[derive(Debug)]
pub(crate) struct ProxySpeaksNoTls;

impl std::fmt::Display for ProxySpeaksNoTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the proxy does not speak TLS")
    }
}

impl StdError for ProxySpeaksNoTls {}

impl Distrust {
    /// The reason that one error of a chain states; `None` if it is not about TLS.
    pub(crate) fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        if error.is::<ProxySpeaksNoTls>() {
            return Some(Self::ProxyNotTls);
        }
        if let Some(tls) = error.downcast_ref::<Error>() {
            return Some(Self::of_tls(tls));
        }
        let io = error.downcast_ref::<io::Error>()?;
        match io.get_ref().and_then(|within| within.downcast_ref::<Error>()) {
            Some(tls) => Some(Self::of_tls(tls)),
            // rustls reports rejected data as `InvalidData`.
            None => (io.kind() == io::ErrorKind::InvalidData).then_some(Self::Other),
        }
    }

    fn of_tls(error: &Error) -> Self {
        use CertificateError as C;
        match error {
            Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => Self::Expired,
            Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
                Self::NotYetValid
            }
            Error::InvalidCertificate(C::UnknownIssuer | C::BadSignature) => Self::UnknownIssuer,
            Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
                Self::WrongName
            }
            Error::InvalidCertificate(C::Revoked) => Self::Revoked,
            Error::PeerIncompatible(_) | Error::AlertReceived(_) => Self::NoCommonVersion,
            Error::InvalidMessage(_) => Self::NotTls,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::InvalidMessage;

    use super::*;

    #[test]
    fn the_verifiers_own_reason_is_found_within_io_errors() {
        let certificate = Error::InvalidCertificate;
        for (error, expected) in [
            (certificate(CertificateError::Expired), Distrust::Expired),
            (certificate(CertificateError::NotValidYet), Distrust::NotYetValid),
            (certificate(CertificateError::UnknownIssuer), Distrust::UnknownIssuer),
            (certificate(CertificateError::NotValidForName), Distrust::WrongName),
            (certificate(CertificateError::Revoked), Distrust::Revoked),
            (certificate(CertificateError::InvalidPurpose), Distrust::Other),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), Distrust::NotTls),
        ] {
            assert_eq!(Distrust::of(&error), Some(expected));
            let wrapped = io::Error::new(io::ErrorKind::InvalidData, error);
            assert_eq!(Distrust::of(&wrapped), Some(expected));
        }
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(Distrust::of(&refused), None);
    }
}

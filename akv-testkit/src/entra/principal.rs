//! An application that can get tokens, and its credentials.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{RsaParameters, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::pki;
use crate::x509::{Facts, PublicKey};

/// An application that can get tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Principal {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    pub(crate) secrets: Vec<Secret>,
    #[serde(default)]
    certificates: Vec<ClientCertificate>,
}

impl Principal {
    pub(crate) fn new(client_id: &str, object_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            object_id: object_id.to_owned(),
            secrets: Vec::new(),
            certificates: Vec::new(),
        }
    }

    pub(crate) fn with_secret(mut self, text: &str) -> Self {
        self.secrets = vec![Secret { text: text.to_owned(), expires: None }];
        self
    }

    pub(crate) fn add_certificate(&mut self, certificate: ClientCertificate) {
        // A saved state and the command line can add the same certificate twice.
        if self.certificates.iter().all(|known| known.der != certificate.der) {
            self.certificates.push(certificate);
        }
    }

    pub(super) fn check_secret(&self, given: &str, now: OffsetDateTime) -> Result<(), u32> {
        let secret = self.secrets.iter().find(|s| s.text == given).ok_or(7_000_215_u32)?;
        if secret.expires.is_some_and(|end| end <= now) { Err(7_000_222) } else { Ok(()) }
    }

    /// The certificate that an assertion's header names, by one or both of its thumbprints.
    pub(super) fn certificate(
        &self,
        x5t: Option<&str>,
        x5t_s256: Option<&str>,
    ) -> Option<&ClientCertificate> {
        // MSAL for Python adds padding; no other client may.
        let is = |named: Option<&str>, own: &str| {
            named.is_none_or(|named| named.trim_end_matches('=') == own)
        };
        x5t.or(x5t_s256)?;
        self.certificates.iter().find(|one| is(x5t, &one.x5t) && is(x5t_s256, &one.x5t_s256))
    }
}

/// A client secret and its expiry.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) text: String,
    pub(crate) expires: Option<OffsetDateTime>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A certificate whose key signs assertions. It is saved as PEM.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ClientCertificate {
    der: Vec<u8>,
    x5t: String,
    x5t_s256: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// Why a file is not a client certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientCertificateError {
    /// It is neither PEM nor DER.
    #[error("no certificate can be read from it, neither as PEM nor as DER")]
    Unreadable,
    /// Only RSA keys can sign assertions.
    #[error("its key is not RSA")]
    NotRsa,
}

impl ClientCertificate {
    /// Parses DER, or the first certificate of a PEM file, whose other certificates are its chain.
    pub(crate) fn read(file: &[u8]) -> Result<Self, ClientCertificateError> {
        let sections = pem::parse_many(file).unwrap_or_default();
        let first = sections.into_iter().find(|section| section.tag() == "CERTIFICATE");
        let der = first.map_or_else(|| file.to_vec(), pem::Pem::into_contents);
        let facts = Facts::of(&der).ok_or(ClientCertificateError::Unreadable)?;
        let PublicKey::Rsa { modulus, exponent, .. } = facts.key else {
            return Err(ClientCertificateError::NotRsa);
        };
        Ok(Self {
            x5t: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)),
            x5t_s256: URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)),
            not_before: facts.not_before,
            not_after: facts.not_after,
            der,
            modulus,
            exponent,
        })
    }

    pub(super) fn is_valid(&self, now: OffsetDateTime) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    pub(super) fn has_signed(
        &self,
        algorithm: &'static RsaParameters,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(algorithm, message, signature).is_ok()
    }
}

impl TryFrom<String> for ClientCertificate {
    type Error = ClientCertificateError;

    fn try_from(pem: String) -> Result<Self, ClientCertificateError> {
        Self::read(pem.as_bytes())
    }
}

impl From<ClientCertificate> for String {
    fn from(certificate: ClientCertificate) -> Self {
        pki::pem("CERTIFICATE", &certificate.der)
    }
}

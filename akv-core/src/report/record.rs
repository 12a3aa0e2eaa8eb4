//! A certificate in a report.

use std::sync::Arc;

use super::store::Store;
use crate::bundle::{CertificateError, KeyKind, X509};
use crate::certificate::{Attributes, CertificateName, Thumbprint, Version};

/// A source's data about the newest version of a certificate. `None` means unknown, never no.
///
/// The certificate's bytes are not kept, because a fleet has many.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its store; `None` in inventories without store names.
    pub store: Option<Store>,
    /// Its name.
    pub name: CertificateName,
    /// The version.
    pub version: Option<Version>,
    /// The certificate's thumbprint.
    pub thumbprint: Option<Thumbprint>,
    /// Enabled, validity, created and updated.
    pub attributes: Attributes,
    /// Names and values, by name.
    pub tags: Box<[(Box<str>, Box<str>)]>,
    /// Whether the vault holds a private key.
    pub has_key: bool,
    /// Whether the key is exportable.
    pub exportable: Option<bool>,
    /// The subject in RFC 4514 form.
    pub subject: Option<Box<str>>,
    /// The subject's common name.
    pub common_name: Option<Box<str>>,
    /// The issuer in RFC 4514 form.
    pub issuer: Option<Arc<str>>,
    /// The serial number in hexadecimal digits.
    pub serial: Option<Box<str>>,
    /// The DNS names.
    pub dns_names: Box<[Box<str>]>,
    /// The kind of the key.
    pub key: Option<KeyKind>,
    /// A digest that is equal for equal public keys.
    pub public_key: Option<[u8; 32]>,
    /// The signature of the certificate.
    pub signature: Option<SignatureFacts>,
    /// The certificate could not be read; these are the data of an earlier inventory.
    pub last_known: bool,
    /// Whether the vault renews it automatically.
    pub auto_renew: Option<bool>,
    /// Whether a request for a new version is pending.
    pub pending: Option<bool>,
    /// The other versions.
    pub older_versions: Option<OlderVersions>,
}

/// The signature of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureFacts {
    /// The algorithm's name, with its object identifier.
    pub algorithm: Arc<str>,
    /// Whether it uses a broken digest.
    pub weak: bool,
}

impl SignatureFacts {
    /// A signature with this algorithm.
    pub fn new(algorithm: impl Into<Arc<str>>, weak: bool) -> Self {
        Self { algorithm: algorithm.into(), weak }
    }
}

/// The versions before the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OlderVersions {
    /// The number of enabled ones.
    pub enabled: usize,
}

impl OlderVersions {
    /// Takes the number of enabled versions.
    pub fn new(enabled: usize) -> Self {
        Self { enabled }
    }
}

impl Record {
    /// A record with only the name.
    pub fn new(store: Option<Store>, name: CertificateName) -> Self {
        Self {
            store,
            name,
            version: None,
            thumbprint: None,
            attributes: Attributes::default(),
            tags: Box::default(),
            has_key: false,
            exportable: None,
            subject: None,
            common_name: None,
            issuer: None,
            serial: None,
            dns_names: Box::default(),
            key: None,
            public_key: None,
            signature: None,
            last_known: false,
            auto_renew: None,
            pending: None,
            older_versions: None,
        }
    }

    /// Whether it is only a request: the certificate has no version yet.
    pub fn is_request(&self) -> bool {
        self.pending == Some(true) && self.thumbprint.is_none()
    }

    /// Adds the certificate's own data.
    pub fn describe(&mut self, der: &[u8]) -> Result<(), CertificateError> {
        let certificate = X509::from_der(der)?;
        self.thumbprint.get_or_insert_with(|| certificate.thumbprint());
        self.attributes.not_before = self.attributes.not_before.or(certificate.not_before());
        self.attributes.expires = self.attributes.expires.or(certificate.not_after());
        self.subject = Some(certificate.subject().into());
        self.common_name = certificate.common_name().map(Into::into);
        self.issuer = Some(certificate.issuer().into());
        self.serial = Some(certificate.serial_number().into());
        self.dns_names = certificate.dns_names().into_iter().map(Into::into).collect();
        self.key = Some(certificate.key_kind());
        self.public_key = Some(certificate.public_key_digest());
        self.signature = Some(SignatureFacts {
            algorithm: certificate.signature_algorithm_name().into(),
            weak: certificate.has_weak_signature(),
        });
        Ok(())
    }

    /// The value of a tag; letter case matters only if two names differ in nothing else.
    pub fn tag(&self, name: &str) -> Option<&str> {
        let exact = self.tags.iter().find(|(tag, _)| **tag == *name);
        let found =
            exact.or_else(|| self.tags.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(name)));
        found.map(|(_, value)| &**value)
    }

    /// A display name: the common name, otherwise the first DNS name, otherwise the subject.
    pub fn title(&self) -> Option<&str> {
        let name = self.common_name.as_ref().or(self.dns_names.first());
        name.or(self.subject.as_ref()).map(|name| &**name)
    }
}

//! The port for certificates whose key is generated in the vault and that another CA signs.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;

use crate::bundle::{AlternativeName, CertificateRequest, Curve, KeyKind, SubjectName};
use crate::certificate::{Certificate, CertificateName, Exportable, Thumbprint};
use crate::certificate_der::CertificateDer;
use crate::error::{InvalidValue, Result};
use crate::store::OperationState;
use crate::tags::Tags;

/// Key generation in a vault: a capability beside [`CertificateStore`](crate::CertificateStore),
/// with the same rules about absence, failures and transient states.
///
/// A name has at most one request. Until its certificate is merged, clients get the newest existing
/// version of the name.
#[async_trait]
pub trait CertificateRequests: Send + Sync {
    /// Generates a key and a request for it. If a request with that name is pending, the error is a
    /// [`Conflict`](crate::ErrorKind::Conflict).
    async fn create_request(&self, request: &NewRequest) -> Result<PendingRequest>;

    /// The request with that name, or its result. `None`: there was none, or it was deleted.
    async fn request(&self, name: &CertificateName) -> Result<Option<PendingRequest>>;

    /// Completes the request with that name and creates a new version. Without a pending request,
    /// the error is [`Absent`](crate::ErrorKind::Absent).
    async fn merge(&self, merge: &Merge) -> Result<Certificate>;

    /// Deletes the request with that name and its key. Returns whether there was one.
    async fn forget_request(&self, name: &CertificateName) -> Result<bool>;
}

/// A key to generate and its request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewRequest {
    /// The certificate name.
    pub name: CertificateName,
    /// The requested certificate.
    pub wanted: RequestedCertificate,
    /// The tags of the new version.
    pub tags: Tags,
}

impl NewRequest {
    /// Creates it without tags.
    pub fn new(name: CertificateName, wanted: RequestedCertificate) -> Self {
        Self { name, wanted, tags: Tags::default() }
    }

    /// Sets the tags.
    #[must_use]
    pub fn with_tags(self, tags: Tags) -> Self {
        Self { tags, ..self }
    }
}

/// The contents of a requested certificate.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestedCertificate {
    /// Its subject, which may be empty if there are alternative names.
    pub subject: SubjectName,
    /// Its subject alternative names.
    pub names: Vec<AlternativeName>,
    /// The kind of key.
    pub key: RequestedKey,
    /// Where the key is generated and kept.
    pub protection: KeyProtection,
    /// Whether the key is exportable. An HSM key is not.
    pub exportable: Exportable,
}

impl RequestedCertificate {
    /// A certificate with that subject and default options.
    pub fn new(subject: SubjectName) -> Self {
        Self {
            subject,
            names: Vec::new(),
            key: RequestedKey::default(),
            protection: KeyProtection::default(),
            exportable: Exportable::default(),
        }
    }

    /// Adds these names and removes duplicates.
    #[must_use]
    pub fn with_names(mut self, names: impl IntoIterator<Item = AlternativeName>) -> Self {
        for name in names {
            if !self.names.iter().any(|known| known.is_same(&name)) {
                self.names.push(name);
            }
        }
        self
    }

    /// Sets the kind of key.
    #[must_use]
    pub fn with_key(self, key: RequestedKey) -> Self {
        Self { key, ..self }
    }

    /// Sets where the key is kept.
    #[must_use]
    pub fn with_protection(self, protection: KeyProtection) -> Self {
        Self { protection, ..self }
    }

    /// Sets whether the key is exportable.
    #[must_use]
    pub fn with_exportable(self, exportable: Exportable) -> Self {
        Self { exportable, ..self }
    }
}

/// A kind of key that a vault can generate.
///
/// ```
/// use akv_core::RequestedKey;
/// let key: RequestedKey = "ec-p256".parse()?;
/// assert_eq!(key.to_string(), "ec-p256");
/// assert_eq!(RequestedKey::default().to_string(), "rsa-2048");
/// assert!("rsa-1024".parse::<RequestedKey>().is_err());
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedKey(KeyKind);

impl RequestedKey {
    /// The kind of key.
    pub fn kind(&self) -> &KeyKind {
        &self.0
    }
}

impl Default for RequestedKey {
    fn default() -> Self {
        Self(KeyKind::Rsa { bits: 2048 })
    }
}

impl TryFrom<KeyKind> for RequestedKey {
    type Error = InvalidValue;

    fn try_from(kind: KeyKind) -> std::result::Result<Self, InvalidValue> {
        if KEYS.iter().any(|(_, known)| *known == kind) {
            return Ok(Self(kind));
        }
        Err(InvalidValue::new("kind of key", &kind.to_string(), EXPECTED_KEY))
    }
}

impl FromStr for RequestedKey {
    type Err = InvalidValue;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidValue> {
        let known = KEYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
        known
            .map(|(_, kind)| Self(kind.clone()))
            .ok_or_else(|| InvalidValue::new("kind of key", text, EXPECTED_KEY))
    }
}

impl fmt::Display for RequestedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = KEYS.iter().find(|(_, kind)| *kind == self.0);
        f.write_str(known.map_or("", |(name, _)| name))
    }
}

const KEYS: &[(&str, KeyKind)] = &[
    ("rsa-2048", KeyKind::Rsa { bits: 2048 }),
    ("rsa-3072", KeyKind::Rsa { bits: 3072 }),
    ("rsa-4096", KeyKind::Rsa { bits: 4096 }),
    ("ec-p256", KeyKind::Ec(Curve::P256)),
    ("ec-p384", KeyKind::Ec(Curve::P384)),
    ("ec-p521", KeyKind::Ec(Curve::P521)),
];
const EXPECTED_KEY: &str = "rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384 or ec-p521";

/// Where a key is generated and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyProtection {
    /// In software.
    #[default]
    Software,
    /// In the hardware security module of a premium vault.
    Hsm,
}

/// A request in a vault, or its result.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PendingRequest {
    /// Its progress.
    pub state: OperationState,
    /// Whether an external CA signs it, and not the vault or one of its integrated CAs.
    pub awaits_merge: bool,
    /// The request; `None` if it cannot be parsed, and in a plan, which generates no key.
    pub csr: Option<CertificateRequest>,
    /// Where the key is kept, if known.
    pub protection: Option<KeyProtection>,
    /// Whether the key is exportable, if known.
    pub exportable: Option<Exportable>,
    /// The contents of a planned request.
    planned: Option<RequestedCertificate>,
}

impl PendingRequest {
    /// A request for an external CA without further data.
    pub fn new(state: OperationState, csr: Option<CertificateRequest>) -> Self {
        let (protection, exportable, planned) = (None, None, None);
        Self { state, awaits_merge: true, csr, protection, exportable, planned }
    }

    /// The request that a vault would create from `wanted`.
    pub(crate) fn planned(wanted: &RequestedCertificate) -> Self {
        Self {
            protection: Some(wanted.protection),
            exportable: Some(wanted.exportable),
            planned: Some(wanted.clone()),
            ..Self::new(OperationState::InProgress, None)
        }
    }

    /// Whether it is pending.
    pub fn is_pending(&self) -> bool {
        self.state == OperationState::InProgress
    }

    /// Its differences from `wanted`.
    pub(crate) fn differences(&self, wanted: &RequestedCertificate) -> Vec<&'static str> {
        let (subject, names, key) = match (&self.csr, &self.planned) {
            (Some(csr), _) => (csr.subject(), csr.alternative_names(), csr.key_kind()),
            (None, Some(planned)) => {
                let RequestedCertificate { subject, names, key, .. } = planned.clone();
                (Some(subject), names, key.0)
            }
            (None, None) => return vec!["it cannot be read"],
        };
        let protection = self.protection.is_some_and(|it| it != wanted.protection);
        let exportable = self.exportable.is_some_and(|it| it != wanted.exportable);
        [
            (subject.as_ref() != Some(&wanted.subject), "another subject"),
            (!AlternativeName::are_same(&names, &wanted.names), "other names"),
            (key != *wanted.key.kind(), "another key type"),
            (protection, "another key protection"),
            (exportable, "another exportability of the key"),
        ]
        .into_iter()
        .filter_map(|(differs, what)| differs.then_some(what))
        .collect()
    }
}

/// A certificate to merge with the key of its request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Merge {
    /// The certificate name.
    pub name: CertificateName,
    /// The certificate and its chain as DER, leaf first.
    pub certificates: Vec<CertificateDer>,
    /// The tags of the new version; `None` keeps those of the request.
    pub tags: Option<Tags>,
}

impl Merge {
    /// Leaf and chain, with the tags of the request.
    pub fn new(name: CertificateName, certificates: Vec<CertificateDer>) -> Self {
        Self { name, certificates, tags: None }
    }

    /// Sets the tags.
    #[must_use]
    pub fn with_tags(self, tags: Option<Tags>) -> Self {
        Self { tags, ..self }
    }

    /// The leaf's thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(self.certificates.first().map(|leaf| &**leaf).unwrap_or_default())
    }
}

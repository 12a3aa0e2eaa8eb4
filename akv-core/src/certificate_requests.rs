//! The port to certificates whose key is made in the vault and which somebody else signs.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;

use crate::bundle::{AlternativeName, CertificateRequest, Curve, KeyKind, SubjectName};
use crate::certificate::{Certificate, CertificateName, Exportable, Thumbprint};
use crate::error::{InvalidValue, Result};
use crate::store::OperationState;
use crate::tags::Tags;

/// What a vault can do that makes keys itself: a capability beside
/// [`CertificateStore`](crate::CertificateStore), with the same rules about absence, failures and what
/// passes by itself.
///
/// There is one request a name. Until its certificate is merged, the newest version of the name stays
/// what clients get.
#[async_trait]
pub trait CertificateRequests: Send + Sync {
    /// Makes a key and a request for it. A request of that name that is pending is a
    /// [`Conflict`](crate::ErrorKind::Conflict).
    async fn create_request(&self, request: &NewRequest) -> Result<PendingRequest>;

    /// The request of that name, or what became of it. `None`: there was none, or it was forgotten.
    async fn request(&self, name: &CertificateName) -> Result<Option<PendingRequest>>;

    /// Completes the request of that name: there is a new version then. No pending request is
    /// [`Absent`](crate::ErrorKind::Absent).
    async fn merge(&self, merge: &Merge) -> Result<Certificate>;

    /// Forgets the request of that name and its key. Whether there was one.
    async fn forget_request(&self, name: &CertificateName) -> Result<bool>;
}

/// A key to be made and a request for it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewRequest {
    /// Under which name.
    pub name: CertificateName,
    /// What it is asked for.
    pub wanted: RequestedCertificate,
    /// The tags of the version that it becomes.
    pub tags: Tags,
}

impl NewRequest {
    /// Without tags.
    pub fn new(name: CertificateName, wanted: RequestedCertificate) -> Self {
        Self { name, wanted, tags: Tags::default() }
    }

    /// With these tags.
    #[must_use]
    pub fn with_tags(self, tags: Tags) -> Self {
        Self { tags, ..self }
    }
}

/// What a certificate is asked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestedCertificate {
    /// Its subject, which may be empty where there are names.
    pub subject: SubjectName,
    /// Its names besides the subject.
    pub names: Vec<AlternativeName>,
    /// What kind of key is made.
    pub key: RequestedKey,
    /// Where the key is made and kept.
    pub protection: KeyProtection,
    /// Whether the key may leave the vault. One in an HSM may not.
    pub exportable: Exportable,
}

impl RequestedCertificate {
    /// A certificate for that subject, with every choice at its default.
    pub fn new(subject: SubjectName) -> Self {
        Self {
            subject,
            names: Vec::new(),
            key: RequestedKey::default(),
            protection: KeyProtection::default(),
            exportable: Exportable::default(),
        }
    }

    /// For these names too, each once.
    #[must_use]
    pub fn with_names(mut self, names: impl IntoIterator<Item = AlternativeName>) -> Self {
        for name in names {
            if !self.names.iter().any(|known| known.is_same(&name)) {
                self.names.push(name);
            }
        }
        self
    }

    /// With a key of that kind.
    #[must_use]
    pub fn with_key(self, key: RequestedKey) -> Self {
        Self { key, ..self }
    }

    /// With a key that is kept there.
    #[must_use]
    pub fn with_protection(self, protection: KeyProtection) -> Self {
        Self { protection, ..self }
    }

    /// With a key that may leave the vault, or may not.
    #[must_use]
    pub fn with_exportable(self, exportable: Exportable) -> Self {
        Self { exportable, ..self }
    }
}

/// A kind of key that a vault makes.
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

/// Where a key is made and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyProtection {
    /// In software.
    #[default]
    Software,
    /// In the hardware security module of a premium vault.
    Hsm,
}

/// A request in a vault, or what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PendingRequest {
    /// How far it has come.
    pub state: OperationState,
    /// Whether whoever holds the vault signs it, and not the vault or an authority that it knows.
    pub awaits_merge: bool,
    /// The request; `None` where it cannot be read, and in a plan, which has no key made.
    pub csr: Option<CertificateRequest>,
    /// Where the key is kept, where that is known.
    pub protection: Option<KeyProtection>,
    /// Whether the key may leave the vault, where that is known.
    pub exportable: Option<Exportable>,
    /// What the request would ask for, where it was not made.
    planned: Option<RequestedCertificate>,
}

impl PendingRequest {
    /// One that is to be merged, of which nothing is known but the request.
    pub fn new(state: OperationState, csr: Option<CertificateRequest>) -> Self {
        let (protection, exportable, planned) = (None, None, None);
        Self { state, awaits_merge: true, csr, protection, exportable, planned }
    }

    /// The one that a vault would make for that.
    pub(crate) fn planned(wanted: &RequestedCertificate) -> Self {
        Self {
            protection: Some(wanted.protection),
            exportable: Some(wanted.exportable),
            planned: Some(wanted.clone()),
            ..Self::new(OperationState::InProgress, None)
        }
    }

    /// Whether it waits for its certificate.
    pub fn is_pending(&self) -> bool {
        self.state == OperationState::InProgress
    }

    /// In what it differs from what is wanted.
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

/// A certificate to be merged with the key of its request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Merge {
    /// Under which name.
    pub name: CertificateName,
    /// The certificate and its chain as DER, leaf first.
    pub certificates: Vec<Vec<u8>>,
    /// The tags of the new version; `None` leaves those of the request.
    pub tags: Option<Tags>,
}

impl Merge {
    /// Leaf and chain, with the tags of the request.
    pub fn new(name: CertificateName, certificates: Vec<Vec<u8>>) -> Self {
        Self { name, certificates, tags: None }
    }

    /// With these tags.
    #[must_use]
    pub fn with_tags(self, tags: Option<Tags>) -> Self {
        Self { tags, ..self }
    }

    /// The leaf's thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(self.certificates.first().map(Vec::as_slice).unwrap_or_default())
    }
}

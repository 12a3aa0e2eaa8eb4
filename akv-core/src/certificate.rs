//! A certificate in a vault: its name, its versions and its attributes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use time::OffsetDateTime;

use crate::certificate_der::CertificateDer;
use crate::error::InvalidValue;
use crate::tags::Tags;
use crate::text::hexadecimal;

/// The name of a certificate in a vault: Command's alias.
///
/// 1 to 127 letters, digits and hyphens (Key Vault data plane, `routes.tsp`). Comparison ignores
/// letter case, as in the service.
///
/// ```
/// use akv_core::CertificateName;
/// let name: CertificateName = "Web-01".parse()?;
/// assert_eq!(name, "web-01".parse()?);
/// assert!("web/01".parse::<CertificateName>().is_err());
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone)]
pub struct CertificateName(String);

impl CertificateName {
    /// The longest name that the service accepts, in characters.
    pub const MAX_LENGTH: usize = 127;

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl From<Thumbprint> for CertificateName {
    fn from(thumbprint: Thumbprint) -> Self {
        Self(thumbprint.to_string())
    }
}

impl FromStr for CertificateName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue::new(
                "certificate name",
                text,
                "1 to 127 characters from A-Z, a-z, 0-9 and hyphen",
            ))
        }
    }
}

impl PartialEq for CertificateName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for CertificateName {}

impl std::hash::Hash for CertificateName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

impl PartialOrd for CertificateName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CertificateName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(&other.folded())
    }
}

impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The service's ID of a certificate version: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(String);

impl Version {
    /// The version's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Version {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue::new("certificate version", text, "32 hexadecimal digits"))
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-1 of a certificate's DER: the thumbprint in Windows, Key Vault (`x5t`) and Command.
///
/// ```
/// use akv_core::Thumbprint;
/// let thumbprint = Thumbprint::of(b"the DER of a certificate");
/// assert_eq!(thumbprint.to_string().len(), 40);
/// assert_eq!(thumbprint.to_string().to_lowercase().parse::<Thumbprint>()?, thumbprint);
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint([u8; 20]);

impl Thumbprint {
    /// The thumbprint of a certificate, from its DER.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha1::digest(der).into())
    }

    /// The thumbprint with these 20 bytes, as in `x5t`.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl FromStr for Thumbprint {
    type Err = InvalidValue;

    /// Parses 40 hexadecimal digits in either case; ignores spaces and colons between them.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new("thumbprint", text, "40 hexadecimal digits");
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != ':')
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or_else(invalid)?;
        let (pairs, []) = digits.as_chunks() else { return Err(invalid()) };
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        bytes.try_into().map(Self).map_err(|_| invalid())
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether the private key is exportable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "only yes and no exist")]
pub enum Exportable {
    /// The certificate's backing secret contains the key.
    #[default]
    Yes,
    /// The key never leaves the vault.
    No,
}

/// The service's attributes of a certificate, the same in lists and in full.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attributes {
    /// Whether the certificate is enabled.
    pub enabled: bool,
    /// Not valid before (UTC).
    pub not_before: Option<OffsetDateTime>,
    /// Not valid after (UTC).
    pub expires: Option<OffsetDateTime>,
    /// When this version was created (UTC).
    pub created: Option<OffsetDateTime>,
    /// When this version was last changed (UTC).
    pub updated: Option<OffsetDateTime>,
}

setters! {
    Attributes {
        with_enabled(enabled: bool),
        with_not_before(not_before: impl Into<Option<OffsetDateTime>>),
        with_expires(expires: impl Into<Option<OffsetDateTime>>),
        with_created(created: impl Into<Option<OffsetDateTime>>),
        with_updated(updated: impl Into<Option<OffsetDateTime>>),
    }
}

impl Default for Attributes {
    fn default() -> Self {
        Self { enabled: true, not_before: None, expires: None, created: None, updated: None }
    }
}

/// The list item of a certificate's newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedCertificate {
    /// Its name, in the service's letter case.
    pub name: CertificateName,
    /// Absent if the certificate is pending or its creation failed.
    pub thumbprint: Option<Thumbprint>,
    /// Enabled, validity, created and updated.
    pub attributes: Attributes,
    /// Its tags.
    pub tags: Tags,
}

impl ListedCertificate {
    /// A certificate with only its name.
    pub fn new(name: CertificateName) -> Self {
        let (attributes, tags) = (Attributes::default(), Tags::default());
        Self { name, thumbprint: None, attributes, tags }
    }
}

setters! {
    ListedCertificate {
        with_thumbprint(thumbprint: impl Into<Option<Thumbprint>>),
        with_attributes(attributes: Attributes),
        with_tags(tags: Tags),
    }
}

/// One version of a certificate, in full.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// Its name, in the service's letter case.
    pub name: CertificateName,
    /// Its version.
    pub version: Version,
    /// The leaf's DER; absent while the certificate is pending.
    pub der: Option<CertificateDer>,
    /// The service's own `x5t`; absent while the certificate is pending.
    pub thumbprint: Option<Thumbprint>,
    /// Enabled, validity, created and updated.
    pub attributes: Attributes,
    /// Its tags.
    pub tags: Tags,
    /// Its private key; absent if the service names none.
    pub key: Option<KeyState>,
}

impl Certificate {
    /// A version without a certificate yet.
    pub fn new(name: CertificateName, version: Version) -> Self {
        let (attributes, tags) = (Attributes::default(), Tags::default());
        Self { name, version, der: None, thumbprint: None, attributes, tags, key: None }
    }
}

setters! {
    Certificate {
        with_der(der: impl Into<Option<CertificateDer>>),
        with_thumbprint(thumbprint: impl Into<Option<Thumbprint>>),
        with_attributes(attributes: Attributes),
        with_tags(tags: Tags),
        with_key(key: impl Into<Option<KeyState>>),
    }
}

/// The vault's data about a certificate's private key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct KeyState {
    /// Absent if the service sent no policy (older versions of a certificate).
    pub exportable: Option<Exportable>,
    /// The service's name of the key type: `RSA`, `RSA-HSM`, `EC`, `EC-HSM`.
    pub kind: Option<String>,
}

setters! {
    KeyState {
        with_exportable(exportable: impl Into<Option<Exportable>>),
        with_kind(kind: impl Into<Option<String>>),
    }
}

/// A soft-deleted certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedCertificate {
    /// The newest version at the time of the deletion.
    pub certificate: Certificate,
    /// When it was deleted (UTC).
    pub deleted: Option<OffsetDateTime>,
    /// When the service will purge it (UTC).
    pub scheduled_purge: Option<OffsetDateTime>,
}

impl DeletedCertificate {
    /// A soft-deleted certificate without times.
    pub fn new(certificate: Certificate) -> Self {
        Self { certificate, deleted: None, scheduled_purge: None }
    }
}

setters! {
    DeletedCertificate {
        with_deleted(deleted: impl Into<Option<OffsetDateTime>>),
        with_scheduled_purge(scheduled_purge: impl Into<Option<OffsetDateTime>>),
    }
}

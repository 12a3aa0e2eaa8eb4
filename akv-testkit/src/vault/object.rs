//! The contents of a vault: certificates with their versions, live and deleted.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use time::OffsetDateTime;

use crate::pki::IssuerPool;
use crate::vault::create::Making;

/// A certificate with all its versions, oldest first. There is at least one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Object {
    /// In the case of its creation.
    pub(crate) name: String,
    pub(crate) versions: Vec<Version>,
    /// Absent for seeded certificates: their policy is derived on demand.
    pub(crate) policy: Option<Value>,
    /// The operation of its newest version, until a client deletes it.
    #[serde(default)]
    pub(crate) operation: Option<Making>,
}

impl Object {
    /// Without a version yet.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), versions: Vec::new(), policy: None, operation: None }
    }

    /// The newest completed version; the pending one only if there is no other.
    pub(crate) fn newest(&self) -> Option<&Version> {
        let made = self.versions.iter().rev().find(|version| !version.is_pending());
        made.or(self.versions.last())
    }

    /// Whether none of its versions is complete.
    pub(crate) fn is_pending(&self) -> bool {
        self.newest().is_none_or(Version::is_pending)
    }

    /// Adds a version and removes those that were never completed.
    pub(crate) fn add(&mut self, version: Version) {
        self.versions.retain(|version| !version.is_pending());
        self.versions.push(version);
    }

    /// The version with that ID, or the newest one.
    pub(crate) fn version(&self, id: Option<&str>) -> Option<&Version> {
        match id {
            None => self.newest(),
            Some(id) => self.versions.iter().find(|v| v.id.eq_ignore_ascii_case(id)),
        }
    }

    pub(crate) fn version_mut(&mut self, id: Option<&str>) -> Option<&mut Version> {
        let id = self.version(id)?.id.clone();
        self.versions.iter_mut().find(|version| version.id == id)
    }
}

/// One version of a certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Version {
    /// 32 hexadecimal digits.
    pub(crate) id: Box<str>,
    pub(crate) created: OffsetDateTime,
    pub(crate) updated: OffsetDateTime,
    pub(crate) enabled: bool,
    /// `None`: no tags were ever set.
    pub(crate) tags: Option<BTreeMap<String, String>>,
    pub(crate) exportable: bool,
    pub(crate) content_type: ContentType,
    /// Its import requested to preserve the order of the chain.
    #[serde(default)]
    pub(crate) order_preserved: bool,
    pub(crate) material: Material,
}

impl Version {
    /// Whether it is pending, or its creation failed.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.material, Material::Pending { .. })
    }
}

/// The format in which the backing secret returns the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ContentType {
    Pkcs12,
    Pem,
}

impl ContentType {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pkcs12 => "application/x-pkcs12",
            Self::Pem => "application/x-pem-file",
        }
    }

    pub(crate) fn of(text: &str) -> Option<Self> {
        [Self::Pkcs12, Self::Pem].into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

/// Certificates and key of a version: imported, issued on first read, or pending.
#[derive(Debug, Clone)]
pub(crate) enum Material {
    Given(Arc<Held>),
    Seeded {
        issuer_pool: Arc<IssuerPool>,
        name: Box<str>,
        made: OnceLock<Arc<Held>>,
    },
    /// For a pending or failed certificate: its future validity.
    Pending {
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    },
}

impl Material {
    pub(crate) fn held(&self) -> &Held {
        match self {
            Self::Given(held) => held,
            Self::Pending { .. } => &NOTHING,
            Self::Seeded { issuer_pool, name, made } => made.get_or_init(|| {
                Arc::new(Held::new(issuer_pool.certificates(name), 0, issuer_pool.key_pkcs8()))
            }),
        }
    }
}

/// The saved form: certificates and key in base64, whether imported or seeded.
#[derive(Serialize, Deserialize)]
struct Saved {
    certificates: Vec<String>,
    leaf: usize,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    planned: Option<(OffsetDateTime, OffsetDateTime)>,
}

impl Serialize for Material {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let held = self.held();
        let certificates = held.certificates.iter().map(|der| STANDARD.encode(der)).collect();
        let key = STANDARD.encode(&held.key);
        let planned = match self {
            Self::Pending { not_before, not_after } => Some((*not_before, *not_after)),
            _ => None,
        };
        Saved { certificates, leaf: held.leaf, key, planned }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Material {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        let decode = |text: &String| STANDARD.decode(text).map_err(serde::de::Error::custom);
        let certificates = saved.certificates.iter().map(decode).collect::<Result<_, _>>()?;
        if let Some((not_before, not_after)) = saved.planned {
            return Ok(Self::Pending { not_before, not_after });
        }
        let held = Held::new(certificates, saved.leaf, decode(&saved.key)?);
        Ok(Self::Given(Arc::new(held)))
    }
}

/// Certificates and key.
pub(crate) struct Held {
    /// As DER, in the order of the secret.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) leaf: usize,
    /// PKCS#8 DER.
    pub(crate) key: Vec<u8>,
    pub(crate) thumbprint: [u8; 20],
}

static NOTHING: Held =
    Held { certificates: Vec::new(), leaf: 0, key: Vec::new(), thumbprint: [0; 20] };

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held(…)")
    }
}

impl Held {
    pub(crate) fn new(certificates: Vec<Vec<u8>>, leaf: usize, key: Vec<u8>) -> Self {
        let der = certificates.get(leaf).map(Vec::as_slice).unwrap_or_default();
        let thumbprint = *akv_core::Thumbprint::of(der).as_bytes();
        Self { certificates, leaf, key, thumbprint }
    }

    pub(crate) fn leaf(&self) -> &[u8] {
        self.certificates.get(self.leaf).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A live certificate, possibly just recovered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Live {
    pub(crate) object: Object,
    /// The time until which it is not readable, and until which it is not writable.
    pub(crate) recovering: Option<Recovering>,
}

/// The two ends of a recovery.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Recovering {
    pub(crate) unseen_until: OffsetDateTime,
    pub(crate) unwritable_until: OffsetDateTime,
}

impl Live {
    pub(crate) fn new(object: Object) -> Self {
        Self { object, recovering: None }
    }

    pub(crate) fn is_visible(&self, now: OffsetDateTime) -> bool {
        self.recovering.is_none_or(|recovering| recovering.unseen_until <= now)
    }

    pub(crate) fn is_writable(&self, now: OffsetDateTime) -> bool {
        self.recovering.is_none_or(|recovering| recovering.unwritable_until <= now)
    }
}

/// A soft-deleted certificate, possibly just deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deleted {
    pub(crate) object: Object,
    pub(crate) at: OffsetDateTime,
    pub(crate) settled: OffsetDateTime,
    pub(crate) purge: OffsetDateTime,
}

//! One line of an inventory, and the sink and the source of lines.

use std::collections::HashMap;

use async_trait::async_trait;

use super::details::ItemDetails;
use crate::certificate::{
    Attributes, Certificate, CertificateName, KeyState, ListedCertificate, Thumbprint, Version,
};
use crate::certificate_der::CertificateDer;
use crate::error::Result;
use crate::tags::Tags;

/// A certificate in an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InventoryItem {
    /// Its name: the alias.
    pub name: CertificateName,
    /// The source of its data.
    pub source: ItemSource,
    /// The version; `None` if only the list was read.
    pub version: Option<Version>,
    /// The leaf's thumbprint.
    pub thumbprint: Option<Thumbprint>,
    /// Leaf first, then the chain if requested, as DER. Empty if only the thumbprint is known.
    pub certificates: Vec<CertificateDer>,
    /// Enabled, validity, created and updated.
    pub attributes: Attributes,
    /// Its tags.
    pub tags: Tags,
    /// Whether the vault holds a private key for it.
    pub has_key: bool,
    /// The data about that key.
    pub key: Option<KeyState>,
    /// The requested details beyond the certificate.
    pub details: Option<Box<ItemDetails>>,
}

/// The source of an [`InventoryItem`]'s data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemSource {
    /// Read now.
    Read,
    /// Not fetched, because the list shows no change since the previous inventory.
    Unchanged,
    /// Not readable now; this is its last known state.
    LastKnown,
    /// Its creation is in progress: there is no certificate yet.
    Pending,
}

impl InventoryItem {
    /// A certificate with only its name.
    pub fn new(name: CertificateName, source: ItemSource) -> Self {
        Self {
            name,
            source,
            version: None,
            thumbprint: None,
            certificates: Vec::new(),
            attributes: Attributes::default(),
            tags: Tags::default(),
            has_key: false,
            key: None,
            details: None,
        }
    }

    pub(super) fn read(listed: ListedCertificate, certificate: Certificate) -> Self {
        Self {
            name: listed.name,
            source: ItemSource::Read,
            version: Some(certificate.version),
            thumbprint: certificate.thumbprint,
            certificates: certificate.der.map(CertificateDer::from).into_iter().collect(),
            attributes: certificate.attributes,
            tags: certificate.tags,
            has_key: certificate.key.is_some(),
            key: certificate.key,
            details: None,
        }
    }

    pub(super) fn known(
        listed: &ListedCertificate,
        known: &PreviousCertificate,
        source: ItemSource,
    ) -> Self {
        match known {
            PreviousCertificate::Item(item) => {
                Self { source, name: listed.name.clone(), ..(**item).clone() }
            }
            PreviousCertificate::Summary { thumbprints, has_key } => Self {
                name: listed.name.clone(),
                source,
                version: None,
                thumbprint: listed.thumbprint.or(thumbprints.first().copied()),
                certificates: Vec::new(),
                attributes: listed.attributes.clone(),
                tags: listed.tags.clone(),
                has_key: *has_key,
                key: None,
                details: None,
            },
        }
    }
}

/// A certificate in a previous inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreviousCertificate {
    /// Only these data.
    Summary {
        /// Leaf first.
        thumbprints: Vec<Thumbprint>,
        /// Whether there was a private key.
        has_key: bool,
    },
    /// All data.
    Item(Box<InventoryItem>),
}

impl PreviousCertificate {
    /// Whether the list shows no change: the same thumbprint and, if known, the same tags and
    /// attributes, so that a new version of the same certificate or a change of its state is
    /// detected.
    pub(super) fn still_holds(&self, listed: &ListedCertificate) -> bool {
        match self {
            Self::Summary { thumbprints, .. } => {
                listed.thumbprint.is_some() && thumbprints.first() == listed.thumbprint.as_ref()
            }
            Self::Item(item) => {
                listed.thumbprint.is_some()
                    && item.thumbprint == listed.thumbprint
                    && item.tags == listed.tags
                    && item.attributes == listed.attributes
            }
        }
    }
}

/// A previous inventory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PreviousInventory(HashMap<CertificateName, PreviousCertificate>);

impl PreviousInventory {
    /// The data of that certificate.
    pub fn get(&self, name: &CertificateName) -> Option<&PreviousCertificate> {
        self.0.get(name)
    }

    /// Its certificates, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&CertificateName, &PreviousCertificate)> {
        self.0.iter()
    }

    /// The number of its certificates.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(CertificateName, PreviousCertificate)> for PreviousInventory {
    fn from_iter<T: IntoIterator<Item = (CertificateName, PreviousCertificate)>>(items: T) -> Self {
        Self(items.into_iter().collect())
    }
}

impl Extend<(CertificateName, PreviousCertificate)> for PreviousInventory {
    fn extend<T: IntoIterator<Item = (CertificateName, PreviousCertificate)>>(&mut self, items: T) {
        self.0.extend(items);
    }
}

/// Receives inventory items one by one, in the list's order.
#[async_trait]
pub trait InventorySink: Send {
    /// Receives an item. An error ends the inventory as a failure.
    async fn item(&mut self, item: InventoryItem) -> Result<()>;
}

#[async_trait]
impl InventorySink for Vec<InventoryItem> {
    async fn item(&mut self, item: InventoryItem) -> Result<()> {
        self.push(item);
        Ok(())
    }
}

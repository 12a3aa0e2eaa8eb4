//! One line of an inventory, and where lines go and come from.

use std::collections::HashMap;

use async_trait::async_trait;

use super::details::ItemDetails;
use crate::certificate::{
    Attributes, Certificate, CertificateName, KeyState, ListedCertificate, Thumbprint, Version,
};
use crate::error::Result;
use crate::tags::Tags;

/// A certificate as an inventory tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InventoryItem {
    /// Its name: the alias.
    pub name: CertificateName,
    /// How this came to be known.
    pub source: ItemSource,
    /// The version; unknown where only the list was read.
    pub version: Option<Version>,
    /// The leaf's thumbprint.
    pub thumbprint: Option<Thumbprint>,
    /// Leaf first, then the chain where it was asked for, as DER. Empty where nothing but the
    /// thumbprint is known.
    pub certificates: Vec<Vec<u8>>,
    /// Enabled, validity, created and updated.
    pub attributes: Attributes,
    /// Its tags.
    pub tags: Tags,
    /// Whether the vault holds a private key for it.
    pub has_key: bool,
    /// What is known of that key.
    pub key: Option<KeyState>,
    /// What was asked for beyond the certificate.
    pub details: Option<Box<ItemDetails>>,
}

/// How an [`InventoryItem`] came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemSource {
    /// It was read now.
    Read,
    /// The list shows that it is as it was last time, so it was not fetched.
    Unchanged,
    /// It could not be read now; this is its last known state.
    LastKnown,
    /// Its creation is in progress: there is no certificate yet.
    Pending,
}

impl InventoryItem {
    /// A certificate of which no more than its name is known.
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
            certificates: certificate.der.into_iter().collect(),
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

/// What an earlier inventory knew of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreviousCertificate {
    /// No more than this.
    Summary {
        /// Leaf first.
        thumbprints: Vec<Thumbprint>,
        /// Whether there was a private key.
        has_key: bool,
    },
    /// Everything.
    Item(Box<InventoryItem>),
}

impl PreviousCertificate {
    /// Whether the list shows the certificate as it was: the same thumbprint, and where more is
    /// known the same tags and attributes too, so that a new version of the same certificate or a
    /// change of its state is seen.
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

/// An earlier inventory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PreviousInventory(HashMap<CertificateName, PreviousCertificate>);

impl PreviousInventory {
    /// What is known of that certificate.
    pub fn get(&self, name: &CertificateName) -> Option<&PreviousCertificate> {
        self.0.get(name)
    }

    /// What it knows, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&CertificateName, &PreviousCertificate)> {
        self.0.iter()
    }

    /// How many certificates it knows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it knows none.
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

/// Where inventory items go, one after the other, in the list's order.
#[async_trait]
pub trait InventorySink: Send {
    /// Takes an item. An error ends the inventory as a failure.
    async fn item(&mut self, item: InventoryItem) -> Result<()>;
}

#[async_trait]
impl InventorySink for Vec<InventoryItem> {
    async fn item(&mut self, item: InventoryItem) -> Result<()> {
        self.push(item);
        Ok(())
    }
}

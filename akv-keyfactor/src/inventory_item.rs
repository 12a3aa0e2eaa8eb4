//! An inventory's items in Keyfactor's shape, and where they go.

use akv_core::Exportable;
use akv_core::job::{InventoryItem, ItemSource};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Keyfactor's `CurrentInventoryItem`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CurrentInventoryItem {
    /// The certificate's name in the vault.
    pub alias: String,
    /// Whether the vault holds a private key for it.
    pub private_key_entry: bool,
    /// How this came to be known.
    pub item_status: ItemStatus,
    /// Whether the positions in `certificates` are chain levels. Always true: the leaf is first and
    /// whatever follows is its chain, which holds for a leaf alone too.
    pub use_chain_level: bool,
    /// DER in base64 without armour, leaf first. Empty for a certificate of which no more is known
    /// than that Command has it already.
    pub certificates: Vec<String>,
    /// The entry parameters.
    pub parameters: ItemParameters,
}

/// The entry parameters of an inventoried certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ItemParameters {
    /// The tags as a JSON object in a string; null where there are none.
    pub certificate_tags: Option<String>,
    /// Always null: it says how to add, and nothing about what is there.
    pub preserve_existing_tags: Option<bool>,
    /// Whether the key may not leave the vault; null where the vault does not tell.
    pub non_exportable: Option<bool>,
}

/// Keyfactor's `OrchestratorInventoryItemStatus`, as far as it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "u8")]
#[non_exhaustive]
pub enum ItemStatus {
    /// 0: read now; Command finds out by itself what is new.
    Unknown,
    /// 4: not read now, but kept as it was last known.
    Unchanged,
}

impl From<ItemStatus> for u8 {
    fn from(status: ItemStatus) -> Self {
        match status {
            ItemStatus::Unknown => 0,
            ItemStatus::Unchanged => 4,
        }
    }
}

impl From<InventoryItem> for CurrentInventoryItem {
    fn from(item: InventoryItem) -> Self {
        let tags = || serde_json::to_string(&item.tags).ok();
        let exportable = item.key.as_ref().and_then(|key| key.exportable);
        Self {
            alias: item.name.to_string(),
            private_key_entry: item.has_key,
            item_status: match item.source {
                ItemSource::Unchanged | ItemSource::LastKnown => ItemStatus::Unchanged,
                _ => ItemStatus::Unknown,
            },
            use_chain_level: true,
            certificates: item.certificates.iter().map(|der| STANDARD.encode(der)).collect(),
            parameters: ItemParameters {
                certificate_tags: if item.tags.is_empty() { None } else { tags() },
                preserve_existing_tags: None,
                non_exportable: exportable.map(|exportable| exportable == Exportable::No),
            },
        }
    }
}

/// Where inventory items go, one after the other, in the vault's order.
///
/// An orchestrator that passes items on as they come has to be able to take them back: only the
/// result says whether the inventory holds.
#[async_trait]
pub trait InventorySink: Send {
    /// Takes an item. An error ends the inventory as a Failure.
    async fn item(&mut self, item: CurrentInventoryItem) -> akv_core::Result<()>;
}

#[async_trait]
impl InventorySink for Vec<CurrentInventoryItem> {
    async fn item(&mut self, item: CurrentInventoryItem) -> akv_core::Result<()> {
        self.push(item);
        Ok(())
    }
}

/// Takes the domain's items and passes them on in Keyfactor's shape.
pub(crate) struct Translated<'a>(pub(crate) &'a mut dyn InventorySink);

#[async_trait]
impl akv_core::job::InventorySink for Translated<'_> {
    async fn item(&mut self, item: InventoryItem) -> akv_core::Result<()> {
        self.0.item(item.into()).await
    }
}

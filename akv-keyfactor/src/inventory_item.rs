//! Inventory items in Keyfactor's format, and the sink that receives them.

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
    /// The origin of this item's data.
    pub item_status: ItemStatus,
    /// Whether the positions in `certificates` are chain levels. Always true: the leaf is first,
    /// and its chain follows.
    pub use_chain_level: bool,
    /// DER in base64 without PEM armor, leaf first. Empty for an unchanged certificate that Command
    /// already has.
    pub certificates: Vec<String>,
    /// The entry parameters.
    pub parameters: ItemParameters,
}

/// The entry parameters of an inventoried certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ItemParameters {
    /// The tags as a JSON object in a string; null if there are none.
    pub certificate_tags: Option<String>,
    /// Always null: it is an option for additions.
    pub preserve_existing_tags: Option<bool>,
    /// Whether the key is not exportable; null if the vault does not say.
    pub non_exportable: Option<bool>,
}

/// The used values of Keyfactor's `OrchestratorInventoryItemStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "u8")]
#[non_exhaustive]
pub enum ItemStatus {
    /// 0: read now; Command itself detects new certificates.
    Unknown,
    /// 4: not read now; Command keeps its previous state.
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

/// Receives inventory items one by one, in the vault's order.
///
/// An orchestrator that passes items on immediately must be able to discard them: only the result
/// decides whether the inventory is valid.
#[async_trait]
pub trait InventorySink: Send {
    /// Receives an item. An error ends the inventory as a Failure.
    async fn item(&mut self, item: CurrentInventoryItem) -> akv_core::Result<()>;
}

#[async_trait]
impl InventorySink for Vec<CurrentInventoryItem> {
    async fn item(&mut self, item: CurrentInventoryItem) -> akv_core::Result<()> {
        self.push(item);
        Ok(())
    }
}

/// Converts the domain's items into Keyfactor's format and forwards them.
pub(crate) struct Translated<'a>(pub(crate) &'a mut dyn InventorySink);

#[async_trait]
impl akv_core::job::InventorySink for Translated<'_> {
    async fn item(&mut self, item: InventoryItem) -> akv_core::Result<()> {
        self.0.item(item.into()).await
    }
}

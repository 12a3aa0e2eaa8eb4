//! An inventory item as a line of JSON, written and read back.

use std::collections::BTreeMap;

use akv_core::job::{InventoryItem, ItemSource};
use akv_core::{Attributes, Exportable, KeyState, Tags, Thumbprint, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A certificate of an inventory: what `--output json` and `jsonl` print and `--since` reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the members of the JSON are promises")]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) version: Option<Version>,
    pub(super) thumbprint: Option<Thumbprint>,
    pub(super) enabled: bool,
    #[serde(with = "time::serde::rfc3339::option", default)]
    not_before: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option", default)]
    expires: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option", default)]
    created: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option", default)]
    updated: Option<OffsetDateTime>,
    pub(super) private_key: bool,
    pub(super) key_type: Option<String>,
    pub(super) exportable: Option<bool>,
    tags: BTreeMap<String, String>,
    /// Leaf first, DER in base64.
    pub(super) certificates: Vec<String>,
    /// Present, and true, where the certificate could not be read now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) last_known: bool,
    /// Present, and true, while the certificate is being made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) pending: bool,
}

impl From<&InventoryItem> for Record {
    fn from(item: &InventoryItem) -> Self {
        let Attributes { enabled, not_before, expires, created, updated, .. } = item.attributes;
        let key = item.key.as_ref();
        Self {
            name: item.name.to_string(),
            version: item.version.clone(),
            thumbprint: item.thumbprint,
            enabled,
            not_before,
            expires,
            created,
            updated,
            private_key: item.has_key,
            key_type: key.and_then(|key| key.kind.clone()),
            exportable: key.and_then(|key| key.exportable).map(|it| it == Exportable::Yes),
            tags: item.tags.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            certificates: item.certificates.iter().map(|der| STANDARD.encode(der)).collect(),
            last_known: item.source == ItemSource::LastKnown,
            pending: item.source == ItemSource::Pending,
        }
    }
}

impl Record {
    /// `None` where a name or a certificate is none.
    pub(super) fn into_item(self) -> Option<InventoryItem> {
        let key = KeyState::default()
            .with_exportable(
                self.exportable.map(|yes| if yes { Exportable::Yes } else { Exportable::No }),
            )
            .with_kind(self.key_type);
        let ders = self.certificates.iter().map(|text| STANDARD.decode(text));
        let source = if self.last_known { ItemSource::LastKnown } else { ItemSource::Read };
        let mut item = InventoryItem::new(self.name.parse().ok()?, source);
        item.version = self.version;
        item.thumbprint = self.thumbprint;
        item.certificates = ders.collect::<Result<_, _>>().ok()?;
        item.attributes = Attributes::default()
            .with_enabled(self.enabled)
            .with_not_before(self.not_before)
            .with_expires(self.expires)
            .with_created(self.created)
            .with_updated(self.updated);
        item.tags = Tags::as_stored(self.tags);
        item.has_key = self.private_key;
        item.key = self.private_key.then_some(key);
        Some(item)
    }

    pub(super) fn expires(&self) -> String {
        self.expires.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
    }

    pub(super) fn tags(&self) -> String {
        Tags::as_stored(self.tags.clone()).to_string()
    }
}

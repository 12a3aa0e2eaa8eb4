//! An inventory item as a line of JSON.

use std::collections::BTreeMap;

use akv_core::bundle::{Curve, KeyKind, X509};
use akv_core::job::{InventoryItem, ItemSource};
use akv_core::report::{self, FailedStore, Store};
use akv_core::{
    Attributes, CertificateDer, Exportable, InvalidValue, KeyState, StorePath, Tags, Thumbprint,
    Version,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A certificate of an inventory: the format of `--output json` and `jsonl`, and of `--since`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the JSON members are a stable interface")]
pub(crate) struct Record {
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
    #[serde(default)]
    pub(super) private_key: bool,
    pub(super) key_type: Option<String>,
    pub(super) exportable: Option<bool>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// Leaf first, DER in base64.
    #[serde(default)]
    pub(super) certificates: Vec<String>,
    /// Present and true if the certificate could not be read now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) last_known: bool,
    /// Present and true while the certificate is pending.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) pending: bool,
    /// The certificate's own data; absent in older inventories and if it could not be read.
    #[serde(default)]
    pub(super) subject: Option<String>,
    #[serde(default)]
    pub(super) issuer: Option<String>,
    #[serde(default)]
    pub(super) serial_number: Option<String>,
    #[serde(default)]
    pub(super) dns_names: Vec<String>,
    #[serde(default)]
    pub(super) key_size: Option<u32>,
    #[serde(default)]
    pub(super) curve: Option<String>,
    /// The store in the format of `akv discover`; absent in older inventories.
    #[serde(default)]
    pub(crate) store_path: Option<String>,
}

impl Record {
    pub(crate) fn new(store: &StorePath, item: &InventoryItem) -> Self {
        let leaf = item.certificates.first().and_then(|der| X509::from_der(der).ok());
        let (key_size, curve) = match leaf.as_ref().map(X509::key_kind) {
            Some(KeyKind::Rsa { bits }) => (Some(bits), None),
            Some(KeyKind::Ec(curve)) => (None, Some(curve.to_string())),
            _ => (None, None),
        };
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
            subject: leaf.as_ref().map(X509::subject),
            issuer: leaf.as_ref().map(X509::issuer),
            serial_number: leaf.as_ref().map(X509::serial_number),
            dns_names: leaf.as_ref().map(X509::dns_names).unwrap_or_default(),
            key_size,
            curve,
            store_path: Some(store.to_string()),
        }
    }

    /// Parses a line. An error does not repeat its content.
    pub(crate) fn read(line: &str) -> anyhow::Result<Self> {
        serde_json::from_str(line).map_err(|error| {
            anyhow::anyhow!("not a record of `akv inventory -o jsonl` (column {})", error.column())
        })
    }

    /// The record for a report. If the certificate cannot be parsed, the other members still count.
    pub(crate) fn into_report(self, store: Option<Store>) -> anyhow::Result<report::Record> {
        let attributes = self.attributes();
        let name = self.name.parse().map_err(|error: InvalidValue| {
            anyhow::anyhow!("its name is not {}", error.expected())
        })?;
        let mut record = report::Record::new(store, name);
        record.version = self.version;
        record.thumbprint = self.thumbprint;
        record.attributes = attributes;
        record.tags =
            self.tags.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        record.has_key = self.private_key;
        record.exportable = self.exportable;
        record.last_known = self.last_known;
        record.pending = self.pending.then_some(true);
        record.subject = self.subject.map(Into::into);
        record.issuer = self.issuer.map(Into::into);
        record.serial = self.serial_number.map(Into::into);
        record.dns_names = self.dns_names.into_iter().map(Into::into).collect();
        record.key = match (self.key_size, self.curve) {
            (Some(bits), _) => Some(KeyKind::Rsa { bits }),
            (None, Some(curve)) => Some(curve_kind(&curve)),
            (None, None) => None,
        };
        let leaf = self.certificates.first().and_then(|text| STANDARD.decode(text).ok());
        if let Some(der) = leaf {
            // Unknown values are listed as not checked.
            let _ = record.describe(&der);
        }
        Ok(record)
    }

    /// `None` if a name or a certificate is invalid.
    pub(super) fn into_item(self) -> Option<InventoryItem> {
        let attributes = self.attributes();
        let key = KeyState::default()
            .with_exportable(
                self.exportable.map(|yes| if yes { Exportable::Yes } else { Exportable::No }),
            )
            .with_kind(self.key_type);
        let ders =
            self.certificates.iter().map(|text| STANDARD.decode(text).map(CertificateDer::from));
        let source = if self.last_known { ItemSource::LastKnown } else { ItemSource::Read };
        let mut item = InventoryItem::new(self.name.parse().ok()?, source);
        item.version = self.version;
        item.thumbprint = self.thumbprint;
        item.certificates = ders.collect::<Result<_, _>>().ok()?;
        item.attributes = attributes;
        item.tags = Tags::as_stored(self.tags);
        item.has_key = self.private_key;
        item.key = self.private_key.then_some(key);
        Some(item)
    }

    fn attributes(&self) -> Attributes {
        Attributes::default()
            .with_enabled(self.enabled)
            .with_not_before(self.not_before)
            .with_expires(self.expires)
            .with_created(self.created)
            .with_updated(self.updated)
    }

    pub(super) fn expires(&self) -> String {
        self.expires.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
    }

    pub(super) fn tags(&self) -> String {
        Tags::as_stored(self.tags.clone()).to_string()
    }
}

fn curve_kind(name: &str) -> KeyKind {
    match Curve::named(name) {
        Some(curve) => KeyKind::Ec(curve),
        None => KeyKind::Other(format!("EC {name}")),
    }
}

/// An unreadable store, in an inventory of several stores.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailedLine {
    store_path: String,
    error: String,
}

impl FailedLine {
    /// `None` if it is another kind of line.
    pub(crate) fn read(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

impl From<FailedLine> for FailedStore {
    fn from(line: FailedLine) -> Self {
        let error: String = line.error.chars().take(LONGEST_ERROR).collect();
        Self::new(Store::new(&line.store_path), error)
    }
}

/// The longest error text, in characters.
const LONGEST_ERROR: usize = 1000;

//! An inventory, shown as it comes.

use std::io;

use akv_core::job::{InventoryItem, InventoryOutcome, InventorySink};
use akv_core::{Error, ErrorKind, StorePath};
use anyhow::Result;
use async_trait::async_trait;
use serde_json::json;

use super::record::Record;
use super::table::{print_csv, print_table};
use super::{print_json, print_json_line, status_name};
use crate::args::Output;

/// Takes the items of an inventory. Lines are printed as soon as they are known; a table or one
/// document needs them all.
pub(crate) struct InventoryWriter {
    output: Output,
    store: StorePath,
    kept: Vec<Record>,
    begun: bool,
    lost: Option<io::Error>,
}

impl InventoryWriter {
    pub(crate) fn new(output: Output, store: StorePath) -> Self {
        Self { output, store, kept: Vec::new(), begun: false, lost: None }
    }

    fn take(&mut self, record: Record) -> Result<()> {
        match self.output {
            Output::Jsonl => print_json_line(&record),
            Output::Csv => {
                self.csv_header()?;
                let key = key(&record);
                let fields = [
                    record.name.as_str(),
                    record.version.as_ref().map_or("", |version| version.as_str()),
                    &thumbprint(&record),
                    &record.expires(),
                    if record.enabled { "true" } else { "false" },
                    &key,
                    &record.tags(),
                    if record.last_known { "true" } else { "false" },
                    record.subject.as_deref().unwrap_or_default(),
                    record.issuer.as_deref().unwrap_or_default(),
                    record.serial_number.as_deref().unwrap_or_default(),
                    &record.dns_names.join(", "),
                    &record.key_size.map(|bits| bits.to_string()).unwrap_or_default(),
                    record.curve.as_deref().unwrap_or_default(),
                    record.store_path.as_deref().unwrap_or_default(),
                ];
                print_csv(fields)
            }
            Output::Table | Output::Html | Output::Json => {
                self.kept.push(record);
                Ok(())
            }
        }
    }

    fn csv_header(&mut self) -> Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        print_csv([
            "name",
            "version",
            "thumbprint",
            "expires",
            "enabled",
            "key",
            "tags",
            "lastKnown",
            "subject",
            "issuer",
            "serialNumber",
            "dnsNames",
            "keySize",
            "curve",
            "storePath",
        ])
    }

    /// Prints what had to wait for the end.
    pub(crate) fn finish(mut self, outcome: &InventoryOutcome) -> Result<()> {
        if let Some(lost) = self.lost {
            return Err(lost.into());
        }
        match self.output {
            Output::Jsonl => Ok(()),
            Output::Csv => self.csv_header(),
            Output::Table if self.kept.is_empty() => Ok(()),
            Output::Table | Output::Html => print_table(
                &["name", "thumbprint", "expires", "enabled", "key", "tags"],
                self.kept.iter().map(|record| {
                    let enabled = if record.enabled { "yes" } else { "no" };
                    let state = match (record.last_known, record.pending) {
                        (true, _) => " (last known)",
                        (_, true) => " (pending)",
                        (false, false) => "",
                    };
                    vec![
                        format!("{}{state}", record.name),
                        thumbprint(record),
                        record.expires(),
                        enabled.to_owned(),
                        key(record),
                        record.tags(),
                    ]
                }),
            ),
            Output::Json => print_json(&json!({
                "status": status_name(outcome.status),
                "message": outcome.message(),
                "certificates": self.kept,
                "unreadable": outcome.unreadable.iter().map(|one| json!({
                    "name": one.name.to_string(),
                    "error": one.error.to_string(),
                })).collect::<Vec<_>>(),
            })),
        }
    }
}

#[async_trait]
impl InventorySink for InventoryWriter {
    async fn item(&mut self, item: InventoryItem) -> akv_core::Result<()> {
        self.take(Record::new(&self.store, &item)).map_err(|error| {
            let problem = error.to_string();
            self.lost = error.downcast::<io::Error>().ok();
            Error::new(ErrorKind::Cancelled, "write the inventory to standard output", problem)
        })
    }
}

fn thumbprint(record: &Record) -> String {
    record.thumbprint.map(|thumbprint| thumbprint.to_string()).unwrap_or_default()
}

fn key(record: &Record) -> String {
    let kind = record.key_type.clone().unwrap_or_default();
    match (record.private_key, record.exportable) {
        (false, _) => "none".to_owned(),
        (true, Some(false)) => format!("{kind} (non-exportable)"),
        (true, _) => kind,
    }
}

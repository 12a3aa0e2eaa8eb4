//! An inventory, shown as it comes.

use std::io;

use akv_core::job::{InventoryItem, InventoryOutcome, InventorySink};
use akv_core::{Error, ErrorKind, StorePath};
use anyhow::Result;
use async_trait::async_trait;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::failure::error_json;
use super::record::Record;
use super::row::{COLUMNS, WIDE, row};
use super::table::{Cell, print_csv, print_table};
use super::{print_json, print_json_line, status_name};
use crate::args::{Common, Output};
use crate::progress::Progress;

/// Takes the items of an inventory. Lines are printed as soon as they are known; a table or one
/// document needs them all.
pub(crate) struct InventoryWriter {
    output: Output,
    progress: Progress,
    store: StorePath,
    kept: Vec<Record>,
    rows: Vec<Vec<Cell>>,
    now: OffsetDateTime,
    begun: bool,
    lost: Option<io::Error>,
}

impl InventoryWriter {
    pub(crate) fn new(common: &Common, store: StorePath) -> Self {
        Self {
            output: common.output,
            progress: Progress::of_certificates(common),
            store,
            kept: Vec::new(),
            rows: Vec::new(),
            now: OffsetDateTime::now_utc(),
            begun: false,
            lost: None,
        }
    }

    fn take(&mut self, item: &InventoryItem) -> Result<()> {
        if matches!(self.output, Output::Table | Output::Wide) {
            self.rows.push(row(item, self.now, self.output == Output::Wide));
            return Ok(());
        }
        let record = Record::new(&self.store, item);
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
            _ => {
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
        self.progress.end();
        if let Some(lost) = self.lost {
            return Err(lost.into());
        }
        match self.output {
            Output::Jsonl => Ok(()),
            Output::Csv => self.csv_header(),
            Output::Table | Output::Wide => self.table(),
            _ => print_json(&self.document(outcome)),
        }
    }

    fn table(self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let more = if self.output == Output::Wide { &WIDE[..] } else { &[] };
        print_table(&[&COLUMNS[..], more].concat(), self.rows)
    }

    fn document(&self, outcome: &InventoryOutcome) -> Value {
        let mut document = json!({
            "status": status_name(outcome.status),
            "message": outcome.message(),
            "certificates": self.kept,
            "unreadable": outcome.unreadable.iter().map(|one| json!({
                "name": one.name.to_string(),
                "error": one.error.to_string(),
            })).collect::<Vec<_>>(),
        });
        if let (Some(error), Value::Object(members)) = (&outcome.error, &mut document) {
            members.insert("error".to_owned(), error_json(&error.summary(), error));
        }
        document
    }
}

#[async_trait]
impl InventorySink for InventoryWriter {
    async fn item(&mut self, item: InventoryItem) -> akv_core::Result<()> {
        self.progress.count();
        self.take(&item).map_err(|error| {
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

//! An inventory, shown as it comes.

use std::io;

use akv_core::job::{FleetOutcome, FleetSink, InventoryItem, InventoryOutcome, Status};
use akv_core::{Error, ErrorKind, StorePath};
use anyhow::Result;
use async_trait::async_trait;
use serde_json::{Value, json};

use super::record::Record;
use super::table::{print_csv, print_table};
use super::{print_json, print_json_line, say, status_name};
use crate::args::Output;

/// Takes the items of inventories. Lines are printed as soon as they are known; a table or one
/// document needs them all.
pub(crate) struct InventoryWriter {
    output: Output,
    is_fleet: bool,
    kept: Vec<Record>,
    unreadable: Vec<Value>,
    only: Option<InventoryOutcome>,
    begun: bool,
    lost: Option<io::Error>,
}

impl InventoryWriter {
    /// For one store, or for a fleet of them.
    pub(crate) fn new(output: Output, is_fleet: bool) -> Self {
        Self {
            output,
            is_fleet,
            kept: Vec::new(),
            unreadable: Vec::new(),
            only: None,
            begun: false,
            lost: None,
        }
    }

    /// How the inventory of the one store ended.
    pub(crate) fn only(&mut self) -> Option<InventoryOutcome> {
        self.only.take()
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
    pub(crate) fn finish(
        mut self,
        status: Status,
        message: &str,
        fleet: &FleetOutcome,
    ) -> Result<()> {
        if let Some(lost) = self.lost {
            return Err(lost.into());
        }
        let columns = ["store", "name", "thumbprint", "expires", "enabled", "key", "tags"];
        let columns = columns.get(usize::from(!self.is_fleet)..).unwrap_or_default();
        match self.output {
            // A reader of the lines learns of what is missing.
            Output::Jsonl if self.is_fleet => {
                fleet.failed.iter().try_for_each(|one| print_json_line(&failed(one)))
            }
            Output::Jsonl => Ok(()),
            Output::Csv => self.csv_header(),
            Output::Table if self.kept.is_empty() => Ok(()),
            Output::Table | Output::Html => print_table(
                columns,
                self.kept.iter().map(|record| {
                    let enabled = if record.enabled { "yes" } else { "no" };
                    let state = match (record.last_known, record.pending) {
                        (true, _) => " (last known)",
                        (_, true) => " (pending)",
                        (false, false) => "",
                    };
                    let store = record.store_path.clone().filter(|_| self.is_fleet);
                    let mut row: Vec<String> = store.into_iter().collect();
                    row.extend([
                        format!("{}{state}", record.name),
                        thumbprint(record),
                        record.expires(),
                        enabled.to_owned(),
                        key(record),
                        record.tags(),
                    ]);
                    row
                }),
            ),
            Output::Json => {
                let mut document = json!({
                    "status": status_name(status),
                    "message": message,
                    "certificates": self.kept,
                    "unreadable": self.unreadable,
                });
                if let (true, Some(document)) = (self.is_fleet, document.as_object_mut()) {
                    document.insert("failed".to_owned(), fleet.failed.iter().map(failed).collect());
                }
                print_json(&document)
            }
        }
    }
}

#[async_trait]
impl FleetSink for InventoryWriter {
    async fn item(&mut self, store: &StorePath, item: InventoryItem) -> akv_core::Result<()> {
        self.take(Record::new(store, &item)).map_err(|error| {
            let problem = error.to_string();
            self.lost = error.downcast::<io::Error>().ok();
            Error::new(ErrorKind::Cancelled, "write the inventory to standard output", problem)
        })
    }

    async fn ended(
        &mut self,
        store: &StorePath,
        outcome: &InventoryOutcome,
    ) -> akv_core::Result<()> {
        if self.output == Output::Json {
            self.unreadable.extend(outcome.unreadable.iter().map(|one| {
                json!({
                    "name": one.name.to_string(),
                    "error": one.error.to_string(),
                    "storePath": store.to_string(),
                })
            }));
        }
        if !self.is_fleet {
            self.only = Some(outcome.clone());
        } else if outcome.status != Status::Success {
            say(&format!("{store}: {}", outcome.message()));
        }
        Ok(())
    }
}

/// A store that could not be read, as `akv report` reads it too.
fn failed((store, error): &(StorePath, Error)) -> Value {
    json!({ "storePath": store.to_string(), "error": error.to_string() })
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

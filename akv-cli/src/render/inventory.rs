//! Prints an inventory while it is running.

use akv_core::job::{FleetOutcome, FleetSink, InventoryItem, InventoryOutcome, Status};
use akv_core::{Error, ErrorKind, StorePath};
use anyhow::Result;
use async_trait::async_trait;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::failure::error_json;
use super::record::Record;
use super::row::{COLUMNS, WIDE, row};
use super::table::{Cell, csv_for_stdout, print_table};
use super::{print_bytes, print_json, say, status_name};
use crate::args::{Common, Output};
use crate::json::{self, Layout};
use crate::progress::Progress;

/// Receives the items of inventories. Lines are printed as soon as no further item is ready; a
/// table or a single document needs all items.
pub(crate) struct InventoryWriter {
    output: Output,
    is_fleet: bool,
    progress: Progress,
    now: OffsetDateTime,
    kept: Vec<Record>,
    rows: Vec<Vec<Cell>>,
    unreadable: Vec<Value>,
    /// Complete lines: printing each one separately would cost a system call.
    unprinted: Vec<u8>,
    only: Option<InventoryOutcome>,
    begun: bool,
    write_error: Option<anyhow::Error>,
}

impl InventoryWriter {
    /// For one store, or for a fleet.
    pub(crate) fn new(common: &Common, is_fleet: bool) -> Self {
        Self {
            output: common.output,
            is_fleet,
            progress: Progress::of_certificates(common),
            now: OffsetDateTime::now_utc(),
            kept: Vec::new(),
            rows: Vec::new(),
            unreadable: Vec::new(),
            unprinted: Vec::new(),
            only: None,
            begun: false,
            write_error: None,
        }
    }

    /// The outcome of the only store.
    pub(crate) fn only(&mut self) -> Option<InventoryOutcome> {
        self.only.take()
    }

    fn take(&mut self, store: &StorePath, item: &InventoryItem) -> Result<()> {
        if matches!(self.output, Output::Table | Output::Wide) {
            let of_store = self.is_fleet.then(|| store.to_string().into());
            let row = row(item, self.now, self.output == Output::Wide);
            self.rows.push(of_store.into_iter().chain(row).collect());
            return Ok(());
        }
        let record = Record::new(store, item);
        match self.output {
            Output::Jsonl => json::write(&mut self.unprinted, &record, Layout::Line)?,
            Output::Csv => {
                self.csv_header();
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
                self.csv_line(fields);
            }
            _ => self.kept.push(record),
        }
        if self.unprinted.len() < MOST_UNPRINTED { Ok(()) } else { self.print_lines() }
    }

    fn print_lines(&mut self) -> Result<()> {
        if !self.unprinted.is_empty() {
            print_bytes(&self.unprinted)?;
            self.unprinted.clear();
        }
        Ok(())
    }

    fn failed_to_write(&mut self, error: anyhow::Error) -> Error {
        let problem = error.to_string();
        self.write_error = Some(error);
        Error::new(ErrorKind::Cancelled, "write the inventory to standard output", problem)
    }

    fn csv_line<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) {
        self.unprinted.extend(csv_for_stdout(fields).into_bytes());
        self.unprinted.push(b'\n');
    }

    fn csv_header(&mut self) {
        if self.begun {
            return;
        }
        self.begun = true;
        self.csv_line([
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
        ]);
    }

    /// Prints the output that needs the end of the inventory.
    pub(crate) fn finish(mut self, ended: &Ended<'_>, fleet: &FleetOutcome) -> Result<()> {
        self.progress.end();
        if let Some(write_error) = self.write_error {
            return Err(write_error);
        }
        match self.output {
            // The reader of the lines learns which stores are missing.
            Output::Jsonl => {
                if self.is_fleet {
                    for one in &fleet.failed {
                        json::write(&mut self.unprinted, &failed(one), Layout::Line)?;
                    }
                }
                self.print_lines()
            }
            Output::Csv => {
                self.csv_header();
                self.print_lines()
            }
            Output::Table | Output::Wide => self.table(),
            _ => print_json(&self.document(ended, fleet)),
        }
    }

    fn table(self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let store = if self.is_fleet { &["store"][..] } else { &[] };
        let more = if self.output == Output::Wide { &WIDE[..] } else { &[] };
        print_table(&[store, &COLUMNS[..], more].concat(), self.rows)
    }

    fn document(&self, ended: &Ended<'_>, fleet: &FleetOutcome) -> Value {
        let mut document = json!({
            "status": status_name(ended.status),
            "message": ended.message,
            "certificates": self.kept,
            "unreadable": self.unreadable,
        });
        if let Value::Object(members) = &mut document {
            if self.is_fleet {
                members.insert("failed".to_owned(), fleet.failed.iter().map(failed).collect());
            }
            if let Some(error) = ended.error {
                members.insert("error".to_owned(), error_json(&error.summary(), error));
            }
        }
        document
    }
}

/// The end of all inventories.
pub(crate) struct Ended<'a> {
    pub(crate) status: Status,
    pub(crate) message: &'a str,
    pub(crate) error: Option<&'a Error>,
}

impl<'a> Ended<'a> {
    pub(crate) fn of_store(outcome: &'a InventoryOutcome, message: &'a str) -> Self {
        Self { status: outcome.status, message, error: outcome.error.as_ref() }
    }
}

#[async_trait]
impl FleetSink for InventoryWriter {
    async fn item(&mut self, store: &StorePath, item: InventoryItem) -> akv_core::Result<()> {
        self.progress.count();
        self.take(store, &item).map_err(|error| self.failed_to_write(error))
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

    fn flush(&mut self) -> akv_core::Result<()> {
        self.print_lines().map_err(|error| self.failed_to_write(error))
    }
}

/// The most bytes that are kept back while further items are ready.
const MOST_UNPRINTED: usize = 64 << 10;

/// An unreadable store, in the format of `akv report`.
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

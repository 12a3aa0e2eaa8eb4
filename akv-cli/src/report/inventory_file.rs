//! An inventory in a file, as `akv inventory -o jsonl` prints it.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use akv_core::report::{FailedStore, Record, Store};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::lines::Records;
use crate::render::InventoryRecord;

/// Reads inventories. What many records have in common is kept once.
#[derive(Default)]
pub(crate) struct InventoryFile {
    texts: HashSet<Arc<str>>,
    stores: HashMap<String, Store>,
    records: usize,
    bytes: usize,
}

/// What a line of an inventory holds.
pub(crate) enum Entry {
    Certificate(Box<Record>),
    Failed(FailedStore),
}

impl InventoryFile {
    /// Hands over what is in `file`, line by line.
    pub(crate) fn read(&mut self, file: &Path, mut take: impl FnMut(Entry)) -> Result<()> {
        let tried = || format!("read the inventory from {}", file.display());
        for record in Records::of_file(file).with_context(tried)? {
            let (number, line) = record.with_context(tried)?;
            let tried_line = || format!("{}, line {number}", tried());
            let entry = self.entry(&line).with_context(tried_line)?;
            self.records += 1;
            ensure!(
                self.records <= MOST_RECORDS && self.bytes <= MOST_BYTES,
                "{}: it holds more than {MOST_RECORDS} certificates, or more than {MOST_BYTES} \
                 bytes of text: split it",
                tried()
            );
            take(entry);
        }
        Ok(())
    }

    fn entry(&mut self, line: &str) -> Result<Entry> {
        let record = match InventoryRecord::read(line) {
            Ok(record) => record,
            Err(error) => match serde_json::from_str::<FailedLine>(line) {
                Ok(failed) => return Ok(Entry::Failed(failed.into())),
                Err(_) => return Err(error),
            },
        };
        let store = record.store_path.as_ref().map(|path| self.store(path));
        let mut record = record.into_report(store)?;
        record.issuer = record.issuer.map(|issuer| self.text(issuer));
        if let Some(signature) = &mut record.signature {
            signature.algorithm = self.text(signature.algorithm.clone());
        }
        self.bytes += size(&record);
        Ok(Entry::Certificate(Box::new(record)))
    }

    fn store(&mut self, path: &str) -> Store {
        if let Some(store) = self.stores.get(path) {
            return store.clone();
        }
        self.bytes += path.len();
        let store = Store::new(path);
        self.stores.insert(path.to_owned(), store.clone());
        store
    }

    fn text(&mut self, text: Arc<str>) -> Arc<str> {
        if let Some(known) = self.texts.get(&text) {
            return known.clone();
        }
        self.bytes += text.len();
        self.texts.insert(text.clone());
        text
    }
}

/// A store that could not be read, where an inventory of several stores says so.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedLine {
    store_path: String,
    error: String,
}

impl From<FailedLine> for FailedStore {
    fn from(line: FailedLine) -> Self {
        let error: String = line.error.chars().take(LONGEST_ERROR).collect();
        Self::new(Store::new(&line.store_path), error)
    }
}

/// The text that a record keeps.
fn size(record: &Record) -> usize {
    let tags = record.tags.iter().map(|(name, value)| name.len() + value.len());
    let names = record.dns_names.iter().map(|name| name.len() + size_of::<Box<str>>());
    let texts = [&record.subject, &record.common_name, &record.serial];
    let texts = texts.into_iter().flatten().map(|text| text.len());
    tags.chain(names).chain(texts).sum::<usize>()
        + record.version.as_ref().map_or(0, |version| version.as_str().len())
}

const MOST_RECORDS: usize = 1_000_000;
const MOST_BYTES: usize = 1 << 30;
const LONGEST_ERROR: usize = 1000;

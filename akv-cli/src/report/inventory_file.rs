//! An inventory in a file, in the format of `akv inventory -o jsonl`.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use akv_core::report::{FailedStore, Record, Store};
use anyhow::{Context, Result, ensure};

use crate::lines::Records;
use crate::render::{FailedLine, InventoryRecord};

/// Reads inventories. Values that many records share are stored once.
#[derive(Default)]
pub(crate) struct InventoryFile {
    texts: HashSet<Arc<str>>,
    stores: HashMap<String, Store>,
    records: usize,
    bytes: usize,
}

/// A line of an inventory.
pub(crate) enum Entry {
    Certificate(Box<Record>),
    Failed(FailedStore),
}

impl InventoryFile {
    /// Passes on the contents of `file`, line by line.
    pub(crate) fn read(&mut self, file: &Path, mut take: impl FnMut(Entry)) -> Result<()> {
        let context = || format!("cannot read the inventory from {}", file.display());
        for record in Records::of_file(file).with_context(context)? {
            let (number, line) = record.with_context(context)?;
            let line_context = || format!("{}, line {number}", context());
            let entry = self.entry(&line).with_context(line_context)?;
            take(entry);
        }
        Ok(())
    }

    fn entry(&mut self, line: &str) -> Result<Entry> {
        let record = match InventoryRecord::read(line) {
            Ok(record) => record,
            Err(error) => match FailedLine::read(line) {
                Some(failed) => {
                    self.count(line.len())?;
                    return Ok(Entry::Failed(failed.into()));
                }
                None => return Err(error),
            },
        };
        Ok(Entry::Certificate(Box::new(self.record(record)?)))
    }

    /// Converts a record for reports.
    pub(crate) fn record(&mut self, record: InventoryRecord) -> Result<Record> {
        let store = record.store_path.as_ref().map(|path| self.store(path));
        let mut record = record.into_report(store)?;
        record.issuer = record.issuer.map(|issuer| self.text(issuer));
        if let Some(signature) = &mut record.signature {
            signature.algorithm = self.text(signature.algorithm.clone());
        }
        self.count(size(&record))?;
        Ok(record)
    }

    /// Counts the stored bytes.
    fn count(&mut self, bytes: usize) -> Result<()> {
        self.records += 1;
        self.bytes += bytes;
        ensure!(
            self.records <= MOST_RECORDS && self.bytes <= MOST_BYTES,
            "more than {MOST_RECORDS} certificates, or more than {MOST_BYTES} bytes of text: \
             report on fewer certificates"
        );
        Ok(())
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

/// The size of a record's text.
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

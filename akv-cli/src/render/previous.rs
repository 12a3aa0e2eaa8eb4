//! A previous inventory, read back from its jsonl output.

use std::path::Path;

use akv_core::job::{Coverage, Known, LastInventory};
use akv_core::report::Store;
use akv_core::{StorePath, Thumbprint};
use anyhow::{Context, Result, bail, ensure};

use super::record::Record;
use crate::lines::Records;

/// A record that was itself not read at the time, that tells less than is asked for now or that is
/// of another store is not taken as known: its certificate is fetched.
pub(crate) fn read(file: &Path, store: &StorePath, coverage: Coverage) -> Result<LastInventory> {
    let store = Store::from(store);
    let tried = || format!("read the previous inventory from {}", file.display());
    let mut last = LastInventory::default();
    for record in Records::of_file(file).with_context(tried)? {
        let (number, line) = record.with_context(tried)?;
        let tried = || format!("{}, line {number}", tried());
        let record = Record::read(&line).with_context(tried)?;
        let is_other = record.store_path.as_deref().is_some_and(|path| Store::new(path) != store);
        if is_other || record.last_known || tells_less(&record, coverage) {
            continue;
        }
        let Some(item) = record.into_item() else {
            bail!("{}: it is not a record that `akv inventory -o jsonl` prints", tried());
        };
        let leaf = item.certificates.first().map(|der| Thumbprint::of(der));
        ensure!(leaf == item.thumbprint, "{}: the certificate is another one", tried());
        last.extend([(item.name.clone(), Known::Item(Box::new(item)))]);
    }
    Ok(last)
}

/// With one certificate nobody can tell a leaf-only record from a chain of one, so that one is
/// fetched again where chains are asked for; and a chain is more than a leaf-only inventory tells.
fn tells_less(record: &Record, coverage: Coverage) -> bool {
    match coverage {
        Coverage::Leaf => record.certificates.len() != 1,
        _ => record.certificates.len() < 2,
    }
}

//! A previous inventory, parsed from its jsonl output.

use std::collections::HashMap;
use std::path::Path;

use akv_core::job::{CertificateScope, PreviousCertificate, PreviousInventory};
use akv_core::report::Store;
use akv_core::{StorePath, Thumbprint};
use anyhow::{Context, Result, bail, ensure};

use super::record::{FailedLine, Record};
use crate::lines::Records;

/// The previous inventories of some stores.
pub(crate) struct Previous(HashMap<Store, PreviousInventory>);

impl Previous {
    /// A record is ignored if the certificate was not readable at that time, if it contains less
    /// than is requested now, or if it belongs to another store: its certificate is fetched.
    /// Records without a store name belong to the only store.
    pub(crate) fn read(file: &Path, stores: &[StorePath], scope: CertificateScope) -> Result<Self> {
        let context = || format!("cannot read the previous inventory from {}", file.display());
        let mut known: HashMap<Store, PreviousInventory> =
            stores.iter().map(|path| (Store::from(path), PreviousInventory::default())).collect();
        let only = stores.first().filter(|_| stores.len() == 1).map(Store::from);
        for record in Records::of_file(file).with_context(context)? {
            let (number, line) = record.with_context(context)?;
            let context = || format!("{}, line {number}", context());
            let record = match Record::read(&line) {
                Ok(record) => record,
                Err(_) if FailedLine::read(&line).is_some() => continue,
                Err(error) => return Err(error.context(context())),
            };
            let store = record.store_path.as_deref().map(Store::new).or_else(|| only.clone());
            let Some(store) = store else {
                bail!(
                    "{}: the record contains no store path, and several vaults were requested",
                    context()
                );
            };
            let Some(last) = known.get_mut(&store) else { continue };
            if record.last_known || tells_less(&record, scope) {
                continue;
            }
            let Some(item) = record.into_item() else {
                bail!("{}: not a record of `akv inventory -o jsonl`", context());
            };
            let leaf = item.certificates.first().map(|der| Thumbprint::of(der));
            ensure!(
                leaf == item.thumbprint,
                "{}: the certificate does not match its thumbprint",
                context()
            );
            last.extend([(item.name.clone(), PreviousCertificate::Item(Box::new(item)))]);
        }
        Ok(Self(known))
    }

    /// The previous inventory of a store.
    pub(crate) fn take(&mut self, store: &StorePath) -> PreviousInventory {
        self.0.remove(&Store::from(store)).unwrap_or_default()
    }
}

/// A single certificate may be a leaf-only record or a chain of one, so it is fetched again if
/// chains are requested. A chain contains more than a leaf-only inventory reports.
fn tells_less(record: &Record, scope: CertificateScope) -> bool {
    match scope {
        CertificateScope::Leaf => record.certificates.len() != 1,
        _ => record.certificates.len() < 2,
    }
}

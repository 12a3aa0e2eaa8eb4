//! A previous inventory, read back from its jsonl output.

use std::collections::HashMap;
use std::path::Path;

use akv_core::job::{CertificateScope, PreviousCertificate, PreviousInventory};
use akv_core::report::Store;
use akv_core::{StorePath, Thumbprint};
use anyhow::{Context, Result, bail, ensure};

use super::record::{FailedLine, Record};
use crate::lines::Records;

/// What an inventory knew of some stores.
pub(crate) struct Previous(HashMap<Store, PreviousInventory>);

impl Previous {
    /// A record that was itself not read at the time, that tells less than is asked for now or that
    /// is of another store is not taken as known: its certificate is fetched. Records that do not
    /// name their store are of one store alone.
    pub(crate) fn read(file: &Path, stores: &[StorePath], scope: CertificateScope) -> Result<Self> {
        let tried = || format!("cannot read the previous inventory from {}", file.display());
        let mut known: HashMap<Store, PreviousInventory> =
            stores.iter().map(|path| (Store::from(path), PreviousInventory::default())).collect();
        let only = stores.first().filter(|_| stores.len() == 1).map(Store::from);
        for record in Records::of_file(file).with_context(tried)? {
            let (number, line) = record.with_context(tried)?;
            let tried = || format!("{}, line {number}", tried());
            let record = match Record::read(&line) {
                Ok(record) => record,
                Err(_) if FailedLine::read(&line).is_some() => continue,
                Err(error) => return Err(error.context(tried())),
            };
            let store = record.store_path.as_deref().map(Store::new).or_else(|| only.clone());
            let Some(store) = store else {
                bail!(
                    "{}: the record contains no store path, and several vaults were requested",
                    tried()
                );
            };
            let Some(last) = known.get_mut(&store) else { continue };
            if record.last_known || tells_less(&record, scope) {
                continue;
            }
            let Some(item) = record.into_item() else {
                bail!("{}: not a record of `akv inventory -o jsonl`", tried());
            };
            let leaf = item.certificates.first().map(|der| Thumbprint::of(der));
            ensure!(
                leaf == item.thumbprint,
                "{}: the certificate does not match its thumbprint",
                tried()
            );
            last.extend([(item.name.clone(), PreviousCertificate::Item(Box::new(item)))]);
        }
        Ok(Self(known))
    }

    /// What it knew of a store.
    pub(crate) fn take(&mut self, store: &StorePath) -> PreviousInventory {
        self.0.remove(&Store::from(store)).unwrap_or_default()
    }
}

/// With one certificate nobody can tell a leaf-only record from a chain of one, so that one is
/// fetched again where chains are asked for; and a chain is more than a leaf-only inventory tells.
fn tells_less(record: &Record, scope: CertificateScope) -> bool {
    match scope {
        CertificateScope::Leaf => record.certificates.len() != 1,
        _ => record.certificates.len() < 2,
    }
}

//! The current contents of vaults.

use std::collections::HashSet;

use akv_core::job::{
    Details, FleetSink, InventoryItem, InventoryOutcome, InventoryRequest, Status, inventory_fleet,
};
use akv_core::report::{FailedStore, OlderVersions, Record, ReportBuilder, Store, VaultFacts};
use akv_core::{Error, ErrorKind, Pending, StoreAddress, StorePath, VaultDirectory, VaultId};
use anyhow::{Context, Result};
use async_trait::async_trait;
use futures::{StreamExt, stream};

use super::InventoryFile;
use crate::args::{Common, ReportArgs};
use crate::render::{self, InventoryRecord};
use crate::selection::Selection;
use crate::wiring::Wiring;

/// The data, and whether they are complete.
pub(crate) struct Live {
    pub(crate) builder: ReportBuilder,
    pub(crate) is_whole: bool,
}

/// Reads the stores that the command line selects.
pub(crate) async fn live(common: &Common, args: &ReportArgs, wiring: &Wiring) -> Result<Live> {
    let selection = Selection::of(common, &args.selection, wiring).await?;
    let Selection { credential, stores, missed, .. } = selection;
    let addresses = stores.clone();
    let request = |_: &StorePath| {
        InventoryRequest::default()
            .with_concurrency(args.concurrency)
            .with_pending(Pending::Include)
            .with_details(Details::Include)
    };
    let mut taken = Taken::default();
    let outcome = inventory_fleet(&wiring.jobs, &credential, stores, request, &mut taken).await;
    if let Some(error) = outcome.error {
        return Err(error).context("reading the vaults was interrupted");
    }
    let mut builder = ReportBuilder::default();
    let failed: HashSet<Store> = outcome.failed.iter().map(|(path, _)| Store::from(path)).collect();
    let is_failed = |store: &Store| failed.contains(store);
    for record in taken.records {
        // The records of a store before its failure say nothing about the rest.
        if !record.store.as_ref().is_some_and(is_failed) {
            builder.add(record);
        }
    }
    for (path, error) in &outcome.failed {
        builder.add_failed(FailedStore::new(Store::from(path), error.to_string()));
    }
    let is_whole = taken.unreadable == 0 && !addresses.is_empty();
    for one in missed {
        let label = match one.subscription {
            Some(id) => format!("subscription {id} of tenant {}", one.tenant),
            None => format!("tenant {}", one.tenant),
        };
        builder.add_failed(FailedStore::new(Store::new(&label), one.error.to_string()));
    }
    let addresses: Vec<_> =
        addresses.into_iter().filter(|one| !is_failed(&Store::from(&one.path))).collect();
    if let Some(first) = addresses.first() {
        let directory = wiring.directory(&first.cloud, &credential)?;
        settings(&directory, addresses, &mut builder).await;
    }
    if let Some(problem) = taken.problem {
        render::say(&format!("warning: some checks were not possible: {problem}"));
    }
    Ok(Live { builder, is_whole })
}

/// The settings of vaults with a known location.
async fn settings(
    directory: &impl VaultDirectory,
    stores: Vec<StoreAddress>,
    builder: &mut ReportBuilder,
) {
    let mut answers = stream::iter(stores)
        .map(|address| async move {
            let store = Store::from(&address.path);
            let place = address.tenant.zip(VaultId::try_from(&address.path).ok());
            let found = match place {
                Some((tenant, id)) => directory.settings(&tenant, &id).await,
                None => Ok(None),
            };
            (store, found)
        })
        .buffered(SIDE_BY_SIDE);
    let mut problem = None;
    while let Some((store, found)) = answers.next().await {
        let found = found.unwrap_or_else(|error| {
            problem.get_or_insert(error);
            None
        });
        let facts = VaultFacts::new(store)
            .with_purge_protection(found.map(|it| it.purge_protection))
            .with_public_access(found.map(|it| it.public_access));
        builder.add_vault(facts);
    }
    if let Some(problem) = problem {
        render::say(&format!(
            "warning: the settings of some vaults could not be checked: {problem}"
        ));
    }
}

#[derive(Default)]
struct Taken {
    reader: InventoryFile,
    records: Vec<Record>,
    unreadable: usize,
    problem: Option<String>,
}

#[async_trait]
impl FleetSink for Taken {
    async fn item(&mut self, store: &StorePath, item: InventoryItem) -> akv_core::Result<()> {
        let details = item.details.clone().unwrap_or_default();
        let mut record =
            self.reader.record(InventoryRecord::new(store, &item)).map_err(|error| {
                Error::new(
                    ErrorKind::Invalid,
                    "take a certificate into the report",
                    error.to_string(),
                )
            })?;
        record.auto_renew = details.renews_itself;
        record.pending = record.pending.or(details.pending);
        record.older_versions = details.older_enabled.map(OlderVersions::new);
        self.records.push(record);
        self.problem = self.problem.take().or(details.problem);
        Ok(())
    }

    async fn ended(
        &mut self,
        store: &StorePath,
        outcome: &InventoryOutcome,
    ) -> akv_core::Result<()> {
        self.unreadable += outcome.unreadable.len();
        if outcome.status != Status::Success {
            render::say(&format!("{store}: {}", outcome.message()));
        }
        Ok(())
    }
}

const SIDE_BY_SIDE: usize = 24;

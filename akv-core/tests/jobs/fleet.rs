//! The decisions of an inventory of many stores, on vaults whose names say how they behave.

use std::sync::{Arc, Mutex};

use akv_core::job::{
    CertificateScope, Concurrency, DiscoveryJob, FleetOutcome, FleetSink, InventoryItem,
    InventoryJob, InventoryOutcome, InventoryRequest, InventorySink, ItemSource, Jobs,
    ManagementJob, Status, inventory_fleet,
};
use akv_core::{Cloud, Credential, Denial, ErrorKind, Result, StoreAddress, StorePath};
use async_trait::async_trait;
use futures::FutureExt;
use futures::future;

use crate::scene::{error, name};

/// `denied` cannot be read, `broken` fails part-way, and `endless` never comes to its second item.
#[derive(Default)]
struct Vaults {
    /// Of each inventory, in the order of their starts.
    concurrency: Arc<Mutex<Vec<Concurrency>>>,
}

struct Vault {
    name: String,
    concurrency: Arc<Mutex<Vec<Concurrency>>>,
}

impl Jobs for Vaults {
    fn inventory(&self, of: &StoreAddress, _: &Credential) -> Result<Box<dyn InventoryJob>> {
        match of.path.vault().as_str() {
            "denied" => Err(error(ErrorKind::Denied(Denial::Rbac))),
            vault => Ok(Box::new(Vault {
                name: vault.to_owned(),
                concurrency: Arc::clone(&self.concurrency),
            })),
        }
    }

    fn management(&self, _: &StoreAddress, _: &Credential) -> Result<Box<dyn ManagementJob>> {
        Err(error(ErrorKind::Invalid))
    }

    fn discovery(&self, _: &Cloud, _: &Credential) -> Result<Box<dyn DiscoveryJob>> {
        Err(error(ErrorKind::Invalid))
    }
}

#[async_trait]
impl InventoryJob for Vault {
    async fn inventory(
        &self,
        request: &InventoryRequest,
        sink: &mut dyn InventorySink,
    ) -> InventoryOutcome {
        self.concurrency.lock().expect("no panic").push(request.concurrency);
        let mut outcome = InventoryOutcome::new(Status::Success, &self.name);
        let item = InventoryItem::new(name("web"), ItemSource::Read);
        outcome.listed = 1;
        outcome.error = sink.item(item).await.err();
        match self.name.as_str() {
            "endless" => future::pending().await,
            "broken" => outcome.error = Some(error(ErrorKind::Unavailable)),
            _ => {}
        }
        if outcome.error.is_some() {
            outcome.status = Status::Failure;
        }
        outcome
    }
}

/// Keeps items back until it is flushed.
#[derive(Default)]
struct Buffer {
    kept: Vec<StorePath>,
    flushed: Vec<StorePath>,
    fails: bool,
}

#[async_trait]
impl FleetSink for Buffer {
    async fn item(&mut self, store: &StorePath, _: InventoryItem) -> Result<()> {
        self.kept.push(store.clone());
        Ok(())
    }

    async fn ended(&mut self, _: &StorePath, _: &InventoryOutcome) -> Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.flushed.append(&mut self.kept);
        if self.fails { Err(error(ErrorKind::Cancelled)) } else { Ok(()) }
    }
}

/// The outcome; `None` if the inventories wait.
fn run(vaults: &[&str], sink: &mut Buffer) -> Option<FleetOutcome> {
    run_jobs(&Vaults::default(), vaults, sink)
}

fn run_jobs(jobs: &Vaults, vaults: &[&str], sink: &mut Buffer) -> Option<FleetOutcome> {
    let stores = vaults.iter().map(|vault| StoreAddress::new(vault.parse().expect("a path")));
    let request = |_: &StorePath| InventoryRequest::default().with_scope(CertificateScope::Leaf);
    let credential = Credential::SystemAssignedIdentity;
    inventory_fleet(jobs, &credential, stores.collect(), request, sink).now_or_never()
}

fn paths(paths: &[StorePath]) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

#[test]
fn each_failed_store_is_named_and_the_rest_is_read() {
    for (vaults, status, failed, listed) in [
        (&["one", "two"][..], Status::Success, &[][..], 2),
        (&["one", "denied", "broken"], Status::Warning, &["denied", "broken"], 2),
        (&["denied", "broken"], Status::Failure, &["denied", "broken"], 1),
        (&[], Status::Success, &[], 0),
    ] {
        let outcome = run(vaults, &mut Buffer::default()).expect("ended");
        assert_eq!((outcome.status(), outcome.stores), (status, vaults.len()), "{vaults:?}");
        let mut named: Vec<_> =
            outcome.failed.iter().map(|(store, _)| store.vault().to_string()).collect();
        named.sort_by_key(|name| vaults.iter().position(|vault| vault == name));
        assert_eq!(named, failed);
        assert_eq!(outcome.listed, listed);
    }
}

#[test]
fn last_stores_of_a_fleet_get_larger_shares() {
    let names: Vec<String> = (1..=100).map(|number| format!("vault-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let jobs = Vaults::default();
    run_jobs(&jobs, &names, &mut Buffer::default()).expect("ended");
    let started = jobs.concurrency.lock().expect("no panic");
    for (place, most) in [(0, 16), (68, 16), (84, 32), (92, 64), (99, 64)] {
        assert_eq!(started[place], Concurrency::default().at_most(most), "{place}");
    }
}

#[test]
fn items_are_passed_on_while_the_next_one_is_awaited() {
    let mut sink = Buffer::default();
    assert!(run(&["one", "endless", "two"], &mut sink).is_none());
    assert_eq!(paths(&sink.flushed), ["one", "endless", "two"]);
}

#[test]
fn error_while_passing_on_items_ends_all_inventories() {
    let mut sink = Buffer { fails: true, ..Buffer::default() };
    let outcome = run(&["one", "endless"], &mut sink).expect("ended");
    assert_eq!(outcome.error.map(|error| error.kind()), Some(ErrorKind::Cancelled));
}

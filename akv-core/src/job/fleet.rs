//! Parallel inventories of many stores, with independent failures.

use std::future;
use std::task::Poll;

use async_trait::async_trait;
use futures::lock::Mutex;
use futures::{Stream, StreamExt, stream};

use super::Jobs;
use super::inventory::{InventoryOutcome, InventoryRequest};
use super::item::{InventoryItem, InventorySink};
use super::outcome::{Status, counted};
use crate::address::StoreAddress;
use crate::credential::Credential;
use crate::error::{Error, ErrorKind, Result};
use crate::store_path::StorePath;

/// Receives the items of many stores: each store's items in order, interleaved with those of
/// others.
#[async_trait]
pub trait FleetSink: Send {
    /// Receives an item. An error ends all inventories.
    async fn item(&mut self, store: &StorePath, item: InventoryItem) -> Result<()>;

    /// Receives the outcome of a store's inventory.
    async fn ended(&mut self, store: &StorePath, outcome: &InventoryOutcome) -> Result<()>;

    /// Passes on the items that the sink has kept back: the next one has to be waited for. An error
    /// ends all inventories. The default is for sinks that keep nothing back.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The outcome of the inventories of many stores.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct FleetOutcome {
    /// The number of stores.
    pub stores: usize,
    /// The number of listed certificates.
    pub listed: usize,
    /// The number of inventories that lack some certificates.
    pub warnings: usize,
    /// The stores whose inventory failed.
    pub failed: Vec<(StorePath, Error)>,
    /// The error that ended all of them early.
    pub error: Option<Error>,
}

impl FleetOutcome {
    /// A failure if every store failed or the caller cancelled, a warning if some failed.
    pub fn status(&self) -> Status {
        match (self.failed.len(), self.warnings) {
            _ if self.error.is_some() => Status::Failure,
            (0, 0) => Status::Success,
            (failed, _) if failed > 0 && failed >= self.stores => Status::Failure,
            _ => Status::Warning,
        }
    }

    /// The message of the outcome.
    pub fn message(&self) -> String {
        if let Some(error) = &self.error {
            return format!("the inventories are incomplete: {error}");
        }
        let mut parts = vec![format!(
            "{} in {}",
            counted(self.listed, "certificate"),
            counted(self.stores, "store")
        )];
        if self.warnings > 0 {
            let stores = counted(self.warnings, "store");
            parts.push(format!("{stores} with certificates that could not be read"));
        }
        if !self.failed.is_empty() {
            parts.push(format!("{} could not be read", counted(self.failed.len(), "store")));
        }
        parts.join("; ")
    }
}

/// Runs the inventories of these stores, some of them in parallel. They share parallel fetches, so
/// that memory and connections do not grow with the fleet. `request` creates the request of a store
/// when its inventory starts.
pub async fn inventory_fleet(
    jobs: &dyn Jobs,
    credential: &Credential,
    stores: Vec<StoreAddress>,
    mut request: impl FnMut(&StorePath) -> InventoryRequest + Send,
    sink: &mut dyn FleetSink,
) -> FleetOutcome {
    let mut outcome = FleetOutcome { stores: stores.len(), ..FleetOutcome::default() };
    let total = stores.len();
    let sink = Mutex::new(sink);
    let sink = &sink;
    let mut runs = stream::iter(stores.into_iter().enumerate())
        .map(|(place, address)| {
            // The last stores have fewer others beside them, and would keep too little in flight.
            let share = MOST_IN_FLIGHT / (total - place).min(SIDE_BY_SIDE);
            let request = request(&address.path);
            let request =
                InventoryRequest { concurrency: request.concurrency.at_most(share), ..request };
            async move {
                let ended = one(jobs, credential, &address, &request, sink).await;
                (address.path, ended)
            }
        })
        .buffer_unordered(SIDE_BY_SIDE);
    while let Some(next) = next_or_flush(&mut runs, sink).await {
        let (store, ended) = match next {
            Ok(next) => next,
            Err(unwritten) => {
                outcome.error = Some(unwritten);
                break;
            }
        };
        match ended {
            Ok(Ended { outcome: one, unwritten: None }) => {
                outcome.listed += one.listed;
                match (one.status, one.error) {
                    (_, Some(error)) if error.kind() == ErrorKind::Cancelled => {
                        outcome.error = Some(error);
                    }
                    (Status::Failure, error) => {
                        let error =
                            error.unwrap_or_else(|| most_unreadable(&store, &one.unreadable));
                        outcome.failed.push((store, error));
                    }
                    (Status::Warning, _) => outcome.warnings += 1,
                    (Status::Success, _) => {}
                }
            }
            Ok(Ended { unwritten: Some(error), .. }) => outcome.error = Some(error),
            Err(error) => outcome.failed.push((store, error)),
        }
        if outcome.error.is_some() {
            break;
        }
    }
    outcome
}

/// The next inventory that has ended. While none of them can go on, the sink passes on its items.
async fn next_or_flush<T>(
    runs: &mut (impl Stream<Item = T> + Unpin),
    sink: &Mutex<&mut dyn FleetSink>,
) -> Option<Result<T>> {
    future::poll_fn(|context| {
        let next = runs.poll_next_unpin(context);
        let flushed = match sink.try_lock() {
            Some(mut sink) if next.is_pending() => sink.flush(),
            _ => Ok(()),
        };
        match flushed {
            Ok(()) => next.map(|next| next.map(Ok)),
            Err(unwritten) => Poll::Ready(Some(Err(unwritten))),
        }
    })
    .await
}

struct Ended {
    outcome: InventoryOutcome,
    /// The sink failed.
    unwritten: Option<Error>,
}

async fn one(
    jobs: &dyn Jobs,
    credential: &Credential,
    address: &StoreAddress,
    request: &InventoryRequest,
    sink: &Mutex<&mut dyn FleetSink>,
) -> Result<Ended> {
    let job = jobs.inventory(address, credential)?;
    let mut own = StoreSink { store: &address.path, sink, unwritten: None };
    let outcome = job.inventory(request, &mut own).await;
    let mut unwritten = own.unwritten;
    if unwritten.is_none() {
        unwritten = sink.lock().await.ended(&address.path, &outcome).await.err();
    }
    Ok(Ended { outcome, unwritten })
}

/// Forwards one store's items to the shared sink.
struct StoreSink<'a, 'b> {
    store: &'a StorePath,
    sink: &'a Mutex<&'b mut dyn FleetSink>,
    unwritten: Option<Error>,
}

#[async_trait]
impl InventorySink for StoreSink<'_, '_> {
    async fn item(&mut self, item: InventoryItem) -> Result<()> {
        let taken = self.sink.lock().await.item(self.store, item).await;
        self.unwritten = taken.clone().err();
        taken
    }
}

fn most_unreadable(store: &StorePath, unreadable: &[super::Unreadable]) -> Error {
    let operation = format!("read the certificates of vault {}", store.vault());
    match unreadable.first() {
        Some(first) => {
            let count = counted(unreadable.len(), "certificate");
            let problem =
                format!("{count} could not be read, the first one because: {}", first.error);
            Error::new(first.error.kind(), operation, problem)
        }
        None => Error::new(ErrorKind::Unavailable, operation, "they could not be read"),
    }
}

/// The number of parallel stores.
const SIDE_BY_SIDE: usize = 32;
/// The number of parallel fetches over all stores. At the end of a fleet it can be exceeded.
const MOST_IN_FLIGHT: usize = 512;

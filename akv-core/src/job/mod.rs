//! What an orchestrator asks for, and what is decided about it.
//!
//! Adapters call the three job traits, so that they can be tested with mocks and another kind of
//! store can stand behind them. Their one implementation, [`StoreJobs`] and [`DirectoryJobs`], is
//! written against the two ports alone: every decision is made here, once.

mod add;
mod add_request;
mod alias;
mod background;
mod cancel;
mod create;
mod details;
mod discover;
mod fleet;
mod inventory;
mod item;
mod mark;
mod merge;
#[cfg(test)]
mod mock_directory;
mod outcome;
mod recovery;
mod remove;
mod request;
mod request_jobs;
mod show;
mod soft_delete;
mod turns;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::address::StoreAddress;
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::credential::Credential;
use crate::directory::VaultDirectory;
use crate::error::{Error, ErrorKind, Result};
use crate::job::add::Opened;
use crate::job::background::AtOnce;
use crate::store::CertificateStore;
use crate::vault::TenantId;

pub use add_request::{AddRequest, Contents, ExistingTags, Overwrite, SoftDeleted};
pub use alias::{alias_source, derived_alias};
pub use background::Background;
pub use create::CreateRequest;
pub use details::{Details, ItemDetails};
pub use discover::{DiscoveryOutcome, DiscoveryRequest, Undiscovered, Via};
pub use fleet::{FleetOutcome, FleetSink, inventory_fleet};
pub use inventory::{
    Concurrency, Coverage, InventoryOutcome, InventoryRequest, Unchanged, Unreadable,
};
pub use item::{InventoryItem, InventorySink, ItemSource, Known, LastInventory};
pub use merge::MergeRequest;
pub use outcome::{Effect, Outcome, Status};
pub use remove::{Purge, RemoveRequest};
pub use request::{CertificateWish, KeyRequest};
pub use request_jobs::{RequestJob, RequestJobs};
pub use show::{ShowJob, ShowRequest, Shown, Versions};
pub use soft_delete::{DeletedOutcome, SoftDeleteJobs};
pub use turns::Turns;

pub(crate) use mark::Mark;

/// Tells what is in a store.
#[async_trait]
pub trait InventoryJob: Send + Sync {
    /// Hands every certificate to the sink, in the list's order and as soon as it is known.
    async fn inventory(
        &self,
        request: &InventoryRequest,
        sink: &mut dyn InventorySink,
    ) -> InventoryOutcome;
}

/// Changes what is in a store, or makes one.
#[async_trait]
pub trait ManagementJob: Send + Sync {
    /// Adds a certificate or replaces one.
    async fn add(&self, request: &AddRequest) -> Outcome;

    /// Removes a certificate.
    async fn remove(&self, request: &RemoveRequest) -> Outcome;

    /// Creates the vault. Never changes an existing one.
    async fn create(&self, request: &CreateRequest) -> Outcome;

    /// Creates the vault where it does not exist yet, then adds the certificate to it. No vault is
    /// created for a certificate that cannot be added.
    async fn create_and_add(&self, create: &CreateRequest, add: &AddRequest) -> Outcome;
}

/// Finds out which stores exist.
#[async_trait]
pub trait DiscoveryJob: Send + Sync {
    /// Looks through every tenant asked for.
    async fn discover(&self, request: &DiscoveryRequest) -> DiscoveryOutcome;
}

/// Makes the jobs for a store: what an adapter is given by the program that wires everything.
pub trait Jobs: Send + Sync {
    /// The inventory of this store.
    fn inventory(
        &self,
        address: &StoreAddress,
        credential: &Credential,
    ) -> Result<Box<dyn InventoryJob>>;

    /// The management of this store.
    fn management(
        &self,
        address: &StoreAddress,
        credential: &Credential,
    ) -> Result<Box<dyn ManagementJob>>;

    /// The discovery of stores in this cloud.
    fn discovery(&self, cloud: &Cloud, credential: &Credential) -> Result<Box<dyn DiscoveryJob>>;

    /// Requests for certificates whose keys this store makes. A kind of store that makes none has none.
    fn requests(
        &self,
        _address: &StoreAddress,
        _credential: &Credential,
    ) -> Result<Box<dyn RequestJob>> {
        let problem = "this kind of store makes no keys";
        Err(Error::new(ErrorKind::Invalid, "request a certificate", problem))
    }
}

/// The jobs of one vault.
#[derive(Clone)]
pub struct StoreJobs {
    store: Arc<dyn CertificateStore>,
    directory: Arc<dyn VaultDirectory>,
    tenant: Option<TenantId>,
    clock: Arc<dyn Clock>,
    turns: Turns,
    background: Arc<dyn Background>,
}

impl StoreJobs {
    /// The jobs of the vault behind `store`; `directory` and `tenant` are where it is created.
    pub fn new(
        store: Arc<dyn CertificateStore>,
        directory: Arc<dyn VaultDirectory>,
        tenant: Option<TenantId>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let background = Arc::new(AtOnce);
        Self { store, directory, tenant, clock, turns: Turns::default(), background }
    }

    /// Changes what is under a name only when no other jobs with these turns do. Clones of the same
    /// jobs share their turns anyway.
    #[must_use]
    pub fn with_turns(self, turns: Turns) -> Self {
        Self { turns, ..self }
    }

    /// Opens files there instead of on the caller's thread.
    #[must_use]
    pub fn with_background(self, background: Arc<dyn Background>) -> Self {
        Self { background, ..self }
    }

    async fn opened<'a>(&self, request: &'a AddRequest) -> Result<Opened<'a>> {
        Opened::new(&*self.store, &*self.background, self.clock.now(), request).await
    }
}

impl fmt::Debug for StoreJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreJobs").field("vault", self.store.vault()).finish_non_exhaustive()
    }
}

#[async_trait]
impl InventoryJob for StoreJobs {
    async fn inventory(
        &self,
        request: &InventoryRequest,
        sink: &mut dyn InventorySink,
    ) -> InventoryOutcome {
        inventory::run(&*self.store, request, sink).await
    }
}

#[async_trait]
impl ManagementJob for StoreJobs {
    async fn add(&self, request: &AddRequest) -> Outcome {
        match self.opened(request).await {
            Ok(opened) => opened.add(&*self.store, &self.turns).await,
            Err(error) => Outcome::failure(error),
        }
    }

    async fn remove(&self, request: &RemoveRequest) -> Outcome {
        remove::run(&*self.store, &self.turns, request).await
    }

    async fn create(&self, request: &CreateRequest) -> Outcome {
        let _turn = self.turns.take(&request.id.name, None).await;
        create::run(&*self.directory, self.tenant.as_ref(), request).await
    }

    async fn create_and_add(&self, create: &CreateRequest, add: &AddRequest) -> Outcome {
        match self.opened(add).await {
            Ok(opened) => {
                let created = self.create(create).await;
                create::and_add(created, opened.add(&*self.store, &self.turns)).await
            }
            Err(error) => {
                let told = format!("nothing was created or added: {error}");
                Outcome::failure(error).with_summary(told)
            }
        }
    }
}

/// The job that needs no vault.
#[derive(Clone)]
pub struct DirectoryJobs {
    directory: Arc<dyn VaultDirectory>,
}

impl DirectoryJobs {
    /// Discovery through this directory.
    pub fn new(directory: Arc<dyn VaultDirectory>) -> Self {
        Self { directory }
    }
}

impl fmt::Debug for DirectoryJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectoryJobs").finish_non_exhaustive()
    }
}

#[async_trait]
impl DiscoveryJob for DirectoryJobs {
    async fn discover(&self, request: &DiscoveryRequest) -> DiscoveryOutcome {
        discover::run(&*self.directory, request).await
    }
}

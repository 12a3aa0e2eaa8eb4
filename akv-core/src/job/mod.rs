//! The jobs of an orchestrator, and all their decisions.
//!
//! Adapters call the three job traits, so that they can be tested with mocks, and other kinds of
//! stores can implement them. The only implementations, [`StoreJobs`] and [`DirectoryJobs`], use
//! only the two ports, so every decision is made here.

mod add;
mod add_request;
mod alias;
mod background;
mod cancel;
mod create;
mod details;
mod directory_jobs;
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
mod store_jobs;
mod turns;

use async_trait::async_trait;

use crate::address::StoreAddress;
use crate::cloud::Cloud;
use crate::credential::Credential;
use crate::error::{Error, ErrorKind, Result};

pub use add_request::{AddRequest, CertificateFile, ExistingTags, Overwrite, SoftDeleted};
#[doc(hidden)]
pub use alias::{alias_source, derived_alias};
pub use background::Background;
pub use create::CreateRequest;
pub use details::{Details, ItemDetails};
pub use directory_jobs::DirectoryJobs;
pub use discover::{DiscoveryOutcome, DiscoveryRequest, Undiscovered, Via};
pub use fleet::{FleetOutcome, FleetSink, inventory_fleet};
pub use inventory::{
    CertificateScope, Concurrency, InventoryOutcome, InventoryRequest, Unchanged, Unreadable,
};
pub use item::{InventoryItem, InventorySink, ItemSource, PreviousCertificate, PreviousInventory};
pub use merge::MergeRequest;
pub use outcome::{Effect, Outcome, Status};
pub use remove::{Purge, RemoveRequest};
pub use request::{CertificateSpec, KeyRequest};
pub use request_jobs::{RequestJob, RequestJobs};
pub use show::{ShowJob, ShowRequest, Shown, Versions};
pub use soft_delete::{DeletedOutcome, SoftDeleteJobs};
pub use store_jobs::StoreJobs;
pub use turns::Turns;

pub(crate) use mark::Mark;

/// Reports the contents of a store.
#[async_trait]
pub trait InventoryJob: Send + Sync {
    /// Passes every certificate to the sink, in the list's order and as soon as it is known.
    async fn inventory(
        &self,
        request: &InventoryRequest,
        sink: &mut dyn InventorySink,
    ) -> InventoryOutcome;
}

/// Changes the contents of a store, or creates one.
#[async_trait]
pub trait ManagementJob: Send + Sync {
    /// Adds a certificate or replaces one.
    async fn add(&self, request: &AddRequest) -> Outcome;

    /// Removes a certificate.
    async fn remove(&self, request: &RemoveRequest) -> Outcome;

    /// Creates the vault. Never changes an existing one.
    async fn create(&self, request: &CreateRequest) -> Outcome;

    /// Creates the vault if it does not exist, then adds the certificate to it. No vault is created
    /// for a certificate that cannot be added.
    async fn create_and_add(&self, create: &CreateRequest, add: &AddRequest) -> Outcome;
}

/// Finds the existing stores.
#[async_trait]
pub trait DiscoveryJob: Send + Sync {
    /// Searches every requested tenant.
    async fn discover(&self, request: &DiscoveryRequest) -> DiscoveryOutcome;
}

/// Creates the jobs of a store. The program passes it to an adapter.
pub trait Jobs: Send + Sync {
    /// The inventory job of this store.
    fn inventory(
        &self,
        address: &StoreAddress,
        credential: &Credential,
    ) -> Result<Box<dyn InventoryJob>>;

    /// The management job of this store.
    fn management(
        &self,
        address: &StoreAddress,
        credential: &Credential,
    ) -> Result<Box<dyn ManagementJob>>;

    /// The discovery job of this cloud.
    fn discovery(&self, cloud: &Cloud, credential: &Credential) -> Result<Box<dyn DiscoveryJob>>;

    /// The job for requests whose keys this store generates. Other kinds of stores have none.
    fn requests(
        &self,
        _address: &StoreAddress,
        _credential: &Credential,
    ) -> Result<Box<dyn RequestJob>> {
        let problem = "this kind of store does not create keys";
        Err(Error::new(ErrorKind::Invalid, "request a certificate", problem))
    }
}

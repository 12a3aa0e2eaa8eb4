//! The domain's jobs over Azure, ready for an adapter.

use std::fmt;
use std::sync::Arc;

use akv_core::job::{
    Background, DirectoryJobs, DiscoveryJob, InventoryJob, Jobs, ManagementJob, RequestJob,
    RequestJobs, ShowJob, SoftDeleteJobs, StoreJobs, Turns,
};
use akv_core::{
    CertificateRequests, CertificateStore, Clock, Cloud, Credential, Identity, Layer, Result,
    StoreAddress, VaultDirectory,
};

use crate::azure::Azure;
use crate::identity::CredentialIdentity;

/// Creates the jobs of any store from its address. Jobs that change the same name in a vault run
/// one after another.
///
/// ```
/// use std::sync::Arc;
/// use akv_azure::{Azure, AzureJobs, AzureOptions};
/// use akv_core::SystemClock;
///
/// let azure = Azure::new(AzureOptions::default())?;
/// // The jobs judge the validity of certificates by this clock.
/// let jobs = AzureJobs::new(azure, Arc::new(SystemClock));
/// # let _: &dyn akv_core::job::Jobs = &jobs;
/// # Ok::<(), akv_core::Error>(())
/// ```
#[derive(Clone)]
pub struct AzureJobs {
    azure: Azure,
    clock: Arc<dyn Clock>,
    turns: Turns,
    layer: Option<Arc<dyn Layer>>,
}

impl AzureJobs {
    /// Creates jobs over this Azure with this clock.
    pub fn new(azure: Azure, clock: Arc<dyn Clock>) -> Self {
        Self { azure, clock, turns: Turns::default(), layer: None }
    }

    /// The same jobs with a layer in front of their ports: a [`Plan`](akv_core::plan::Plan) or an
    /// [`Audit`](akv_core::audit::Audit).
    #[must_use]
    pub fn with_layer(self, layer: Arc<dyn Layer>) -> Self {
        Self { layer: Some(layer), ..self }
    }

    /// The jobs on the soft-deleted certificates of this store.
    pub fn soft_delete(
        &self,
        address: &StoreAddress,
        credential: &Credential,
    ) -> Result<SoftDeleteJobs> {
        let store = self.store(address, credential)?;
        Ok(SoftDeleteJobs::new(store).with_turns(self.turns.clone()))
    }

    /// The job that shows one certificate of this store.
    pub fn show(&self, address: &StoreAddress, credential: &Credential) -> Result<ShowJob> {
        Ok(ShowJob::new(self.store(address, credential)?))
    }

    fn of_store(&self, address: &StoreAddress, credential: &Credential) -> Result<Box<StoreJobs>> {
        let store = self.store(address, credential)?;
        let mut directory: Arc<dyn VaultDirectory> =
            Arc::new(self.azure.directory(&address.cloud, credential)?);
        if let Some(layer) = &self.layer {
            directory = layer.directory(directory, self.identity(address, credential));
        }
        let clock = Arc::clone(&self.clock);
        let jobs = StoreJobs::new(store, directory, address.tenant.clone(), clock);
        Ok(Box::new(jobs.with_turns(self.turns.clone()).with_background(Arc::new(BlockingThreads))))
    }

    /// The store behind the layer.
    fn store(
        &self,
        address: &StoreAddress,
        credential: &Credential,
    ) -> Result<Arc<dyn CertificateStore>> {
        let store = Arc::new(self.azure.store(address, credential)?);
        Ok(match &self.layer {
            Some(layer) => layer.store(store, self.identity(address, credential)),
            None => store,
        })
    }

    fn identity(&self, address: &StoreAddress, credential: &Credential) -> Arc<dyn Identity> {
        Arc::new(CredentialIdentity {
            azure: self.azure.clone(),
            cloud: address.cloud.clone(),
            tenant: address.tenant.clone(),
            credential: credential.clone(),
        })
    }
}

/// Blocking threads of the runtime.
struct BlockingThreads;

impl Background for BlockingThreads {
    fn run(&self, work: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(work);
    }
}

impl Jobs for AzureJobs {
    fn inventory(
        &self,
        address: &StoreAddress,
        credential: &Credential,
    ) -> Result<Box<dyn InventoryJob>> {
        Ok(self.of_store(address, credential)?)
    }

    fn management(
        &self,
        address: &StoreAddress,
        credential: &Credential,
    ) -> Result<Box<dyn ManagementJob>> {
        Ok(self.of_store(address, credential)?)
    }

    fn requests(
        &self,
        address: &StoreAddress,
        credential: &Credential,
    ) -> Result<Box<dyn RequestJob>> {
        Ok(Box::new(self.of_requests(address, credential)?))
    }

    fn discovery(&self, cloud: &Cloud, credential: &Credential) -> Result<Box<dyn DiscoveryJob>> {
        Ok(Box::new(DirectoryJobs::new(Arc::new(self.azure.directory(cloud, credential)?))))
    }
}

impl AzureJobs {
    fn of_requests(&self, address: &StoreAddress, credential: &Credential) -> Result<RequestJobs> {
        let vault = Arc::new(self.azure.store(address, credential)?);
        let mut store: Arc<dyn CertificateStore> = Arc::clone(&vault) as _;
        let mut requests: Arc<dyn CertificateRequests> = vault;
        if let Some(layer) = &self.layer {
            let identity = self.identity(address, credential);
            (store, requests) = layer.requests(store, requests, identity);
        }
        let clock = Arc::clone(&self.clock);
        let jobs = RequestJobs::new(store, requests, clock);
        Ok(jobs.with_turns(self.turns.clone()).with_background(Arc::new(BlockingThreads)))
    }
}

impl fmt::Debug for AzureJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureJobs").finish_non_exhaustive()
    }
}

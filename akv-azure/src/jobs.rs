//! The domain's jobs over Azure, ready for an adapter.

use std::fmt;
use std::sync::Arc;

use akv_core::job::{
    Background, DirectoryJobs, DiscoveryJob, InventoryJob, Jobs, ManagementJob, StoreJobs, Turns,
};
use akv_core::{Clock, Cloud, Credential, Result, StoreAddress};

use crate::azure::Azure;

/// Makes the jobs of any store that it is given the address of. Those that change what is under the
/// same name in a vault take turns.
///
/// ```
/// use std::sync::Arc;
/// use akv_azure::{Azure, AzureJobs, AzureOptions};
/// use akv_core::SystemClock;
///
/// let azure = Azure::new(AzureOptions::default())?;
/// // The validity of certificates is judged by this clock.
/// let jobs = AzureJobs::new(azure, Arc::new(SystemClock));
/// # let _: &dyn akv_core::job::Jobs = &jobs;
/// # Ok::<(), akv_core::Error>(())
/// ```
#[derive(Clone)]
pub struct AzureJobs {
    azure: Azure,
    clock: Arc<dyn Clock>,
    turns: Turns,
}

impl AzureJobs {
    /// Jobs over this Azure, at the time of that clock.
    pub fn new(azure: Azure, clock: Arc<dyn Clock>) -> Self {
        Self { azure, clock, turns: Turns::default() }
    }

    fn of_store(&self, address: &StoreAddress, credential: &Credential) -> Result<Box<StoreJobs>> {
        let jobs = StoreJobs::new(
            Arc::new(self.azure.store(address, credential)?),
            Arc::new(self.azure.directory(&address.cloud, credential)?),
            address.tenant.clone(),
            Arc::clone(&self.clock),
        );
        Ok(Box::new(jobs.with_turns(self.turns.clone()).with_background(Arc::new(BlockingThreads))))
    }
}

/// Threads of the runtime that do not wait for others.
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

    fn discovery(&self, cloud: &Cloud, credential: &Credential) -> Result<Box<dyn DiscoveryJob>> {
        Ok(Box::new(DirectoryJobs::new(Arc::new(self.azure.directory(cloud, credential)?))))
    }
}

impl fmt::Debug for AzureJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureJobs").finish_non_exhaustive()
    }
}

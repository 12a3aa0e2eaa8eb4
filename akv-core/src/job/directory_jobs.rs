//! The job that needs no vault, written against the port to the control plane alone.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{DiscoveryJob, DiscoveryOutcome, DiscoveryRequest, discover};
use crate::directory::VaultDirectory;

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

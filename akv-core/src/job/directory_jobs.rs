//! The job that needs no vault. It uses only the port to the control plane.

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
    /// Creates the discovery job of this directory.
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

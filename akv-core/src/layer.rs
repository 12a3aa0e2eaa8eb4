//! What stands between the jobs and the ports: a plan, an audit.

use std::sync::Arc;

use async_trait::async_trait;

use crate::certificate_requests::CertificateRequests;
use crate::directory::VaultDirectory;
use crate::store::CertificateStore;
use crate::vault::VaultName;

/// Wraps the ports that jobs are made with. The jobs' decisions do not know of it.
pub trait Layer: Send + Sync {
    /// Stands in front of a vault, which `identity` accesses.
    fn store(
        &self,
        store: Arc<dyn CertificateStore>,
        identity: Arc<dyn Identity>,
    ) -> Arc<dyn CertificateStore>;

    /// Stands in front of the control plane, which `identity` accesses.
    fn directory(
        &self,
        directory: Arc<dyn VaultDirectory>,
        identity: Arc<dyn Identity>,
    ) -> Arc<dyn VaultDirectory>;

    /// Stands in front of the requests of a vault, which `identity` accesses. `None`: this layer
    /// does not know them, so none may be made through it.
    fn requests(
        &self,
        _vault: &VaultName,
        _requests: Arc<dyn CertificateRequests>,
        _identity: Arc<dyn Identity>,
    ) -> Option<Arc<dyn CertificateRequests>> {
        None
    }
}

/// Who accesses a port.
#[async_trait]
pub trait Identity: Send + Sync {
    /// The application id or, where there is none, the object id. `None` where it is not known.
    async fn id(&self) -> Option<String>;
}

/// An identity whose id is known, or nobody's.
#[async_trait]
impl Identity for Option<String> {
    async fn id(&self) -> Option<String> {
        self.clone()
    }
}

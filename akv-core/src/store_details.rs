//! The port to a vault's data beside its certificates.

use async_trait::async_trait;

use crate::certificate::{CertificateName, Version};
use crate::error::Result;

/// Policies and versions, which some stores support. Absence is `Ok(None)`, as in
/// [`CertificateStore`](crate::CertificateStore).
#[async_trait]
pub trait CertificateDetails: Send + Sync {
    /// Whether the policy makes the vault renew the certificate automatically.
    async fn renews_itself(&self, name: &CertificateName) -> Result<Option<bool>>;

    /// The versions that are enabled, in the service's order.
    async fn enabled_versions(&self, name: &CertificateName) -> Result<Vec<Version>>;
}

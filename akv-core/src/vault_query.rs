//! The port to an index of the control plane.

use async_trait::async_trait;

use crate::error::Result;
use crate::listing::Listing;
use crate::store_path::StorePath;
use crate::vault::TenantId;

/// An index over many subscriptions (Resource Graph), which some directories have.
#[async_trait]
pub trait VaultQuery: Send + Sync {
    /// All vaults that the caller sees in a tenant, each once. An answer that is, or may be, only
    /// a part of them is an error.
    async fn all_vaults(&self, tenant: &TenantId) -> Result<Listing<StorePath>>;
}

//! The port to an index of the control plane.

use async_trait::async_trait;

use crate::error::Result;
use crate::listing::Listing;
use crate::store_path::StorePath;
use crate::vault::TenantId;

/// An index over many subscriptions (Resource Graph); an optional capability of a directory.
#[async_trait]
pub trait VaultQuery: Send + Sync {
    /// All vaults of a tenant that the caller can see, without duplicates. An answer that is, or
    /// may be, incomplete is an error.
    async fn all_vaults(&self, tenant: &TenantId) -> Result<Listing<StorePath>>;
}

//! A mocked directory: a test sets every answer, and an unexpected call fails.

use async_trait::async_trait;
use mockall::mock;

use crate::directory::{NewVault, Region, Subscription, Vault, VaultDirectory, VaultId};
use crate::error::Result;
use crate::listing::Listing;
use crate::store_path::StorePath;
use crate::vault::{ResourceGroupName, SubscriptionId, TenantId};

mock! {
    pub(crate) Directory {}

    #[async_trait]
    impl VaultDirectory for Directory {
        async fn subscriptions(&self, tenant: &TenantId) -> Result<Listing<Subscription>>;
        async fn vaults(&self, tenant: &TenantId, subscription: SubscriptionId) -> Result<Listing<StorePath>>;
        async fn vault(&self, tenant: &TenantId, id: &VaultId) -> Result<Option<Vault>>;
        async fn resource_group_region(
            &self,
            tenant: &TenantId,
            subscription: SubscriptionId,
            group: &ResourceGroupName,
        ) -> Result<Option<Region>>;
        async fn create(&self, tenant: &TenantId, vault: &NewVault) -> Result<Vault>;
        async fn ready(&self, tenant: &TenantId, vault: &NewVault, found: Vault) -> Result<Vault>;
    }
}

pub(crate) const TENANT: &str = "99999999-0000-0000-0000-000000000000";

pub(crate) fn subscription(number: u8) -> SubscriptionId {
    format!("{number:08}-2222-3333-4444-555555555555").parse().expect("a subscription")
}

pub(crate) fn path(number: u8, vault: &str) -> StorePath {
    StorePath::new(
        subscription(number),
        "pki".parse().expect("a group"),
        vault.parse().expect("a vault name"),
    )
}

//! A control plane that answers reads and records changes.

use std::sync::Arc;

use async_trait::async_trait;

use super::describe;
use super::record::Plan;
use crate::change::Action;
use crate::directory::{NewVault, Region, Subscription, Vault, VaultDirectory, VaultId};
use crate::error::Result;
use crate::listing::Listing;
use crate::store_path::StorePath;
use crate::vault::{ResourceGroupName, SubscriptionId, TenantId};

pub(super) struct PlannedDirectory {
    inner: Arc<dyn VaultDirectory>,
    plan: Plan,
}

impl PlannedDirectory {
    pub(super) fn new(inner: Arc<dyn VaultDirectory>, plan: Plan) -> Self {
        Self { inner, plan }
    }
}

#[async_trait]
impl VaultDirectory for PlannedDirectory {
    async fn subscriptions(&self, tenant: &TenantId) -> Result<Listing<Subscription>> {
        self.inner.subscriptions(tenant).await
    }

    async fn vaults(
        &self,
        tenant: &TenantId,
        subscription: SubscriptionId,
    ) -> Result<Listing<StorePath>> {
        self.inner.vaults(tenant, subscription).await
    }

    async fn vault(&self, tenant: &TenantId, id: &VaultId) -> Result<Option<Vault>> {
        self.inner.vault(tenant, id).await
    }

    async fn resource_group_region(
        &self,
        tenant: &TenantId,
        subscription: SubscriptionId,
        group: &ResourceGroupName,
    ) -> Result<Option<Region>> {
        self.inner.resource_group_region(tenant, subscription, group).await
    }

    async fn create(&self, _tenant: &TenantId, vault: &NewVault) -> Result<Vault> {
        let NewVault { id, region, .. } = vault;
        self.plan.record(Action::CreateVault, &id.name, None, describe::vault(vault));
        self.plan.cannot_know(format!(
            "whether the name {} is free (vault names are unique worldwide)",
            id.name
        ));
        self.plan.will_have(id.name.clone());
        Ok(Vault {
            path: StorePath::new(id.subscription, id.resource_group.clone(), id.name.clone()),
            region: region.clone(),
            uri: None,
            provisioning_state: None,
        })
    }

    async fn ready(&self, tenant: &TenantId, vault: &NewVault, found: Vault) -> Result<Vault> {
        self.inner.ready(tenant, vault, found).await
    }
}

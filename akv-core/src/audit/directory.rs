//! A control plane whose changes are recorded.

use std::sync::Arc;

use async_trait::async_trait;

use super::event::State;
use super::record::{Audit, Change, Made};
use crate::change::Action;
use crate::directory::{NewVault, Region, Subscription, Vault, VaultDirectory, VaultId};
use crate::error::Result;
use crate::layer::Identity;
use crate::listing::Listing;
use crate::store_path::StorePath;
use crate::vault::{ResourceGroupName, SubscriptionId, TenantId};

pub(super) struct AuditedDirectory {
    inner: Arc<dyn VaultDirectory>,
    audit: Audit,
    identity: Arc<dyn Identity>,
}

impl AuditedDirectory {
    pub(super) fn new(
        inner: Arc<dyn VaultDirectory>,
        audit: Audit,
        identity: Arc<dyn Identity>,
    ) -> Self {
        Self { inner, audit, identity }
    }
}

#[async_trait]
impl VaultDirectory for AuditedDirectory {
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

    async fn create(&self, tenant: &TenantId, vault: &NewVault) -> Result<Vault> {
        let change = Change {
            action: Action::CreateVault,
            vault: &vault.id.name,
            name: None,
            before: State::default(),
        };
        let create = self.inner.create(tenant, vault);
        self.audit.record(change, &*self.identity, create, |_| Made::Done(State::default())).await
    }

    async fn ready(&self, tenant: &TenantId, vault: &NewVault, found: Vault) -> Result<Vault> {
        self.inner.ready(tenant, vault, found).await
    }
}

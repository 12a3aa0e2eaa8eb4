//! What stands between the jobs and the ports: a plan, an audit.

use std::sync::Arc;

use async_trait::async_trait;

use crate::certificate_requests::CertificateRequests;
use crate::directory::{
    NewVault, Region, Subscription, Vault, VaultDirectory, VaultId, VaultSettings,
};
use crate::error::Result;
use crate::listing::Listing;
use crate::store::CertificateStore;
use crate::store_path::StorePath;
use crate::vault::{ResourceGroupName, SubscriptionId, TenantId};
use crate::vault_query::VaultQuery;

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

    /// Stands in front of the certificates and the requests of one vault, which `identity` accesses.
    fn requests(
        &self,
        store: Arc<dyn CertificateStore>,
        requests: Arc<dyn CertificateRequests>,
        identity: Arc<dyn Identity>,
    ) -> (Arc<dyn CertificateStore>, Arc<dyn CertificateRequests>);
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

/// What a layer makes of the one change of the control plane.
#[async_trait]
pub(crate) trait CreateVault: Send + Sync {
    async fn create(
        &self,
        inner: &dyn VaultDirectory,
        tenant: &TenantId,
        vault: &NewVault,
    ) -> Result<Vault>;
}

/// A control plane behind a layer.
pub(crate) struct LayeredDirectory<L> {
    pub(crate) inner: Arc<dyn VaultDirectory>,
    pub(crate) layer: L,
}

#[async_trait]
impl<L: CreateVault> VaultDirectory for LayeredDirectory<L> {
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
        self.layer.create(&*self.inner, tenant, vault).await
    }

    async fn ready(&self, tenant: &TenantId, vault: &NewVault, found: Vault) -> Result<Vault> {
        self.inner.ready(tenant, vault, found).await
    }

    async fn settings(&self, tenant: &TenantId, id: &VaultId) -> Result<Option<VaultSettings>> {
        self.inner.settings(tenant, id).await
    }

    fn query(&self) -> Option<&dyn VaultQuery> {
        self.inner.query()
    }
}

//! A layer between the jobs and the ports: a plan or an audit.

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

/// Wraps the ports of jobs. The jobs' decisions do not depend on it.
pub trait Layer: Send + Sync {
    /// Wraps a vault that `identity` accesses.
    fn store(
        &self,
        store: Arc<dyn CertificateStore>,
        identity: Arc<dyn Identity>,
    ) -> Arc<dyn CertificateStore>;

    /// Wraps the control plane that `identity` accesses.
    fn directory(
        &self,
        directory: Arc<dyn VaultDirectory>,
        identity: Arc<dyn Identity>,
    ) -> Arc<dyn VaultDirectory>;

    /// Wraps the certificates and the requests of one vault that `identity` accesses.
    fn requests(
        &self,
        store: Arc<dyn CertificateStore>,
        requests: Arc<dyn CertificateRequests>,
        identity: Arc<dyn Identity>,
    ) -> (Arc<dyn CertificateStore>, Arc<dyn CertificateRequests>);
}

/// The identity that accesses a port.
#[async_trait]
pub trait Identity: Send + Sync {
    /// The application ID or, if there is none, the object ID. `None` if it is unknown.
    async fn id(&self) -> Option<String>;
}

/// A known or an unknown identity.
#[async_trait]
impl Identity for Option<String> {
    async fn id(&self) -> Option<String> {
        self.clone()
    }
}

/// Implements the only change of the control plane in a layer.
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

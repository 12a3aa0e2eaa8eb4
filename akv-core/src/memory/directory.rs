//! A control plane in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    Error, ErrorKind, Listing, NewVault, Region, ResourceGroupName, Result, StorePath,
    Subscription, SubscriptionId, TenantId, Vault, VaultDirectory, VaultId,
};
use async_trait::async_trait;

use crate::memory::script::{Often, Script};

/// A [`VaultDirectory`] in memory, with failures on demand.
///
/// ```
/// use akv_core::{Subscription, VaultDirectory};
/// use akv_core::memory::MemoryDirectory;
///
/// # futures::executor::block_on(async {
/// let tenant = "contoso.onmicrosoft.com".parse()?;
/// let id = "00000000-1111-2222-3333-444444444444".parse()?;
/// let subscription = Subscription::new(id, "Production", "Enabled");
/// let directory = MemoryDirectory::new().with_subscription(&tenant, subscription);
/// assert_eq!(directory.subscriptions(&tenant).await.map(|found| found.items.len()).ok(), Some(1));
/// # Ok::<(), akv_core::InvalidValue>(())
/// # })?;
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryDirectory(Mutex<State>);

/// A method of [`VaultDirectory`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DirectoryCall {
    /// `subscriptions`; its target is a tenant ID.
    Subscriptions,
    /// `vaults`; its target is a subscription ID.
    Vaults,
    /// `vault`; its target is a vault name.
    Vault,
    /// `resource_group_region`; its target is a group name.
    ResourceGroupRegion,
    /// `create`; its target is a vault name.
    Create,
}

#[derive(Debug, Default)]
struct State {
    /// Tenant (lower case) and subscription.
    subscriptions: Vec<(String, Subscription)>,
    groups: Vec<(SubscriptionId, ResourceGroupName, Region)>,
    /// By lower-case name: vault names are unique worldwide.
    vaults: BTreeMap<String, (VaultId, Vault)>,
    script: Script<DirectoryCall>,
}

impl MemoryDirectory {
    /// An empty control plane.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a subscription to a tenant.
    #[must_use]
    pub fn with_subscription(self, tenant: &TenantId, subscription: Subscription) -> Self {
        self.state().subscriptions.push((key_of(tenant.as_str()), subscription));
        self
    }

    /// Adds a resource group.
    #[must_use]
    pub fn with_group(self, id: SubscriptionId, group: ResourceGroupName, region: Region) -> Self {
        self.state().groups.push((id, group, region));
        self
    }

    /// Adds a vault.
    #[must_use]
    pub fn with_vault(self, id: VaultId, region: Region) -> Self {
        self.state().add(id, region);
        self
    }

    /// Makes a call fail from now on.
    pub fn fail(&self, call: DirectoryCall, error: Error) {
        self.state().script.fail(call, None, error, Often::Always);
    }

    /// The calls that fail from now on.
    pub fn failing_calls(&self) -> Vec<DirectoryCall> {
        self.state().script.failing()
    }

    /// The number of vault creations.
    pub fn created(&self) -> usize {
        self.calls().iter().filter(|(call, _)| *call == DirectoryCall::Create).count()
    }

    /// The calls so far, each with its target.
    pub fn calls(&self) -> Vec<(DirectoryCall, String)> {
        self.state().script.calls()
    }

    fn enter(&self, call: DirectoryCall, about: &str) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.script.enter(call, about)?;
        Ok(state)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every method leaves the state consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, id: VaultId, region: Region) -> Vault {
        let name = key_of(id.name.as_str());
        let vault = Vault::new(path_of(&id), region)
            .with_uri(format!("https://{name}.vault.azure.net"))
            .with_provisioning_state("Succeeded".to_owned());
        self.vaults.insert(name, (id, vault.clone()));
        vault
    }
}

#[async_trait]
impl VaultDirectory for MemoryDirectory {
    async fn subscriptions(&self, tenant: &TenantId) -> Result<Listing<Subscription>> {
        let state = self.enter(DirectoryCall::Subscriptions, tenant.as_str())?;
        let tenant = key_of(tenant.as_str());
        let own = state.subscriptions.iter().filter(|(owner, _)| *owner == tenant);
        Ok(own.map(|(_, subscription)| subscription.clone()).collect::<Vec<_>>().into())
    }

    async fn vaults(
        &self,
        _tenant: &TenantId,
        subscription: SubscriptionId,
    ) -> Result<Listing<StorePath>> {
        let state = self.enter(DirectoryCall::Vaults, &subscription.to_string())?;
        let own = state.vaults.values().filter(|(id, _)| id.subscription == subscription);
        Ok(own.map(|(_, vault)| vault.path.clone()).collect::<Vec<_>>().into())
    }

    async fn vault(&self, _tenant: &TenantId, id: &VaultId) -> Result<Option<Vault>> {
        let state = self.enter(DirectoryCall::Vault, id.name.as_str())?;
        let found = state.vaults.get(&key_of(id.name.as_str()));
        Ok(found.filter(|(own, _)| own == id).map(|(_, vault)| vault.clone()))
    }

    async fn resource_group_region(
        &self,
        _tenant: &TenantId,
        subscription: SubscriptionId,
        group: &ResourceGroupName,
    ) -> Result<Option<Region>> {
        let state = self.enter(DirectoryCall::ResourceGroupRegion, group.as_str())?;
        let found = state.groups.iter().find(|(id, name, _)| *id == subscription && name == group);
        Ok(found.map(|(_, _, region)| region.clone()))
    }

    async fn create(&self, _tenant: &TenantId, vault: &NewVault) -> Result<Vault> {
        let name = &vault.id.name;
        let mut state = self.enter(DirectoryCall::Create, name.as_str())?;
        let key = key_of(name.as_str());
        if state.vaults.get(&key).is_some_and(|(id, _)| *id != vault.id) {
            let operation = format!("create vault {}", vault.id);
            return Err(Error::new(ErrorKind::NameTaken, operation, "the name is in use"));
        }
        Ok(state.add(vault.id.clone(), vault.region.clone()))
    }

    async fn ready(&self, _tenant: &TenantId, _vault: &NewVault, found: Vault) -> Result<Vault> {
        Ok(found)
    }
}

fn path_of(id: &VaultId) -> StorePath {
    StorePath::new(id.subscription, id.resource_group.clone(), id.name.clone())
}

fn key_of(name: &str) -> String {
    name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    fn subscription(number: u8) -> SubscriptionId {
        let id = format!("00000000-1111-2222-3333-{number:012}");
        id.parse().expect("a subscription")
    }

    #[test]
    fn contents_are_found_by_tenant_subscription_and_id() {
        let tenant: TenantId = "contoso.com".parse().expect("a tenant");
        let other: TenantId = "fabrikam.com".parse().expect("a tenant");
        let (id, other_id) = (subscription(1), subscription(2));
        let group: ResourceGroupName = "pki-rg".parse().expect("a group");
        let region: Region = "westeurope".parse().expect("a region");
        let name = "contoso".parse().expect("a vault");
        let vault = VaultId { subscription: id, resource_group: group.clone(), name };
        let elsewhere = VaultId { subscription: other_id, ..vault.clone() };
        let directory = MemoryDirectory::new()
            .with_subscription(&tenant, Subscription::new(id, "Production", "Enabled"))
            .with_group(id, group.clone(), region.clone())
            .with_vault(vault.clone(), region.clone());

        let subscriptions = |tenant| block_on(directory.subscriptions(tenant)).expect("a list");
        assert_eq!(subscriptions(&tenant).items.len(), 1);
        assert!(subscriptions(&other).items.is_empty());
        let region_in = |id| block_on(directory.resource_group_region(&tenant, id, &group));
        assert_eq!(region_in(id).expect("read"), Some(region.clone()));
        assert_eq!(region_in(other_id).expect("read"), None);
        let vaults = |id| block_on(directory.vaults(&tenant, id)).expect("a list").items.len();
        assert_eq!((vaults(id), vaults(other_id)), (1, 0));
        let found = |id| block_on(directory.vault(&tenant, id)).expect("read").is_some();
        assert!(found(&vault) && !found(&elsewhere));
        let error = block_on(directory.create(&tenant, &NewVault::new(elsewhere, region)));
        assert_eq!(error.expect_err("the name is in use").kind(), ErrorKind::NameTaken);
    }
}

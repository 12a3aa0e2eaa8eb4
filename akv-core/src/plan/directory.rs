//! The plan of a new vault.

use async_trait::async_trait;

use super::describe;
use super::record::Plan;
use crate::change::Action;
use crate::directory::{NewVault, Vault, VaultDirectory};
use crate::error::Result;
use crate::layer::CreateVault;
use crate::store_path::StorePath;
use crate::vault::TenantId;

#[async_trait]
impl CreateVault for Plan {
    async fn create(
        &self,
        _inner: &dyn VaultDirectory,
        _tenant: &TenantId,
        vault: &NewVault,
    ) -> Result<Vault> {
        let NewVault { id, region, .. } = vault;
        self.record(Action::CreateVault, &id.name, None, describe::vault(vault));
        self.cannot_know(format!(
            "whether the name {} is free (vault names are unique worldwide)",
            id.name
        ));
        self.will_have(id.name.clone());
        let path = StorePath::new(id.subscription, id.resource_group.clone(), id.name.clone());
        Ok(Vault::new(path, region.clone()))
    }
}

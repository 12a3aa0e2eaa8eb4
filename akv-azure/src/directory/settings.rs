//! The settings of a vault that reports judge.

use akv_core::{PublicAccess, PurgeProtection, Result, TenantId, VaultId, VaultSettings};

use super::resource_manager::{ResourceManager, get};
use crate::api::ApiOperation;
use crate::exchange::{Deadline, Retry};
use crate::wire::settings::SetVault;

pub(super) async fn look(
    manager: &ResourceManager,
    tenant: &TenantId,
    id: &VaultId,
) -> Result<Option<VaultSettings>> {
    let operation = format!("read the settings of vault {id}");
    let pipeline = manager.pipeline(tenant, Some(id.subscription), &operation)?;
    let call = get(ApiOperation::GetVault, manager.vault_url(id), operation);
    let mut retry = Retry::new(Deadline::after(manager.deadline()));
    manager
        .find(&pipeline, call, &mut retry, |vault: SetVault| {
            let purge_protection =
                if vault.is_purge_protected() { PurgeProtection::On } else { PurgeProtection::Off };
            let public_access = if vault.is_open_to_every_network() {
                PublicAccess::Enabled
            } else {
                PublicAccess::Disabled
            };
            Ok(VaultSettings::new(purge_protection, public_access))
        })
        .await
}

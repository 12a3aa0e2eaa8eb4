//! Create: a vault that was not there before. An existing one is never altered.

use super::outcome::{Effect, Outcome};
use crate::directory::{NewVault, Region, VaultDirectory, VaultId, VaultOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::vault::TenantId;

/// A vault to be created.
#[derive(Debug, Clone)]
pub struct CreateRequest {
    /// Where and under which name.
    pub id: VaultId,
    /// In which region; the resource group's own where none is named.
    pub region: Option<Region>,
    /// All else.
    pub options: VaultOptions,
}

pub(super) async fn run(
    directory: &dyn VaultDirectory,
    tenant: Option<&TenantId>,
    request: &CreateRequest,
) -> Outcome {
    match create(directory, tenant, request).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::failure(error),
    }
}

async fn create(
    directory: &dyn VaultDirectory,
    tenant: Option<&TenantId>,
    request: &CreateRequest,
) -> Result<Outcome> {
    let id = &request.id;
    let tenant = tenant.ok_or_else(|| {
        Error::new(ErrorKind::Invalid, format!("create vault {id}"), "no tenant is named")
    })?;
    if let Some(existing) = directory.vault(tenant, id).await? {
        return Ok(Outcome::warning(
            Effect::Nothing,
            format!(
                "vault {} exists already, in {}: nothing was changed",
                existing.path, existing.region
            ),
        ));
    }
    let region = match &request.region {
        Some(region) => region.clone(),
        None => group_region(directory, tenant, id).await?,
    };
    let new = NewVault { id: id.clone(), region, options: request.options.clone() };
    let vault = directory.create(tenant, &new).await?;
    let access = match &request.options.access {
        crate::AccessModel::Rbac => {
            "access is by Azure role: assign \"Key Vault Certificates Officer\" on it to whoever \
             manages its certificates"
        }
        crate::AccessModel::Policies(objects) if objects.is_empty() => {
            "access is by access policy, and it has none: nobody can use it until one is added"
        }
        crate::AccessModel::Policies(_) => "access is by access policy, for the object ids named",
    };
    Ok(Outcome::success(
        Effect::Created { path: vault.path.clone() },
        format!("created vault {} ({}) in {}", vault.path, request.options.sku, vault.region),
    )
    .with_notes([access.to_owned()]))
}

async fn group_region(
    directory: &dyn VaultDirectory,
    tenant: &TenantId,
    id: &VaultId,
) -> Result<Region> {
    directory.resource_group_region(tenant, id.subscription, &id.resource_group).await?.ok_or_else(
        || {
            Error::new(
                ErrorKind::Absent,
                format!("create vault {id}"),
                format!("there is no resource group {}", id.resource_group),
            )
            .with_advice("create the resource group first, or correct the store path")
        },
    )
}

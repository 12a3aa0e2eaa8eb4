//! Create: creates a vault. An existing vault is never changed.

use super::outcome::{Effect, Outcome, Status};
use crate::directory::{NewVault, Region, Vault, VaultDirectory, VaultId, VaultOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::vault::TenantId;

/// A vault to create.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateRequest {
    /// Its location and name.
    pub id: VaultId,
    /// Its region; by default the region of the resource group.
    pub region: Option<Region>,
    /// Its settings.
    pub options: VaultOptions,
}

impl CreateRequest {
    /// Creates this vault in the region of its resource group, with default settings.
    pub fn new(id: VaultId) -> Self {
        Self { id, region: None, options: VaultOptions::default() }
    }
}

setters! {
    CreateRequest {
        with_region(region: impl Into<Option<Region>>),
        with_options(options: VaultOptions),
    }
}

/// Creates a vault and adds the opened certificate to it. An existing vault counts as created, so
/// only the outcome of the addition matters. A newly created vault is not removed after a failure,
/// and the outcome reports it.
pub(super) async fn and_add(created: Outcome, added: impl Future<Output = Outcome>) -> Outcome {
    match created.status() {
        Status::Failure => created,
        Status::Warning => added.await,
        Status::Success => added.await.after(&created),
    }
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
        Error::new(ErrorKind::Invalid, format!("create vault {id}"), "no tenant is configured")
    })?;
    if let Some(existing) = directory.vault(tenant, id).await? {
        let existing = if is_in_the_making(&existing) {
            let region = existing.region.clone();
            let ordered = NewVault { id: id.clone(), region, options: request.options.clone() };
            directory.ready(tenant, &ordered, existing).await?
        } else {
            existing
        };
        return Ok(Outcome::warning(
            Effect::Nothing,
            format!(
                "vault {} already exists, in {}: nothing was changed",
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
            "it uses Azure RBAC: assign the role \"Key Vault Certificates Officer\" on it to \
             manage its certificates"
        }
        crate::AccessModel::Policies(objects) if objects.is_empty() => {
            "it uses access policies and has none: add one to grant access"
        }
        crate::AccessModel::Policies(_) => "it uses access policies, for the given object IDs",
    };
    Ok(Outcome::success(
        Effect::Created { path: vault.path.clone() },
        format!("created vault {} ({}) in {}", vault.path, request.options.sku, vault.region),
    )
    .with_notes([access.to_owned()]))
}

/// An earlier attempt may have started its creation; nothing can be added to it yet.
fn is_in_the_making(vault: &Vault) -> bool {
    let state = vault.provisioning_state.as_deref();
    !matches!(state, None | Some("Succeeded" | "Failed" | "Canceled"))
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
                format!("resource group {} does not exist", id.resource_group),
            )
            .with_advice("create the resource group first, or correct the store path")
        },
    )
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::error::Denial;
    use crate::job::Status;
    use crate::job::mock_directory::{MockDirectory, TENANT, path};

    fn vault(region: &Region) -> Vault {
        Vault {
            path: path(1, "contoso"),
            region: region.clone(),
            uri: None,
            provisioning_state: Some("Succeeded".into()),
        }
    }

    fn region(name: &str) -> Region {
        name.parse().expect("a region")
    }

    fn create(directory: &MockDirectory, in_region: Option<&str>) -> Outcome {
        let request = CreateRequest {
            id: (&path(1, "contoso")).try_into().expect("a full path"),
            region: in_region.map(region),
            options: VaultOptions::default(),
        };
        block_on(run(directory, TENANT.parse().ok().as_ref(), &request))
    }

    #[test]
    fn an_existing_vault_is_a_warning_and_is_not_touched() {
        let mut directory = MockDirectory::new();
        directory.expect_vault().returning(|_, _| Ok(Some(vault(&region("westeurope")))));
        directory.expect_create().never();
        let outcome = create(&directory, None);
        assert_eq!((outcome.status(), outcome.effect()), (Status::Warning, &Effect::Nothing));
        assert!(outcome.message().contains("already exists, in westeurope: nothing was changed"));
    }

    #[test]
    fn a_vault_in_the_making_is_waited_for() {
        for (state, waits) in [("RegisteringDns", 1), ("Succeeded", 0), ("Failed", 0)] {
            let mut directory = MockDirectory::new();
            let found =
                Vault { provisioning_state: Some(state.into()), ..vault(&region("eastus")) };
            directory.expect_vault().returning(move |_, _| Ok(Some(found.clone())));
            directory.expect_create().never();
            directory.expect_ready().times(waits).returning(|_, _, found| Ok(found));
            assert_eq!(create(&directory, None).status(), Status::Warning, "{state}");
        }
    }

    #[test]
    fn denied_read_prevents_the_creation() {
        let mut directory = MockDirectory::new();
        directory.expect_vault().returning(|_, _| {
            Err(Error::new(ErrorKind::Denied(Denial::Rbac), "get vault contoso", "not allowed"))
        });
        directory.expect_create().never();
        assert_eq!(create(&directory, None).status(), Status::Failure);
    }

    #[test]
    fn the_region_is_the_one_named_or_else_the_groups_own() {
        for (named, expected) in [(Some("East US"), "eastus"), (None, "westeurope")] {
            let mut directory = MockDirectory::new();
            directory.expect_vault().returning(|_, _| Ok(None));
            directory
                .expect_resource_group_region()
                .returning(|_, _, _| Ok(Some(region("westeurope"))));
            directory
                .expect_create()
                .once()
                .withf(move |_, new| new.region.as_str() == expected)
                .returning(|_, new| Ok(vault(&new.region)));
            assert_eq!(create(&directory, named).status(), Status::Success);
        }
    }

    #[test]
    fn a_missing_resource_group_is_named() {
        let mut directory = MockDirectory::new();
        directory.expect_vault().returning(|_, _| Ok(None));
        directory.expect_resource_group_region().returning(|_, _, _| Ok(None));
        directory.expect_create().never();
        let outcome = create(&directory, None);
        assert_eq!(outcome.status(), Status::Failure);
        assert!(outcome.message().contains("resource group pki does not exist"));
    }
}

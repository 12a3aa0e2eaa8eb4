//! Create a vault, until it answers.

use std::time::Duration;

use akv_core::{Error, ErrorKind, NewVault, PublicAccess, Result, TenantId, Vault, VaultId};
use azure_core::http::Method;
use bytes::Bytes;

use super::{ResourceManager, SUBSCRIPTIONS, VAULTS, described};
use crate::operation::Operation;
use crate::page::{read, unreadable};
use crate::pipeline::{Call, Deadline, Origin, Pacing, Pipeline, Retry};
use crate::wire;

pub(super) async fn run(
    manager: &ResourceManager,
    tenant: &TenantId,
    vault: &NewVault,
) -> Result<Vault> {
    let id = &vault.id;
    let tried = format!("create vault {id}");
    let pipeline = manager.pipeline(tenant, Some(id.subscription), &tried)?;
    let mut retry = Retry::new(Deadline::after(manager.deadline()));
    let tenant_id = tenant_guid(manager, &pipeline, tenant, id, &tried, &mut retry).await?;
    let body = serde_json::to_vec(&wire::vault::Creation::new(vault, tenant_id))
        .map_err(|error| unreadable(&tried, &error))?;
    let call = Call::new(Operation::CreateVault, Method::Put, manager.vault_url(id), tried.clone())
        .with_body(Bytes::from(body));
    let created = match pipeline.send(&call, &mut retry).await.map_err(Error::from) {
        Ok(answer) => described(read(&answer, &tried)?, &tried)?,
        Err(error) if error.kind() == ErrorKind::NameTaken => {
            return Err(held_by_deleted(manager, &pipeline, vault, retry).await.unwrap_or(error));
        }
        Err(error) => return Err(error),
    };
    let created = provisioned(manager, &pipeline, id, &tried, &retry, created).await?;
    if vault.options.public_access == PublicAccess::Enabled {
        answering(manager, id, &tried, &retry).await?;
    }
    Ok(created)
}

/// The body of a vault takes no domain name, so Resource Manager is asked where that is all we have.
async fn tenant_guid(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    tenant: &TenantId,
    id: &VaultId,
    tried: &str,
    retry: &mut Retry,
) -> Result<String> {
    if let Some(guid) = tenant.as_guid() {
        return Ok(guid.to_string());
    }
    let subscription = id.subscription.to_string();
    let url = manager.url(&["subscriptions", &subscription], SUBSCRIPTIONS);
    let operation = Operation::GetSubscription;
    let found: Option<wire::subscription::Subscription> =
        manager.find(pipeline, operation, url, tried.to_owned(), retry).await?;
    found.and_then(|it| it.tenant_id).ok_or_else(|| {
        let problem = format!("the GUID of tenant {tenant} could not be found out");
        Error::new(ErrorKind::Invalid, tried, problem).with_advice("give the tenant's GUID")
    })
}

/// Whether the name is held by a vault of this subscription and region in soft delete. Who may not
/// look is left with what the service said.
async fn held_by_deleted(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    vault: &NewVault,
    mut retry: Retry,
) -> Option<Error> {
    let NewVault { id, region, .. } = vault;
    let tried = format!("create vault {id}");
    let subscription = id.subscription.to_string();
    let path = [
        "subscriptions",
        &subscription,
        "providers",
        "Microsoft.KeyVault",
        "locations",
        region.as_str(),
        "deletedVaults",
        id.name.as_str(),
    ];
    let url = manager.url(&path, VAULTS);
    let operation = Operation::GetDeletedVault;
    let found: Option<wire::vault::DeletedVault> =
        manager.find(pipeline, operation, url, tried.clone(), &mut retry).await.ok()?;
    let until = found?.properties.scheduled_purge_date;
    let until = until.map(|date| format!(" until {date}")).unwrap_or_default();
    let problem = format!("the name is held by a vault of this subscription in soft delete{until}");
    Some(Error::new(ErrorKind::SoftDeleted, tried, problem).with_advice(
        "recover it (az keyvault recover) or purge it (az keyvault purge), or choose another name",
    ))
}

/// Polls until Resource Manager says that the vault is there.
async fn provisioned(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    id: &VaultId,
    tried: &str,
    retry: &Retry,
    mut vault: Vault,
) -> Result<Vault> {
    loop {
        match vault.provisioning_state.as_deref() {
            None | Some("Succeeded") => return Ok(vault),
            Some(failed @ ("Failed" | "Canceled")) => {
                let problem = format!("the service ended it as {failed}");
                return Err(Error::new(ErrorKind::Unavailable, tried, problem));
            }
            Some(_) => {}
        }
        pause(pipeline, tried, retry).await?;
        let mut looking = Retry::new(retry.deadline());
        if let Some(seen) = manager.look(pipeline, id, &mut looking).await? {
            vault = seen;
        }
    }
}

/// Asks the vault itself for a sign of life, without a token, until its name resolves and somebody
/// answers. A refusal is an answer too.
async fn answering(
    manager: &ResourceManager,
    id: &VaultId,
    tried: &str,
    retry: &Retry,
) -> Result<()> {
    let cloud = &manager.0.cloud;
    let base = format!("https://{}.{}", id.name, cloud.vault_suffix);
    let origin = Origin::new("cloud's vault suffix", &base)?;
    let url = origin.url(&["healthstatus"], &[]);
    let pipeline = Pipeline {
        transport: manager.0.shared.transport(cloud)?,
        origin,
        tokens: None,
        pacing: Pacing::Free,
        cancellation: manager.0.shared.cancellation(),
    };
    let call = Call::new(Operation::CheckHealth, Method::Get, url, tried.to_owned());
    loop {
        let mut looking = Retry::new(retry.deadline().within(POLL));
        match pipeline.send(&call, &mut looking).await.map_err(Error::from) {
            Ok(_) => return Ok(()),
            Err(error) if error.reply().is_some_and(|reply| reply.status < 500) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(_) => pause(&pipeline, tried, retry).await?,
        }
    }
}

async fn pause(pipeline: &Pipeline, tried: &str, retry: &Retry) -> Result<()> {
    if !retry.deadline().allows(POLL) {
        let seconds = retry.deadline().total().as_secs();
        let problem =
            format!("the service made it, but it did not answer within {seconds} seconds");
        return Err(Error::new(ErrorKind::TimedOut, tried, problem).with_advice(
            "its name may need some minutes until it resolves: nothing is to be done",
        ));
    }
    pipeline.sleep(tried, POLL).await
}

/// Between looks at a vault in the making.
const POLL: Duration = Duration::from_secs(2);

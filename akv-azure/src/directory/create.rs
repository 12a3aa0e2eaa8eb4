//! Create a vault, until it answers.

use akv_core::{Error, ErrorKind, NewVault, PublicAccess, Result, TenantId, Vault, VaultId};
use azure_core::http::Method;
use bytes::Bytes;

use super::{ONE_OBJECT, ResourceManager, SUBSCRIPTIONS, VAULTS, described, get, read_as};
use crate::lost::{Again, Lost, POLL};
use crate::operation::Operation;
use crate::page::unreadable;
use crate::pipeline::{Call, Deadline, Failed, Origin, Pacing, Pipeline, Retry};
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
        .with_body(Bytes::from(body))
        .with_limit(ONE_OBJECT);
    let created = accepted(manager, &pipeline, vault, &call, &mut retry).await?;
    ready(manager, &pipeline, vault, &tried, &retry, created).await
}

/// Waits for a vault that somebody has ordered already.
pub(super) async fn awaited(
    manager: &ResourceManager,
    tenant: &TenantId,
    vault: &NewVault,
    found: Vault,
) -> Result<Vault> {
    let tried = format!("wait for vault {}", vault.id);
    let pipeline = manager.pipeline(tenant, Some(vault.id.subscription), &tried)?;
    let retry = Retry::new(Deadline::after(manager.deadline()));
    ready(manager, &pipeline, vault, &tried, &retry, found).await
}

async fn ready(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    vault: &NewVault,
    tried: &str,
    retry: &Retry,
    made: Vault,
) -> Result<Vault> {
    let made = provisioned(manager, pipeline, &vault.id, tried, retry, made).await?;
    if vault.options.public_access == PublicAccess::Enabled {
        let answers = answering(manager, &vault.id, tried, retry).await;
        answers.map_err(|error| but(tried, &error))?;
    }
    Ok(made)
}

/// Sends the order until it is known that the service took it. After a lost reply the vault is
/// looked for first.
async fn accepted(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    vault: &NewVault,
    call: &Call,
    retry: &mut Retry,
) -> Result<Vault> {
    let id = &vault.id;
    let look = format!("look whether vault {id} is there before trying again");
    let mut lost = Lost::new("the service made the vault", look);
    loop {
        let (error, failure) = match pipeline.send(call, retry).await {
            Ok(answer) => match read_as(&answer, &call.tried, described) {
                Ok(made) => return Ok(made),
                Err(unreadable) => (unreadable, None),
            },
            Err(Failed::Known(error)) if error.kind() == ErrorKind::NameTaken => {
                let retry = Retry::new(retry.deadline());
                return Err(held_by_deleted(manager, pipeline, vault, retry)
                    .await
                    .unwrap_or(error));
            }
            Err(Failed::Known(error)) => return Err(lost.told(error)),
            Err(Failed::Unknown(error, failure)) => (error, Some(failure)),
        };
        let again = lost.wait(pipeline, call, retry, failure.as_ref(), &error).await?;
        match manager.look(pipeline, id, &mut Retry::new(retry.deadline())).await {
            Ok(Some(made)) => return Ok(made),
            Ok(None) if again == Again::Yes => {}
            Ok(None) => return Err(lost.unknown(&error)),
            Err(looking) => return Err(lost.unknown(&error).with_source(looking)),
        }
    }
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
    let call = get(Operation::GetSubscription, url, tried.to_owned());
    let found = manager
        .find(pipeline, call, retry, |it: wire::subscription::Subscription| Ok(it.tenant_id))
        .await?;
    found.flatten().ok_or_else(|| {
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
    let call = get(Operation::GetDeletedVault, url, tried.clone());
    let found = manager
        .find(pipeline, call, &mut retry, |it: wire::vault::DeletedVault| Ok(it.properties))
        .await
        .ok()?;
    let until = found?.scheduled_purge_date.filter(|date| is_date(date));
    let until = until.map(|date| format!(" until {date}")).unwrap_or_default();
    let problem = format!("the name is held by a vault of this subscription in soft delete{until}");
    Some(Error::new(ErrorKind::SoftDeleted, tried, problem).with_advice(
        "recover it (az keyvault recover) or purge it (az keyvault purge), or choose another name",
    ))
}

fn is_date(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|b| b.is_ascii_digit() || b"TZ:.+-".contains(&b))
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
        pause(pipeline, tried, retry).await.map_err(|error| but(tried, &error))?;
        let mut looking = Retry::new(retry.deadline());
        let looked = manager.look(pipeline, id, &mut looking).await;
        if let Some(seen) = looked.map_err(|error| but(tried, &error))? {
            vault = seen;
        }
    }
}

/// What failed after the service had taken the order.
fn but(tried: &str, error: &Error) -> Error {
    let told = format!("the service made it, but it is not known whether it is ready: {error}");
    Error::new(error.kind(), tried, told)
}

/// Asks the vault itself for a sign of life, without a token, until its name resolves and it
/// answers. A refusal in its own words is an answer too; whatever a proxy says is none.
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
        audience: None,
        pacing: Pacing::Free,
        cancellation: manager.0.shared.cancellation(),
    };
    let call = Call::new(Operation::CheckHealth, Method::Get, url, tried.to_owned());
    loop {
        let mut looking = Retry::new(retry.deadline().within(POLL));
        match pipeline.send(&call, &mut looking).await.map_err(Error::from) {
            Ok(answer) if is_health(answer.body()) => return Ok(()),
            Err(error) if is_vaults_own(&error) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Ok(_) | Err(_) => pause(&pipeline, tried, retry).await?,
        }
    }
}

/// The health of a vault is told in four bytes; a proxy's page is longer.
fn is_health(body: &[u8]) -> bool {
    body.len() <= HEALTH && !body.trim_ascii_start().starts_with(b"<")
}

fn is_vaults_own(error: &Error) -> bool {
    // Without its vault, the service says so itself.
    error.kind() != ErrorKind::Unavailable
        && error.reply().is_some_and(|it| it.code.is_some() && (400..500).contains(&it.status))
}

async fn pause(pipeline: &Pipeline, tried: &str, retry: &Retry) -> Result<()> {
    if !retry.deadline().allows(POLL) {
        let seconds = retry.deadline().total().as_secs();
        let problem = format!("it did not answer within {seconds} seconds");
        return Err(Error::new(ErrorKind::TimedOut, tried, problem).with_advice(
            "its name may need some minutes until it resolves: nothing is to be done",
        ));
    }
    pipeline.sleep(tried, POLL).await
}

/// As long as the answer about a vault's health may be, in bytes.
const HEALTH: usize = 64;

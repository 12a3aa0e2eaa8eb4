//! Creates a vault and waits until it answers.

use akv_core::{Error, ErrorKind, NewVault, PublicAccess, Result, TenantId, Vault, VaultId};
use async_trait::async_trait;
use azure_core::http::Method;
use bytes::Bytes;

use super::resource_manager::{ONE_OBJECT, ResourceManager, described, get, read_as};
use crate::api::{ApiOperation, version};
use crate::exchange::{Answer, Deadline, Origin, Retry};
use crate::page::unreadable;
use crate::pipeline::{Call, Pacing, Pipeline};
use crate::uncertain::{Change, POLL, Rejected, UncertainOutcome};
use crate::wire;

pub(super) async fn run(
    manager: &ResourceManager,
    tenant: &TenantId,
    vault: &NewVault,
) -> Result<Vault> {
    let id = &vault.id;
    let operation = format!("create vault {id}");
    let pipeline = manager.pipeline(tenant, Some(id.subscription), &operation)?;
    let mut retry = Retry::new(Deadline::after(manager.deadline()));
    let tenant_id = tenant_guid(manager, &pipeline, tenant, id, &operation, &mut retry).await?;
    let body = serde_json::to_vec(&wire::vault::Creation::new(vault, tenant_id))
        .map_err(|error| unreadable(&operation, &error))?;
    let call =
        Call::new(ApiOperation::CreateVault, Method::Put, manager.vault_url(id), operation.clone())
            .with_body(Bytes::from(body))
            .with_limit(ONE_OBJECT);
    let created = accepted(manager, &pipeline, vault, &call, &mut retry).await?;
    ready(manager, &pipeline, vault, &operation, &retry, created).await
}

/// Waits for a vault whose creation is already under way.
pub(super) async fn awaited(
    manager: &ResourceManager,
    tenant: &TenantId,
    vault: &NewVault,
    found: Vault,
) -> Result<Vault> {
    let operation = format!("wait for vault {}", vault.id);
    let pipeline = manager.pipeline(tenant, Some(vault.id.subscription), &operation)?;
    let retry = Retry::new(Deadline::after(manager.deadline()));
    ready(manager, &pipeline, vault, &operation, &retry, found).await
}

async fn ready(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    vault: &NewVault,
    operation: &str,
    retry: &Retry,
    made: Vault,
) -> Result<Vault> {
    let made = provisioned(manager, pipeline, &vault.id, operation, retry, made).await?;
    if vault.options.public_access == PublicAccess::Enabled {
        let answers = answering(manager, &vault.id, operation, retry).await;
        answers.map_err(|error| but(operation, &error))?;
    }
    Ok(made)
}

/// Sends the request until the service has accepted it. After a lost reply, looks for the vault
/// first.
async fn accepted(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    vault: &NewVault,
    call: &Call,
    retry: &mut Retry,
) -> Result<Vault> {
    let look = format!("check whether vault {} exists before you retry", vault.id);
    let mut outcome = UncertainOutcome::new("the service created the vault", look);
    let mut change = Creation { manager, pipeline, vault, operation: &call.operation };
    outcome.settle(pipeline, pipeline, call, retry, &mut change).await
}

struct Creation<'a> {
    manager: &'a ResourceManager,
    pipeline: &'a Pipeline,
    vault: &'a NewVault,
    operation: &'a str,
}

#[async_trait]
impl Change for Creation<'_> {
    type Outcome = Vault;

    fn accepted(&mut self, answer: Result<Answer>) -> Result<Vault> {
        read_as(&answer?, self.operation, described)
    }

    async fn rejected(&mut self, error: Error, _: bool, deadline: Deadline) -> Rejected<Vault> {
        if error.kind() != ErrorKind::NameTaken {
            return Rejected::Failed(error);
        }
        let Self { manager, pipeline, vault, .. } = self;
        let held = held_by_deleted(manager, pipeline, vault, Retry::new(deadline)).await;
        Rejected::Failed(held.unwrap_or(error))
    }

    async fn look(&mut self, mut retry: Retry) -> Result<Option<Vault>> {
        self.manager.look(self.pipeline, &self.vault.id, &mut retry).await
    }
}

/// The body of a vault accepts no domain name, so Resource Manager resolves a tenant's domain name.
async fn tenant_guid(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    tenant: &TenantId,
    id: &VaultId,
    operation: &str,
    retry: &mut Retry,
) -> Result<String> {
    if let Some(guid) = tenant.as_guid() {
        return Ok(guid.to_string());
    }
    let subscription = id.subscription.to_string();
    let url = manager.url(&["subscriptions", &subscription], version::SUBSCRIPTIONS);
    let call = get(ApiOperation::GetSubscription, url, operation.to_owned());
    let found = manager
        .find(pipeline, call, retry, |it: wire::subscription::Subscription| Ok(it.tenant_id))
        .await?;
    found.flatten().ok_or_else(|| {
        let problem = format!("cannot determine the GUID of tenant {tenant}");
        Error::new(ErrorKind::Invalid, operation, problem).with_advice("use the GUID of the tenant")
    })
}

/// Whether a soft-deleted vault of this subscription and region holds the name. Without the
/// permission to look, the service's own error stands.
async fn held_by_deleted(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    vault: &NewVault,
    mut retry: Retry,
) -> Option<Error> {
    let NewVault { id, region, .. } = vault;
    let operation = format!("create vault {id}");
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
    let url = manager.url(&path, version::VAULTS);
    let call = get(ApiOperation::GetDeletedVault, url, operation.clone());
    let found = manager
        .find(pipeline, call, &mut retry, |it: wire::vault::DeletedVault| Ok(it.properties))
        .await
        .ok()?;
    let until = found?.scheduled_purge_date.filter(|date| is_date(date));
    let until = until.map(|date| format!(" until {date}")).unwrap_or_default();
    let problem = format!("a soft-deleted vault of this subscription has this name{until}");
    Some(Error::new(ErrorKind::SoftDeleted, operation, problem).with_advice(
        "recover it (az keyvault recover) or purge it (az keyvault purge), or choose another name",
    ))
}

fn is_date(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|b| b.is_ascii_digit() || b"TZ:.+-".contains(&b))
}

/// Polls until Resource Manager reports that the vault is provisioned.
async fn provisioned(
    manager: &ResourceManager,
    pipeline: &Pipeline,
    id: &VaultId,
    operation: &str,
    retry: &Retry,
    mut vault: Vault,
) -> Result<Vault> {
    loop {
        match vault.provisioning_state.as_deref() {
            None | Some("Succeeded") => return Ok(vault),
            Some(failed @ ("Failed" | "Canceled")) => {
                let problem = format!("the operation ended with the state {failed}");
                return Err(Error::new(ErrorKind::Unavailable, operation, problem));
            }
            Some(_) => {}
        }
        pause(pipeline, operation, retry).await.map_err(|error| but(operation, &error))?;
        let mut looking = Retry::new(retry.deadline());
        let looked = manager.look(pipeline, id, &mut looking).await;
        if let Some(seen) = looked.map_err(|error| but(operation, &error))? {
            vault = seen;
        }
    }
}

/// An error after the service accepted the creation.
fn but(operation: &str, error: &Error) -> Error {
    let message = format!(
        "the service created the vault, but akv could not check whether it is \
                        ready: {error}"
    );
    Error::new(error.kind(), operation, message).after_acceptance()
}

/// Calls the vault's health endpoint without a token until its name resolves and it answers. An
/// error response from the service counts as an answer; a response from a proxy does not.
async fn answering(
    manager: &ResourceManager,
    id: &VaultId,
    operation: &str,
    retry: &Retry,
) -> Result<()> {
    let cloud = manager.cloud();
    let base = format!("https://{}.{}", id.name, cloud.vault_suffix);
    let origin = Origin::new("cloud's vault suffix", &base)?;
    let url = origin.url(&["healthstatus"], &[]);
    let pipeline = Pipeline {
        transport: manager.shared().transport(cloud)?,
        origin,
        tokens: None,
        audience: None,
        pacing: Pacing::Free,
        cancellation: manager.shared().cancellation(),
    };
    let call = Call::new(ApiOperation::CheckHealth, Method::Get, url, operation.to_owned());
    loop {
        let mut looking = Retry::new(retry.deadline().within(POLL));
        match pipeline.send(&call, &mut looking).await.map_err(Error::from) {
            Ok(answer) if is_health(answer.body()) => return Ok(()),
            Err(error) if is_vaults_own(&error) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Ok(_) | Err(_) => pause(&pipeline, operation, retry).await?,
        }
    }
}

/// A vault reports its health in four bytes; a proxy's page is longer.
fn is_health(body: &[u8]) -> bool {
    body.len() <= HEALTH && !body.trim_ascii_start().starts_with(b"<")
}

fn is_vaults_own(error: &Error) -> bool {
    // If the vault is missing, the service says so itself.
    error.kind() != ErrorKind::Unavailable
        && error.reply().is_some_and(|it| it.code.is_some() && (400..500).contains(&it.status))
}

async fn pause(pipeline: &Pipeline, operation: &str, retry: &Retry) -> Result<()> {
    if !retry.deadline().allows(POLL) {
        let seconds = retry.deadline().total().as_secs();
        let problem = format!("it did not respond within {seconds} seconds");
        return Err(Error::new(ErrorKind::TimedOut, operation, problem).with_advice(
            "DNS for a new vault can take a few minutes to propagate; no action needed",
        ));
    }
    pipeline.sleep(operation, POLL).await
}

/// The largest health answer, in bytes.
const HEALTH: usize = 64;

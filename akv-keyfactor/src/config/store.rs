//! The address of a job's store, and the credential for it.

use akv_core::{Cloud, Credential, StoreAddress, StorePath, TenantId};

use super::credentials::{Identity, identity};
use super::endpoint;
use super::store_properties::StoreProperties;
use crate::document::{Member, Object};
use crate::options::Options;
use crate::problem::Problem;

/// A store with everything that its jobs need.
pub(crate) struct Store {
    pub(crate) address: StoreAddress,
    pub(crate) credential: Credential,
    pub(crate) properties: StoreProperties,
}

impl Store {
    pub(crate) async fn of(job: &Object<'_>, options: &Options) -> Result<Self, Problem> {
        let member = job.member("CertificateStoreDetails");
        if !member.is_present() {
            return Err(member.missing("the store's ClientMachine, StorePath and Properties"));
        }
        let details = member.object()?;
        let properties = StoreProperties::of(&details, options)?;
        let mut address = StoreAddress::new(path(&details, &properties)?)
            .with_cloud(properties.cloud.clone().unwrap_or_else(Cloud::public))
            .with_private_endpoint(properties.private_endpoint.clone());
        // The endpoint is validated before any secret is resolved.
        let host = address
            .vault_host()
            .map_err(|invalid| Problem::of_value(details.member("StorePath").path(), &invalid))?;
        let Identity { credential, origin } = identity(job, options).await?;
        endpoint::check(&address, &host, origin, options)?;
        let machine = details.member("ClientMachine");
        address.tenant = tenant(&machine, &properties, &credential, options)?;
        Ok(Self { address, credential, properties })
    }
}

/// The path of a job's store, if the job names one.
pub(crate) fn path_of(job: &Object<'_>) -> Result<Option<StorePath>, Problem> {
    let member = job.member("CertificateStoreDetails");
    if !member.is_present() {
        return Ok(None);
    }
    let details = member.object()?;
    let properties = StoreProperties::of(&details, &Options::default())?;
    path(&details, &properties).map(Some)
}

/// The store path; older properties override its parts.
fn path(details: &Object<'_>, properties: &StoreProperties) -> Result<StorePath, Problem> {
    let member = details.member("StorePath");
    let StoreProperties { subscription, resource_group, vault, .. } = properties.clone();
    let path: StorePath = match (member.parsed()?, &vault) {
        (Some(path), _) => path,
        (None, Some(vault)) => {
            vault.as_str().parse().map_err(|invalid| Problem::of_value(member.path(), &invalid))?
        }
        (None, None) => {
            return Err(member.missing(
                "subscription:resource-group:vault, the vault's resource id, its URL or its name",
            ));
        }
    };
    Ok(path.with_overrides(subscription, resource_group, vault))
}

/// The tenant in the documented order: `ClientMachine`, the property `TenantId`, the program's own
/// tenant.
///
/// A managed identity needs no tenant, and its stores often have a display name in `ClientMachine`:
/// such a value is ignored if it is not a tenant ID.
fn tenant(
    client_machine: &Member<'_>,
    properties: &StoreProperties,
    credential: &Credential,
    options: &Options,
) -> Result<Option<TenantId>, Problem> {
    let fallback = || properties.tenant.clone().or_else(|| options.tenant.clone());
    let needed = credential.needs_tenant();
    match client_machine.parsed::<TenantId>() {
        Ok(Some(tenant)) => Ok(Some(tenant)),
        Ok(None) => match fallback() {
            None if needed => Err(client_machine.missing(
                "the tenant ID (or the store property TenantId), because a service principal \
                 signs in to a tenant",
            )),
            found => Ok(found),
        },
        Err(problem) if needed => fallback().map(Some).ok_or(problem),
        Err(_) => Ok(fallback()),
    }
}

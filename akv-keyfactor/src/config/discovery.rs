//! The configuration of a discovery job. It is about no store, so it has no store properties.

use std::collections::HashSet;

use akv_core::job::DiscoveryRequest;
use akv_core::{Cloud, Credential, TenantId};

use super::credentials::credential;
use super::document::{Member, Object};
use super::problem::Problem;
use crate::options::Options;

/// A search for stores.
pub(crate) struct Discovery {
    pub(crate) cloud: Cloud,
    pub(crate) credential: Credential,
    pub(crate) request: DiscoveryRequest,
}

impl Discovery {
    pub(crate) async fn of(job: &Object<'_>, options: &Options) -> Result<Self, Problem> {
        let nested = job.member("JobProperties").object_or_text()?;
        let directories = nested.object().member("dirs");
        let credential = match &options.credential {
            Some(credential) => credential.clone(),
            None => credential(job, &*options.secrets).await?,
        };
        let mut tenants = named_tenants(&directories)?;
        if tenants.is_empty() {
            let machine = job.member("ClientMachine");
            let tenant = machine.parsed()?.or_else(|| options.tenant.clone());
            tenants.push(tenant.ok_or_else(|| {
                machine.missing(format!(
                    "the tenant to search, there or (several, with commas) in {}, which Command \
                     calls \"Directories to search\"",
                    directories.path()
                ))
            })?);
        }
        Ok(Self {
            cloud: options.cloud.clone().unwrap_or_else(Cloud::public),
            credential,
            request: DiscoveryRequest { tenants },
        })
    }
}

/// The tenants in the order given, each once. Where any is named, the one in `ClientMachine` is not
/// searched.
fn named_tenants(directories: &Member<'_>) -> Result<Vec<TenantId>, Problem> {
    let text = directories.text()?.unwrap_or_default();
    let mut seen = HashSet::new();
    let mut tenants = Vec::new();
    for (at, part) in text.split(',').map(str::trim).enumerate() {
        if part.is_empty() {
            continue;
        }
        let tenant: TenantId = part.parse().map_err(|_| {
            directories.invalid(format!(
                "tenant ids (GUIDs or domain names) with commas between them, and number {} is none",
                at + 1
            ))
        })?;
        if seen.insert(tenant.clone()) {
            tenants.push(tenant);
        }
    }
    Ok(tenants)
}

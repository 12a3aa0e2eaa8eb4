//! The configuration of a discovery job. It belongs to no store, so it has no store properties.

use std::collections::HashSet;

use akv_core::job::DiscoveryRequest;
use akv_core::{Cloud, Credential, TenantId};

use super::credentials::identity;
use crate::document::{Member, Object};
use crate::options::Options;
use crate::problem::Problem;

/// A search for stores.
pub(crate) struct Discovery {
    pub(crate) cloud: Cloud,
    pub(crate) credential: Credential,
    pub(crate) request: DiscoveryRequest,
    /// Messages about entries that are not tenants; the other entries are searched anyway.
    pub(crate) misnamed: Vec<String>,
}

impl Discovery {
    pub(crate) async fn of(job: &Object<'_>, options: &Options) -> Result<Self, Problem> {
        let nested = job.member("JobProperties").object_or_text()?;
        let directories = nested.object()?.member("dirs");
        let credential = identity(job, options).await?.credential;
        let (mut tenants, misnamed) = named_tenants(&directories)?;
        if tenants.is_empty() {
            let machine = job.member("ClientMachine");
            let tenant = machine.parsed()?.or_else(|| options.tenant.clone());
            tenants.push(tenant.ok_or_else(|| {
                machine.missing(format!(
                    "the tenant to search, or comma-separated tenants in {} (\"Directories to \
                     search\" in Command)",
                    directories.path()
                ))
            })?);
        }
        Ok(Self {
            cloud: options.cloud.clone().unwrap_or_else(Cloud::public),
            credential,
            request: DiscoveryRequest::new(tenants).with_via(options.via),
            misnamed,
        })
    }
}

/// The distinct tenants in the given order, and messages about invalid entries. If any entry is
/// given, the tenant in `ClientMachine` is not searched.
fn named_tenants(directories: &Member<'_>) -> Result<(Vec<TenantId>, Vec<String>), Problem> {
    let text = directories.text()?;
    let text = text.as_deref().unwrap_or_default();
    let mut seen = HashSet::new();
    let (mut tenants, mut misnamed) = (Vec::new(), Vec::new());
    for (at, part) in text.split(',').map(str::trim).enumerate() {
        match part.parse::<TenantId>() {
            _ if part.is_empty() => {}
            Ok(tenant) if seen.insert(tenant.clone()) => tenants.push(tenant),
            Ok(_) => {}
            Err(_) => misnamed.push(format!(
                "entry {} of {} is not a tenant ID (GUID or domain name) and was skipped",
                at + 1,
                directories.path()
            )),
        }
    }
    if tenants.is_empty() && !misnamed.is_empty() {
        return Err(
            directories.invalid("comma-separated tenant IDs (GUIDs or domain names), at least one")
        );
    }
    Ok((tenants, misnamed))
}

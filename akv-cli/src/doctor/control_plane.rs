//! Resource Manager: subscription, resource group and the vault's settings.

use akv_azure::{ResourceManager, VaultFacts};
use akv_core::{Region, Sku, StoreAddress, TenantId, VaultDirectory, VaultId};

use super::access::Identity;
use super::check::{Checks, Status};
use super::hint;
use crate::args::DoctorArgs;
use crate::wiring::Wiring;

pub(super) async fn checks(
    checks: &mut Checks,
    wiring: &Wiring,
    address: &StoreAddress,
    identity: &Identity,
    args: &DoctorArgs,
) {
    let Ok(id) = VaultId::try_from(&address.path) else {
        let why =
            "the store path contains no subscription and resource group (required only for Create)";
        return checks.not_checked(&CONTROL_PLANE, why);
    };
    let Some(tenant) = &identity.tenant else {
        return checks.not_checked(&CONTROL_PLANE, "the tenant is unknown");
    };
    let manager = match wiring.azure.directory(&address.cloud, &identity.credential) {
        Ok(manager) => manager,
        Err(error) => {
            checks.failed("subscription", Status::Problem, &error, None);
            return checks.not_checked(&CONTROL_PLANE[1..], "the control plane cannot be reached");
        }
    };
    subscription(checks, &manager, tenant, &id, identity).await;
    let of_group = group(checks, &manager, tenant, &id, identity).await;
    match args.region.clone().or(of_group) {
        Some(wanted) => region(checks, &manager, tenant, &id, identity, &wanted).await,
        None => {
            checks.not_checked(&["region"], "neither --region nor the resource group names one");
        }
    }
    checks.ok(
        "sku",
        match args.sku {
            Sku::Premium => "premium, with HSM keys",
            Sku::Standard => "standard",
        },
    );
    match manager.facts(tenant, &id).await {
        Ok(Some(facts)) => return settings(checks, &facts),
        Ok(None) => {
            checks.warning("vault-settings", format!("vault {id} does not exist"), None);
        }
        Err(error) => {
            let hint = Some(hint::assignment(&identity.assignee, READER, &scope(&id)));
            checks.failed("vault-settings", Status::Warning, &error, hint);
        }
    }
    checks.not_checked(&SETTINGS, "Resource Manager did not describe the vault");
}

/// Whether a Create job can use the region.
async fn region(
    checks: &mut Checks,
    manager: &ResourceManager,
    tenant: &TenantId,
    id: &VaultId,
    identity: &Identity,
    wanted: &Region,
) {
    match manager.regions(tenant, id.subscription).await {
        Ok(regions) if regions.contains(wanted) => {
            checks.ok("region", format!("a Create job can use {wanted}"));
        }
        Ok(regions) => {
            let mut names: Vec<&str> = regions.iter().map(Region::as_str).collect();
            let unlike = |name: &&str| 1.0 - strsim::jaro_winkler(name, wanted.as_str());
            names.sort_by(|one, other| unlike(one).total_cmp(&unlike(other)));
            names.truncate(MOST_SHOWN);
            let detail = format!("{wanted} is not a region of subscription {}", id.subscription);
            let hint = (!names.is_empty()).then(|| format!("similar ones: {}", names.join(", ")));
            checks.problem("region", detail, hint);
        }
        Err(error) => {
            let hint = Some(hint::assignment(&identity.assignee, READER, &scope(id)));
            checks.failed("region", Status::Warning, &error, hint);
        }
    }
}

fn scope(id: &VaultId) -> String {
    format!("/subscriptions/{}", id.subscription)
}

/// Jobs on an existing vault do not need Resource Manager, so a missing permission is a warning.
async fn subscription(
    checks: &mut Checks,
    manager: &impl VaultDirectory,
    tenant: &TenantId,
    id: &VaultId,
    identity: &Identity,
) {
    let hint = || Some(hint::assignment(&identity.assignee, READER, &scope(id)));
    match manager.subscriptions(tenant).await {
        Ok(listing) => match listing.items.iter().find(|it| it.id == id.subscription) {
            Some(found) if found.is_usable() => {
                checks.ok("subscription", format!("{} ({})", found.name, found.state));
            }
            Some(found) => {
                let detail = format!("{} is {}", found.name, found.state);
                checks.problem(
                    "subscription",
                    detail,
                    Some("contact the owner of the subscription".to_owned()),
                );
            }
            None => {
                let detail = format!(
                    "subscription {} is not visible to the identity (required only for Create and \
                     discovery)",
                    id.subscription
                );
                checks.warning("subscription", detail, hint());
            }
        },
        Err(error) => checks.failed("subscription", Status::Warning, &error, hint()),
    }
}

/// The region of the resource group, if the group exists.
async fn group(
    checks: &mut Checks,
    manager: &impl VaultDirectory,
    tenant: &TenantId,
    id: &VaultId,
    identity: &Identity,
) -> Option<Region> {
    let region = manager.resource_group_region(tenant, id.subscription, &id.resource_group).await;
    match region {
        Ok(Some(region)) => {
            let detail = format!("{} is in {region}, the region of new vaults", id.resource_group);
            checks.ok("resource-group", detail);
            return Some(region);
        }
        Ok(None) => checks.warning(
            "resource-group",
            format!("resource group {} does not exist", id.resource_group),
            Some("create it before a Create job, or correct the store path".to_owned()),
        ),
        Err(error) => {
            let hint = Some(hint::assignment(&identity.assignee, READER, &scope(id)));
            checks.failed("resource-group", Status::Warning, &error, hint);
        }
    }
    None
}

fn settings(checks: &mut Checks, facts: &VaultFacts) {
    let unknown = "not reported by Resource Manager";
    let place = [&facts.sku, &facts.region].into_iter().flatten().cloned().collect::<Vec<_>>();
    checks.ok("vault-settings", place.join(", in "));
    match facts.rbac {
        Some(true) => checks.ok("permission-model", "Azure roles"),
        // Access policies are the service's default.
        Some(false) | None => checks.ok("permission-model", "access policies"),
    }
    match (facts.public_access, facts.firewall) {
        (Some(false), _) => checks.ok("network", "private endpoints only"),
        (_, Some(true)) => checks.ok("network", "selected networks only"),
        (Some(true), _) | (None, Some(false)) => checks.ok("network", "all networks"),
        (None, None) => checks.not_checked(&["network"], unknown),
    }
    match (facts.soft_delete, facts.retention_days) {
        (Some(false), _) => checks.warning(
            "soft-delete",
            "off: a removed certificate cannot be recovered",
            Some("az keyvault update --enable-soft-delete true (cannot be undone)".to_owned()),
        ),
        (Some(true), Some(days)) => checks.ok("soft-delete", format!("on, for {days} days")),
        (Some(true), None) => checks.ok("soft-delete", "on"),
        (None, _) => checks.not_checked(&["soft-delete"], unknown),
    }
    match facts.purge_protection {
        Some(true) => checks.ok("purge-protection", "on: the service rejects remove --purge"),
        Some(false) | None => checks.ok("purge-protection", "off"),
    }
}

/// The checks of this module, in order.
pub(super) const CONTROL_PLANE: [&str; 9] = [
    "subscription",
    "resource-group",
    "region",
    "sku",
    "vault-settings",
    "permission-model",
    "network",
    "soft-delete",
    "purge-protection",
];
/// Checks that need the vault's settings.
const SETTINGS: [&str; 4] = ["permission-model", "network", "soft-delete", "purge-protection"];
const READER: &str = "Reader";
const MOST_SHOWN: usize = 5;

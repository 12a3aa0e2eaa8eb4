//! Resource Manager: subscription, resource group and the vault's settings.

use akv_azure::VaultFacts;
use akv_core::{StoreAddress, TenantId, VaultDirectory, VaultId};

use super::access::Identity;
use super::check::Checks;
use super::hint;
use crate::wiring::Wiring;

pub(super) async fn checks(
    checks: &mut Checks,
    wiring: &Wiring,
    address: &StoreAddress,
    identity: &Identity,
) {
    let names = ["subscription", "resource-group", "vault-settings"];
    let Ok(id) = VaultId::try_from(&address.path) else {
        let why =
            "the store path contains no subscription and resource group (required only for Create)";
        return checks.not_checked(&names, why);
    };
    let Some(tenant) = &identity.tenant else {
        return checks.not_checked(&names, "the tenant is unknown");
    };
    let manager = match wiring.azure.directory(&address.cloud, &identity.credential) {
        Ok(manager) => manager,
        Err(error) => return checks.problem("subscription", error.to_string(), None),
    };
    subscription(checks, &manager, tenant, &id, identity).await;
    group(checks, &manager, tenant, &id, identity).await;
    match manager.facts(tenant, &id).await {
        Ok(Some(facts)) => settings(checks, &facts),
        Ok(None) => {
            checks.warning("vault-settings", format!("vault {id} does not exist"), None);
        }
        Err(error) => {
            let scope = format!("/subscriptions/{}", id.subscription);
            let hint = Some(hint::assignment(&identity.assignee, READER, &scope));
            checks.warning("vault-settings", hint::detail(&error), hint);
        }
    }
}

/// Jobs on a vault that exists need nothing of Resource Manager, so what is missing is a warning.
async fn subscription(
    checks: &mut Checks,
    manager: &impl VaultDirectory,
    tenant: &TenantId,
    id: &VaultId,
    identity: &Identity,
) {
    let scope = format!("/subscriptions/{}", id.subscription);
    let hint = || Some(hint::assignment(&identity.assignee, READER, &scope));
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
        Err(error) => checks.warning("subscription", hint::detail(&error), hint()),
    }
}

async fn group(
    checks: &mut Checks,
    manager: &impl VaultDirectory,
    tenant: &TenantId,
    id: &VaultId,
    identity: &Identity,
) {
    let region = manager.resource_group_region(tenant, id.subscription, &id.resource_group).await;
    match region {
        Ok(Some(region)) => checks.ok(
            "resource-group",
            format!("{} is in {region}, the region of new vaults", id.resource_group),
        ),
        Ok(None) => checks.warning(
            "resource-group",
            format!("resource group {} does not exist", id.resource_group),
            Some("create it before a Create job, or correct the store path".to_owned()),
        ),
        Err(error) => {
            let scope = format!("/subscriptions/{}", id.subscription);
            let hint = Some(hint::assignment(&identity.assignee, READER, &scope));
            checks.warning("resource-group", hint::detail(&error), hint);
        }
    }
}

fn settings(checks: &mut Checks, facts: &VaultFacts) {
    let unknown = "not reported by Resource Manager";
    let place = [&facts.sku, &facts.region].into_iter().flatten().cloned().collect::<Vec<_>>();
    checks.ok("vault-settings", place.join(", in "));
    match facts.rbac {
        Some(true) => checks.ok("permission-model", "Azure roles"),
        // Without a value the service takes access policies.
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

const READER: &str = "Reader";

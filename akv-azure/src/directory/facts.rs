//! A vault's settings, for a diagnosis.

use akv_core::text::printable;
use akv_core::{Listing, Region, Result, SubscriptionId, TenantId, VaultId};
use serde::Deserialize;

use super::resource_manager::{ResourceManager, get};
use super::vault_facts::VaultFacts;
use crate::api::{ApiOperation, version};
use crate::exchange::{Deadline, Retry};
use crate::wire::subscription::Location;

#[derive(Debug, Deserialize)]
struct Described {
    #[serde(default)]
    location: Option<String>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    enable_rbac_authorization: Option<bool>,
    enable_soft_delete: Option<bool>,
    soft_delete_retention_in_days: Option<u16>,
    enable_purge_protection: Option<bool>,
    public_network_access: Option<String>,
    network_acls: Option<NetworkAcls>,
    sku: Option<Sku>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NetworkAcls {
    default_action: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Sku {
    #[serde(default)]
    name: Option<String>,
}

impl ResourceManager {
    /// How a vault is set up. `None`: there is no such vault in the resource group.
    pub async fn facts(&self, tenant: &TenantId, id: &VaultId) -> Result<Option<VaultFacts>> {
        let operation = format!("read vault {id}");
        let pipeline = self.pipeline(tenant, Some(id.subscription), &operation)?;
        let call = get(ApiOperation::GetVault, self.vault_url(id), operation);
        let mut retry = Retry::new(Deadline::after(self.deadline()));
        self.find(&pipeline, call, &mut retry, |described: Described| Ok(described.into())).await
    }
}

impl ResourceManager {
    /// The regions in which a subscription may create vaults.
    pub async fn regions(
        &self,
        tenant: &TenantId,
        subscription: SubscriptionId,
    ) -> Result<Vec<Region>> {
        let operation = format!("list the regions of subscription {subscription}");
        let pipeline = self.pipeline(tenant, Some(subscription), &operation)?;
        let path = ["subscriptions", &subscription.to_string(), "locations"];
        let first = self.url(&path, version::SUBSCRIPTIONS);
        let pages = self.pages(pipeline, ApiOperation::ListRegions, operation, first);
        let Listing { items, gap, .. } = pages.listing(|it: Location| it.name.parse()).await?;
        gap.map_or(Ok(items), Err)
    }
}

impl From<Described> for VaultFacts {
    fn from(described: Described) -> Self {
        let Described { location, properties } = described;
        let is = |value: Option<String>, expected: &str| {
            value.map(|value| value.eq_ignore_ascii_case(expected))
        };
        // Names are shown, so they are kept short and inert.
        let shown = |name: String| printable(&name).chars().take(LONGEST_NAME).collect();
        Self {
            rbac: properties.enable_rbac_authorization,
            soft_delete: properties.enable_soft_delete,
            retention_days: properties.soft_delete_retention_in_days,
            purge_protection: properties.enable_purge_protection,
            public_access: is(properties.public_network_access, "Enabled"),
            firewall: is(properties.network_acls.and_then(|it| it.default_action), "Deny"),
            sku: properties.sku.and_then(|sku| sku.name).map(shown),
            region: location.map(shown),
        }
    }
}

const LONGEST_NAME: usize = 64;

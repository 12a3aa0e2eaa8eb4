//! The settings of a vault, and the regions of a subscription.

use akv_core::text::printable;
use akv_core::{
    Listing, PublicAccess, PurgeProtection, Region, Result, SubscriptionId, TenantId, VaultId,
    VaultSettings,
};

use super::resource_manager::{ResourceManager, get};
use super::vault_facts::VaultFacts;
use crate::api::{ApiOperation, version};
use crate::exchange::{Deadline, Retry};
use crate::wire::settings::SetVault;
use crate::wire::subscription::Location;

impl ResourceManager {
    /// The settings of a vault. `None`: the resource group has no such vault.
    pub async fn facts(&self, tenant: &TenantId, id: &VaultId) -> Result<Option<VaultFacts>> {
        let operation = format!("read vault {id}");
        let pipeline = self.pipeline(tenant, Some(id.subscription), &operation)?;
        let call = get(ApiOperation::GetVault, self.vault_url(id), operation);
        let mut retry = Retry::new(Deadline::after(self.deadline()));
        self.find(&pipeline, call, &mut retry, |vault: SetVault| Ok(vault.into())).await
    }

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

impl From<SetVault> for VaultFacts {
    fn from(vault: SetVault) -> Self {
        let SetVault { location, properties } = vault;
        let is = |value: Option<String>, expected: &str| {
            value.map(|value| value.eq_ignore_ascii_case(expected))
        };
        // The names are displayed, so they are printable and short.
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

impl From<VaultFacts> for VaultSettings {
    /// A setting that the service omits has its default: no purge protection, open to every
    /// network.
    fn from(facts: VaultFacts) -> Self {
        let purge_protection = match facts.purge_protection {
            Some(true) => PurgeProtection::On,
            _ => PurgeProtection::Off,
        };
        let public_access = match (facts.public_access, facts.firewall) {
            (None | Some(true), None | Some(false)) => PublicAccess::Enabled,
            _ => PublicAccess::Disabled,
        };
        Self::new(purge_protection, public_access)
    }
}

const LONGEST_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omitted_settings_have_their_defaults() {
        for (properties, protected, open) in [
            ("{}", false, true),
            (r#"{"enablePurgeProtection":null,"publicNetworkAccess":null}"#, false, true),
            (r#"{"enablePurgeProtection":true,"publicNetworkAccess":"enabled"}"#, true, true),
            (r#"{"publicNetworkAccess":"Disabled"}"#, false, false),
            (r#"{"publicNetworkAccess":"SecuredByPerimeter"}"#, false, false),
            (r#"{"networkAcls":{"defaultAction":"Deny"}}"#, false, false),
            (r#"{"networkAcls":{"defaultAction":"Allow"}}"#, false, true),
        ] {
            let vault: SetVault =
                serde_json::from_str(&format!(r#"{{"properties":{properties}}}"#))
                    .expect("a vault");
            let settings = VaultSettings::from(VaultFacts::from(vault));
            let found = (
                settings.purge_protection == PurgeProtection::On,
                settings.public_access == PublicAccess::Enabled,
            );
            assert_eq!(found, (protected, open), "{properties}");
        }
    }
}

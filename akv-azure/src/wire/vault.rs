//! Vaults (Resource Manager, Microsoft.KeyVault 2026-02-01).

use std::collections::BTreeMap;

use akv_core::{AccessModel, NewVault, PublicAccess, PurgeProtection};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub(crate) struct Vault {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) location: String,
    #[serde(default)]
    pub(crate) properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Properties {
    pub(crate) vault_uri: Option<String>,
    pub(crate) provisioning_state: Option<String>,
}

/// A list item; only its ID is read.
#[derive(Debug, Hash, Deserialize)]
pub(crate) struct ListedVault {
    #[serde(default)]
    pub(crate) id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DeletedVault {
    #[serde(default)]
    pub(crate) properties: DeletedProperties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletedProperties {
    pub(crate) scheduled_purge_date: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Creation<'a> {
    location: &'a str,
    tags: BTreeMap<&'a str, &'a str>,
    properties: NewProperties,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewProperties {
    tenant_id: String,
    sku: Sku,
    create_mode: &'static str,
    enable_rbac_authorization: bool,
    access_policies: Vec<AccessPolicy>,
    enable_soft_delete: bool,
    soft_delete_retention_in_days: u8,
    /// Only `true` may be sent: the service rejects `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_purge_protection: Option<bool>,
    public_network_access: &'static str,
}

#[derive(Serialize)]
struct Sku {
    family: &'static str,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessPolicy {
    tenant_id: String,
    object_id: String,
    permissions: Permissions,
}

#[derive(Serialize)]
struct Permissions {
    certificates: &'static [&'static str],
    secrets: &'static [&'static str],
    keys: &'static [&'static str],
}

impl<'a> Creation<'a> {
    /// Sets every value whose default differs between versions of the interface.
    pub(crate) fn new(vault: &'a NewVault, tenant_id: String) -> Self {
        let options = &vault.options;
        let (rbac, objects) = match &options.access {
            AccessModel::Rbac => (true, &[][..]),
            AccessModel::Policies(objects) => (false, objects.as_slice()),
        };
        let access_policies = objects
            .iter()
            .map(|object_id| AccessPolicy {
                tenant_id: tenant_id.clone(),
                object_id: object_id.to_string(),
                permissions: Permissions {
                    certificates: CERTIFICATES,
                    secrets: SECRETS,
                    keys: &[],
                },
            })
            .collect();
        Self {
            location: vault.region.as_str(),
            tags: options.tags.iter().map(|(name, value)| (&**name, &**value)).collect(),
            properties: NewProperties {
                tenant_id,
                sku: Sku { family: "A", name: options.sku.to_string() },
                create_mode: "default",
                enable_rbac_authorization: rbac,
                access_policies,
                enable_soft_delete: true,
                soft_delete_retention_in_days: options.retention.days(),
                enable_purge_protection: (options.purge_protection == PurgeProtection::On)
                    .then_some(true),
                public_network_access: match options.public_access {
                    PublicAccess::Enabled => "enabled",
                    PublicAccess::Disabled => "disabled",
                },
            },
        }
    }
}

/// The permissions that inventory, add, remove and requests need.
const CERTIFICATES: &[&str] =
    &["get", "list", "create", "import", "update", "delete", "recover", "purge"];
/// The secret behind a certificate contains its chain.
const SECRETS: &[&str] = &["get"];

#[cfg(test)]
mod tests {
    use akv_core::VaultOptions;
    use serde_json::{Value, json};

    use super::*;

    fn body(options: VaultOptions) -> Value {
        let vault = NewVault::new(
            akv_core::VaultId {
                subscription: "5b5c41b7-0000-4000-8000-000000000001".parse().expect("an id"),
                resource_group: "pki".parse().expect("a group"),
                name: "contoso".parse().expect("a name"),
            },
            "West Europe".parse().expect("a region"),
        )
        .with_options(options);
        serde_json::to_value(Creation::new(&vault, "tenant".to_owned())).expect("JSON")
    }

    #[test]
    fn default_is_rbac_without_purge_protection() {
        let expected = json!({
            "location": "westeurope",
            "tags": {},
            "properties": {
                "tenantId": "tenant",
                "sku": {"family": "A", "name": "standard"},
                "createMode": "default",
                "enableRbacAuthorization": true,
                "accessPolicies": [],
                "enableSoftDelete": true,
                "softDeleteRetentionInDays": 90,
                "publicNetworkAccess": "enabled"
            }
        });
        assert_eq!(body(VaultOptions::default()), expected);
    }

    #[test]
    fn every_choice_is_in_the_body() {
        let object = "0b1ec700-0000-4000-8000-00000000000a";
        let chosen = body(
            VaultOptions::default()
                .with_sku(akv_core::Sku::Premium)
                .with_access(AccessModel::Policies(vec![object.parse().expect("a GUID")]))
                .with_purge_protection(PurgeProtection::On)
                .with_retention("7".parse().expect("days"))
                .with_public_access(PublicAccess::Disabled)
                .with_tags(vec![("owner".to_owned(), "pki".to_owned())]),
        );
        let properties = &chosen["properties"];
        assert_eq!(chosen["tags"], json!({"owner": "pki"}));
        assert_eq!(properties["sku"]["name"], "premium");
        assert_eq!(properties["enableRbacAuthorization"], false);
        assert_eq!(properties["accessPolicies"][0]["objectId"], object);
        assert_eq!(properties["accessPolicies"][0]["tenantId"], "tenant");
        assert_eq!(properties["enablePurgeProtection"], true);
        assert_eq!(properties["softDeleteRetentionInDays"], 7);
        assert_eq!(properties["publicNetworkAccess"], "disabled");
    }
}

//! The settings of a vault (Resource Manager, Microsoft.KeyVault 2026-02-01).

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct SetVault {
    pub(crate) location: Option<String>,
    #[serde(default)]
    pub(crate) properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Properties {
    pub(crate) enable_rbac_authorization: Option<bool>,
    pub(crate) enable_soft_delete: Option<bool>,
    pub(crate) soft_delete_retention_in_days: Option<u16>,
    pub(crate) enable_purge_protection: Option<bool>,
    pub(crate) public_network_access: Option<String>,
    pub(crate) network_acls: Option<NetworkRules>,
    pub(crate) sku: Option<Sku>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkRules {
    pub(crate) default_action: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Sku {
    pub(crate) name: Option<String>,
}

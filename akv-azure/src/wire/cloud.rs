//! What Resource Manager tells of its cloud: `GET /metadata/endpoints`, 2022-09-01.

use serde::Deserialize;

/// One cloud, or a list with each cloud it knows: versions of the interface differ.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Metadata {
    Many(Vec<Cloud>),
    One(Box<Cloud>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cloud {
    pub(crate) name: Option<String>,
    pub(crate) resource_manager: Option<String>,
    pub(crate) authentication: Authentication,
    pub(crate) suffixes: Suffixes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Authentication {
    pub(crate) login_endpoint: String,
    #[serde(default)]
    pub(crate) audiences: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Suffixes {
    #[serde(rename = "keyVaultDns", alias = "keyvaultDns")]
    pub(crate) key_vault_dns: Option<String>,
}

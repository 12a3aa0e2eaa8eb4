//! Resource Manager's description of its cloud: `GET /metadata/endpoints`, 2022-09-01.

use serde::Deserialize;

/// One cloud, or a list of clouds: the versions of the interface differ.
pub(crate) fn read(body: &[u8]) -> serde_json::Result<Vec<Cloud>> {
    if body.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice(body)
    } else {
        serde_json::from_slice(body).map(|cloud| vec![cloud])
    }
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

//! Subscriptions and resource groups (Resource Manager, 2022-12-01 and 2021-04-01).

use serde::Deserialize;

#[derive(Debug, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    #[serde(rename = "subscriptionId", default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) state: String,
    pub(crate) tenant_id: Option<String>,
}

#[derive(Debug, Hash, Deserialize)]
pub(crate) struct Location {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ResourceGroup {
    pub(crate) location: String,
}

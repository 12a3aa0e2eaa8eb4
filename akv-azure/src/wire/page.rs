//! One page of a list, the same in Key Vault and in Resource Manager.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    /// Required: what has no list in it is no empty list.
    pub(crate) value: Vec<T>,
    #[serde(rename = "nextLink", default)]
    pub(crate) next_link: Option<String>,
}

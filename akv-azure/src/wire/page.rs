//! One page of a list, the same in Key Vault and in Resource Manager.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    /// Required: what has no list in it is no empty list.
    pub(crate) value: Vec<Item<T>>,
    #[serde(rename = "nextLink", default)]
    pub(crate) next_link: Option<String>,
}

/// An item of a list. One of another form must not hide those beside it.
#[derive(Debug, Hash, Deserialize)]
#[serde(untagged)]
pub(crate) enum Item<T> {
    Read(T),
    Other(Value),
}

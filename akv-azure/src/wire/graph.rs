//! Resource Graph's queries and answers (Microsoft.ResourceGraph 2024-04-01).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Serialize)]
pub(crate) struct Query<'a> {
    pub(crate) query: &'a str,
    pub(crate) options: Options<'a>,
}

#[derive(Serialize)]
pub(crate) struct Options<'a> {
    #[serde(rename = "$skipToken", skip_serializing_if = "Option::is_none")]
    pub(crate) skip_token: Option<&'a str>,
    #[serde(rename = "$top")]
    pub(crate) top: usize,
    #[serde(rename = "resultFormat")]
    pub(crate) result_format: &'static str,
    #[serde(rename = "allowPartialScopes")]
    pub(crate) allow_partial_scopes: bool,
}

/// A page. Its rows are parsed one by one, so that a malformed row does not hide the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<'a> {
    pub(crate) total_records: u64,
    #[serde(default)]
    pub(crate) result_truncated: Option<Flag>,
    #[serde(rename = "$skipToken", default)]
    pub(crate) skip_token: Option<String>,
    #[serde(borrow)]
    pub(crate) data: Vec<&'a RawValue>,
}

/// The service writes `"true"` and `"false"` as text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Flag {
    Truth(bool),
    Text(String),
}

impl Flag {
    /// Any value except a clear false.
    pub(crate) fn is_raised(&self) -> bool {
        match self {
            Self::Truth(truth) => *truth,
            Self::Text(text) => !text.eq_ignore_ascii_case("false"),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
}

//! The body of a query: the query, its subscriptions and the format of the answer.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(super) struct Asked {
    pub(super) query: String,
    pub(super) subscriptions: Vec<String>,
    pub(super) options: Options,
}

pub(super) struct Options {
    pub(super) skip_token: Option<String>,
    pub(super) top: Option<usize>,
    pub(super) skip: Option<usize>,
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Table,
    ObjectArray,
}

impl Asked {
    /// Parses a body. `Err` names the invalid member.
    pub(super) fn read(body: &[u8], usual: Format) -> Result<Self, String> {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Err("the body is not a JSON object".to_owned());
        };
        for name in ["managementGroups", "facets"] {
            if member::<Vec<Value>>(&body, name)?.is_some_and(|wanted| !wanted.is_empty()) {
                return Err(format!("the fake Resource Graph has no {name}"));
            }
        }
        Ok(Self {
            query: member(&body, "query")?.ok_or("query is missing")?,
            subscriptions: member(&body, "subscriptions")?.unwrap_or_default(),
            options: Options::read(&member(&body, "options")?.unwrap_or_default(), usual)?,
        })
    }
}

impl Options {
    fn read(options: &Map<String, Value>, usual: Format) -> Result<Self, String> {
        let format: Option<String> = member(options, "resultFormat")?;
        Ok(Self {
            skip_token: member(options, "$skipToken")?,
            top: member(options, "$top")?,
            skip: member(options, "$skip")?,
            format: match format.as_deref() {
                None => usual,
                Some("objectArray") => Format::ObjectArray,
                Some("table") => Format::Table,
                Some(_) => return Err("resultFormat is neither table nor objectArray".to_owned()),
            },
        })
    }
}

/// A member of type `T`; `null` counts as absent.
fn member<T: DeserializeOwned>(of: &Map<String, Value>, name: &str) -> Result<Option<T>, String> {
    let value = of.get(name).filter(|value| !value.is_null()).cloned();
    let read = value.map(serde_json::from_value).transpose();
    read.map_err(|_| format!("{name} is not of its type"))
}

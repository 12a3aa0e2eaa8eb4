//! The members of a request body: absent, typed, or rejected by name.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::exchange::{Request, Response};
use crate::problem;

/// A JSON object. A `null` member counts as absent.
#[derive(Clone, Default)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// An absent body is an empty object.
    pub(super) fn of(request: &Request) -> Result<Self, Response> {
        match request.json() {
            Some(Value::Object(members)) => Ok(Self(members)),
            _ if request.bytes().is_empty() => Ok(Self::default()),
            _ => Err(problem::bad_parameter("The request body is not a JSON object")),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Response> {
        self.read(name, Value::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Response> {
        self.read(name, Value::as_bool)
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<&Map<String, Value>>, Response> {
        self.read(name, Value::as_object)
    }

    /// A member of type `T`.
    pub(super) fn typed<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Response> {
        self.read(name, |value| serde_json::from_value(value.clone()).ok())
    }

    /// `attributes.enabled`. The certificate determines the other attributes, but their types are
    /// checked.
    pub(super) fn enabled(&self) -> Result<Option<bool>, Response> {
        let Some(attributes) = self.object("attributes")? else { return Ok(None) };
        let attributes = Self(attributes.clone());
        for time in ["nbf", "exp"] {
            attributes.read(time, Value::as_i64)?;
        }
        attributes.flag("enabled")
    }

    /// The tags, within the service's limits. `None`: the body has no tags.
    pub(super) fn tags(&self) -> Result<Option<BTreeMap<String, String>>, Response> {
        let Some(tags) = self.typed::<BTreeMap<String, String>>("tags")? else { return Ok(None) };
        let fits = |text: &str| text.chars().count() <= LONGEST_TAG;
        let all_fit = tags.iter().all(|(name, value)| fits(name) && fits(value));
        if all_fit && tags.len() <= MOST_TAGS { Ok(Some(tags)) } else { Err(invalid("tags")) }
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    fn read<'a, T>(
        &'a self,
        name: &str,
        as_type: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Response> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => as_type(value).map(Some).ok_or_else(|| invalid(name)),
        }
    }
}

/// 400 for an invalid member.
pub(super) fn invalid(member: &str) -> Response {
    problem::bad_parameter(&format!("Property {member} has invalid value"))
}

/// From "About keys, secrets and certificates".
const MOST_TAGS: usize = 15;
const LONGEST_TAG: usize = 256;

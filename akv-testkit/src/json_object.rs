//! A JSON object from user input; errors name the invalid member.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An object whose members are removed one by one.
pub(crate) struct JsonObject {
    rest: Map<String, Value>,
    known: Vec<&'static str>,
}

impl JsonObject {
    pub(crate) fn of(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(rest) => Ok(Self { rest, known: Vec::new() }),
            other => Err(format!("{other} is not a JSON object")),
        }
    }

    /// An optional member; `null` counts as absent.
    pub(crate) fn take<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, String> {
        self.known.push(name);
        let value = self.rest.remove(name).filter(|value| !value.is_null());
        let read = value.map(serde_json::from_value).transpose();
        read.map_err(|error| format!("{name}: {error}"))
    }

    /// A required member.
    pub(crate) fn need<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, String> {
        self.take(name)?.ok_or_else(|| format!("{name}: it is missing"))
    }

    /// A required number from `least` to `most`.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        (least, most): (u64, u64),
    ) -> Result<u64, String> {
        let number = self.need(name)?;
        if (least..=most).contains(&number) {
            return Ok(number);
        }
        Err(format!("{name}: {number} is not from {least} to {most}"))
    }

    /// Rejects remaining members.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(name) => {
                Err(format!("{name}: there is no such member, only {}", self.known.join(", ")))
            }
        }
    }
}

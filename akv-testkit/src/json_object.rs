//! The members of a JSON object that somebody has written by hand: what is wrong is told by its name.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An object whose members are taken out one by one.
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

    /// A member that may be left out, or be `null`.
    pub(crate) fn take<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, String> {
        self.known.push(name);
        let value = self.rest.remove(name).filter(|value| !value.is_null());
        let read = value.map(serde_json::from_value).transpose();
        read.map_err(|error| format!("{name}: {error}"))
    }

    /// A member that has to be there.
    pub(crate) fn need<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, String> {
        self.take(name)?.ok_or_else(|| format!("{name}: it is missing"))
    }

    /// A number that has to be there, from `least` to `most`.
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

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(name) => {
                Err(format!("{name}: there is no such member, only {}", self.known.join(", ")))
            }
        }
    }
}

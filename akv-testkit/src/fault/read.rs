//! Parses faults from JSON, and rejects invalid ones.

use std::ops::RangeInclusive;

use http::header::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::fault::{Calls, Challenge, Effect, Fault, Moment, Stage};
use crate::json_object::JsonObject;
use crate::operation::Operation;

/// The fault's invalid member, and its allowed values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidFault(String);

impl Fault {
    /// Parses one fault, or a list of them, from JSON.
    ///
    /// ```
    /// use akv_testkit::Fault;
    /// let error = Fault::from_json(r#"[{ "effect": "close" }, { "effect": { "body": { "status": 99 } } }]"#);
    /// let error = error.expect_err("there is no such status");
    /// assert_eq!(error.to_string(), "fault 2: effect: the status 99 is not from 200 to 599");
    /// ```
    ///
    /// # Errors
    ///
    /// The invalid member, with the number of the fault if it is in a list.
    pub fn from_json(text: &str) -> Result<Vec<Self>, InvalidFault> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| InvalidFault(format!("not JSON: {error}")))?;
        let Value::Array(list) = value else { return Ok(vec![Self::try_from(value)?]) };
        let numbered = list.into_iter().enumerate().map(|(at, one)| {
            Self::try_from(one)
                .map_err(|InvalidFault(why)| InvalidFault(format!("fault {}: {why}", at + 1)))
        });
        numbered.collect()
    }
}

impl TryFrom<Value> for Fault {
    type Error = InvalidFault;

    fn try_from(value: Value) -> Result<Self, InvalidFault> {
        read(value).map_err(InvalidFault)
    }
}

fn read(value: Value) -> Result<Fault, String> {
    let mut object = JsonObject::of(value)?;
    let operation: Option<String> = object.take("operation")?;
    let operation = operation.map(|name| operation_of(&name)).transpose()?;
    let fault = Fault {
        operation,
        vault: object.take("vault")?,
        name: object.take("name")?,
        subscription: object.take("subscription")?,
        calls: object.take("calls")?.unwrap_or_default(),
        stage: object.take("stage")?.unwrap_or_default(),
        effect: object.need("effect")?,
    };
    object.end()?;
    fault.calls.check().map_err(|why| format!("calls: {why}"))?;
    fault.effect.check().map_err(|why| format!("effect: {why}"))?;
    if fault.stage == Stage::AfterChange && fault.effect.moment() == Moment::Arrival {
        return Err("stage: with this effect nothing is carried out, so it has no after".to_owned());
    }
    Ok(fault)
}

fn operation_of(name: &str) -> Result<Operation, String> {
    name.parse().map_err(|why| {
        let known: Vec<&str> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        format!("operation: {why}; there are {}", known.join(", "))
    })
}

impl Calls {
    /// Rejects a fault that no call can match.
    fn check(self) -> Result<(), String> {
        match self {
            Self::Nth(0) | Self::First(0) | Self::Every(0) => {
                Err("they are counted from 1, so 0 matches no call".to_owned())
            }
            Self::Chance { probability, .. } if !(0.0..=1.0).contains(&probability) => {
                Err(format!("the probability {probability} is not from 0 to 1"))
            }
            _ => Ok(()),
        }
    }
}

impl Effect {
    /// Rejects an effect that cannot be sent.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Error { status, headers, .. } | Self::Body { status, headers, .. } => {
                if !STATUSES.contains(status) {
                    let (least, most) = (STATUSES.start(), STATUSES.end());
                    return Err(format!("the status {status} is not from {least} to {most}"));
                }
                headers.iter().try_for_each(|(name, value)| check_header(name, value))
            }
            Self::Delay { milliseconds } => check_wait(*milliseconds),
            Self::Drip { pause_milliseconds, piece } => {
                if *piece == 0 {
                    return Err("a piece has at least 1 byte".to_owned());
                }
                check_wait(*pause_milliseconds)
            }
            Self::Redirect { to } => check_header("location", to),
            Self::Challenge(
                Challenge::Resource(text) | Challenge::Authority(text) | Challenge::KeyFile(text),
            ) => check_header("www-authenticate", text),
            _ => Ok(()),
        }
    }
}

fn check_header(name: &str, value: &str) -> Result<(), String> {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(format!("{name:?} is not the name of a header"));
    }
    if OF_THE_SERVER.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err(format!(
            "the header {name} is the server's own; there are other ways to break a body"
        ));
    }
    if HeaderValue::from_str(value).is_err() {
        return Err(format!("{value:?} cannot be the value of the header {name}"));
    }
    Ok(())
}

fn check_wait(milliseconds: u64) -> Result<(), String> {
    if milliseconds <= LONGEST_WAIT {
        return Ok(());
    }
    Err(format!("{milliseconds} milliseconds are more than an hour ({LONGEST_WAIT})"))
}

const STATUSES: RangeInclusive<u16> = 200..=599;

/// The server sets these headers itself, and does not send the body if they contradict it.
const OF_THE_SERVER: [&str; 3] = ["content-length", "transfer-encoding", "connection"];

/// An hour in milliseconds: the longest reasonable wait.
const LONGEST_WAIT: u64 = 3_600_000;

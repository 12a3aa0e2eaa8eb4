//! The control endpoint of a server on loopback: faults, clock, journal, budget, latency.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::budget::Budget;
use crate::cloud::FakeCloud;
use crate::exchange::{Request, Response};
use crate::fault::Fault;
use crate::operation::Operation;

/// Answers a request to the control endpoint. It asks for no token: it is on loopback, and whoever
/// reaches it may do everything with this cloud anyway.
pub(super) fn answer(cloud: &FakeCloud, request: &Request) -> Response {
    let answered = match (request.method(), request.path()) {
        ("GET", "/journal") => return journal(cloud),
        ("GET", "/counts") => Ok(counts(cloud)),
        ("DELETE", "/journal") => {
            cloud.journal().clear();
            Ok(Value::Null)
        }
        ("GET", "/faults") => Ok(json!(cloud.faults())),
        ("POST", "/faults") => read(request).map(|faults: OneOrMany| {
            faults.into_vec().into_iter().for_each(|fault| {
                cloud.fault(fault);
            });
            json!(cloud.faults())
        }),
        ("DELETE", "/faults") => {
            cloud.clear_faults();
            Ok(Value::Null)
        }
        ("GET", "/clock") => Ok(clock(cloud)),
        ("POST", "/clock") => read(request).map(|turn: Turn| {
            cloud.clock().advance(Duration::from_secs(turn.advance_seconds));
            clock(cloud)
        }),
        ("POST", "/latency") => read(request).map(|latency: Latency| {
            cloud.latency(Duration::from_millis(latency.milliseconds));
            Value::Null
        }),
        ("POST", "/budget") => read(request).map(|wanted: Limit| {
            let window = Duration::from_secs(wanted.window_seconds);
            cloud
                .budget(Budget::new(wanted.transactions, window).with_others_taking(wanted.others));
            Value::Null
        }),
        ("DELETE", "/budget") => {
            cloud.budget(None);
            Ok(Value::Null)
        }
        _ => Err((404, "no such thing at the control endpoint".to_owned())),
    };
    match answered {
        Ok(body) => Response::json(200, &body),
        Err((status, message)) => Response::json(status, &json!({ "error": message })),
    }
}

fn journal(cloud: &FakeCloud) -> Response {
    Response::empty(200)
        .with_header("Content-Type", "application/jsonl")
        .with_body(cloud.journal().json_lines())
}

fn counts(cloud: &FakeCloud) -> Value {
    let journal = cloud.journal();
    let counts: BTreeMap<&str, u64> = Operation::ALL
        .iter()
        .map(|operation| (operation.name(), journal.count(*operation)))
        .filter(|(_, count)| *count > 0)
        .collect();
    json!({
        "operations": counts,
        "throttled": journal.answered(429),
        "most_in_flight": journal.most_in_flight(),
    })
}

fn clock(cloud: &FakeCloud) -> Value {
    json!({ "now": cloud.clock().now().format(&Rfc3339).unwrap_or_default() })
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, (u16, String)> {
    serde_json::from_slice(request.bytes()).map_err(|error| (400, error.to_string()))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Fault>),
    One(Box<Fault>),
}

impl OneOrMany {
    fn into_vec(self) -> Vec<Fault> {
        match self {
            Self::Many(faults) => faults,
            Self::One(fault) => vec![*fault],
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    advance_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    milliseconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    transactions: u32,
    window_seconds: u64,
    #[serde(default)]
    others: f64,
}

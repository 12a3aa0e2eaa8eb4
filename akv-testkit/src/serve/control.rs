//! The control endpoint of a server on loopback: faults, clock, journal, budget, latency.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::budget::Budget;
use crate::clock::LONGEST;
use crate::cloud::FakeCloud;
use crate::exchange::{Request, Response};
use crate::fault::Fault;
use crate::json_object::JsonObject;
use crate::operation::Operation;

/// Answers a request to the control endpoint. It requires no token: it is on loopback, and every
/// local process that can reach it has full control over this cloud anyway. Only web pages are
/// rejected.
pub(super) fn answer(cloud: &FakeCloud, request: &Request) -> Response {
    if is_from_a_page(request) {
        let error = "cannot answer at the control endpoint: the request comes from a web page";
        return Response::json(403, &json!({ "error": error }));
    }
    let answered = match (request.method(), request.path()) {
        ("GET", "/journal") => return journal(cloud),
        ("GET", "/counts") => Ok(counts(cloud)),
        ("DELETE", "/journal") => {
            cloud.journal().clear();
            Ok(Value::Null)
        }
        ("GET", "/faults") => Ok(json!(cloud.faults())),
        ("POST", "/faults") => set_faults(cloud, request).map_err(refused),
        ("DELETE", "/faults") => {
            cloud.clear_faults();
            Ok(Value::Null)
        }
        ("GET", "/clock") => Ok(clock(cloud)),
        ("POST", "/clock") => turn_clock(cloud, request).map_err(refused),
        ("POST", "/latency") => set_latency(cloud, request).map_err(refused),
        ("POST", "/budget") => set_budget(cloud, request).map_err(refused),
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

/// Whether a browser sent it for a web page. A request from the address bar has the site `none`,
/// and only the endpoint itself would have its own origin.
fn is_from_a_page(request: &Request) -> bool {
    let site = request.find_header("sec-fetch-site").map(str::to_ascii_lowercase);
    let is_own = site.is_none_or(|site| ["none", "same-origin"].contains(&site.trim()));
    !is_own || request.find_header("origin").is_some()
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

fn set_faults(cloud: &FakeCloud, request: &Request) -> Result<Value, String> {
    let text = String::from_utf8_lossy(request.bytes());
    let faults = Fault::from_json(&text).map_err(|error| error.to_string())?;
    for fault in faults {
        cloud.fault(fault);
    }
    Ok(json!(cloud.faults()))
}

fn turn_clock(cloud: &FakeCloud, request: &Request) -> Result<Value, String> {
    let mut turn = json_object(request)?;
    let seconds = turn.number("advance_seconds", (0, LONGEST.as_secs()))?;
    turn.end()?;
    cloud.clock().advance(Duration::from_secs(seconds));
    Ok(clock(cloud))
}

fn set_latency(cloud: &FakeCloud, request: &Request) -> Result<Value, String> {
    let mut latency = json_object(request)?;
    let milliseconds = latency.number("milliseconds", (0, LONGEST_LATENCY))?;
    latency.end()?;
    cloud.latency(Duration::from_millis(milliseconds));
    Ok(Value::Null)
}

fn set_budget(cloud: &FakeCloud, request: &Request) -> Result<Value, String> {
    let mut limit = json_object(request)?;
    let transactions = limit.need("transactions")?;
    let window = Duration::from_secs(limit.need("window_seconds")?);
    let others = limit.take("others")?.unwrap_or(0.0);
    limit.end()?;
    if !(0.0..=1.0).contains(&others) {
        return Err(format!("others: {others} is not a part from 0 to 1"));
    }
    let budget = Budget::checked(transactions, window)
        .map_err(|why| format!("transactions, window_seconds: {why}"))?;
    cloud.budget(budget.with_others_taking(others));
    Ok(Value::Null)
}

fn json_object(request: &Request) -> Result<JsonObject, String> {
    let value = serde_json::from_slice(request.bytes());
    JsonObject::of(value.map_err(|error| format!("not JSON: {error}"))?)
}

fn refused(why: String) -> (u16, String) {
    (400, why)
}

/// An hour, in milliseconds: with a longer latency the server would appear dead.
const LONGEST_LATENCY: u64 = 3_600_000;

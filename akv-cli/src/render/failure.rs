//! A failure: as lines for people, as members for programs.

use akv_core::Error;
use akv_core::job::Outcome;
use serde_json::{Value, json};

use super::say;

/// The members of an error.
pub(super) fn error_json(summary: &str, error: &Error) -> Value {
    let reply = error.reply();
    json!({
        "summary": summary,
        "hints": error.advice().into_iter().collect::<Vec<_>>(),
        "status": reply.map(|reply| reply.status),
        "code": reply.and_then(|reply| reply.code.as_deref()),
        "innerCode": reply.and_then(|reply| reply.inner_code.as_deref()),
        "serviceMessage": reply.and_then(|reply| reply.message.as_deref()),
        "requestId": reply.and_then(|reply| reply.request_id.as_deref()),
    })
}

/// Prints the failure, the hints, and the service's message.
pub(crate) fn say_error(error: &Error) {
    say_parts(&error.summary(), error);
}

/// The same for a failed job, with the changes it made anyway.
pub(super) fn say_failure(outcome: &Outcome) {
    match outcome.error() {
        Some(error) => say_parts(&outcome.summary(), error),
        None => say(&format!("error: {}", outcome.summary())),
    }
    for note in outcome.notes() {
        say(&format!("  note: {note}"));
    }
}

/// Prints a hint for the preceding message.
pub(crate) fn hint(text: &str) {
    say(&format!("  hint: {text}"));
}

fn say_parts(summary: &str, error: &Error) {
    say(&format!("error: {summary}"));
    if let Some(advice) = error.advice() {
        hint(advice);
    }
    let Some(reply) = error.reply() else { return };
    let codes = [&reply.code, &reply.inner_code];
    let codes: Vec<_> = codes.into_iter().flatten().map(String::as_str).collect();
    let message = reply.message.as_deref().map(|message| format!(": {}", message.trim()));
    say(&format!(
        "  service: HTTP {} {}{}",
        reply.status,
        codes.join("/"),
        message.unwrap_or_default()
    ));
    if let Some(id) = &reply.request_id {
        say(&format!("  request id: {id}"));
    }
}

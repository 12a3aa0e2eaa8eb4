//! The outcome of a management command.

use akv_core::bundle::CertificateRequest;
use akv_core::job::{Effect, Outcome};
use anyhow::Result;
use serde_json::{Value, json};

use super::failure::{error_json, say_failure};
use super::table::print_csv;
use super::{print, print_json, print_json_line, print_line, say, status_name, unwritten};
use crate::args::Output;
use crate::exit::Exit;

pub(crate) fn outcome(output: Output, outcome: &Outcome) -> Result<Exit> {
    let exit = Exit::from(outcome.status());
    match shown(output, outcome, exit) {
        Ok(()) => Ok(exit),
        Err(error) if *outcome.effect() == Effect::Nothing => {
            say(&outcome.message());
            Err(error)
        }
        Err(error) => Ok(unwritten(&outcome.message(), &error)),
    }
}

fn shown(output: Output, outcome: &Outcome, exit: Exit) -> Result<()> {
    match output {
        Output::Json => print_json(&document(outcome)),
        Output::Jsonl => print_json_line(&document(outcome)),
        Output::Csv => {
            let document = document(outcome);
            let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
            print_csv(COLUMNS)?;
            print_csv(COLUMNS.map(text))
        }
        // A failure is a message; its changes are data.
        _ if exit == Exit::Failure => {
            say_failure(outcome);
            Ok(())
        }
        _ => match outcome.effect() {
            // The request is the data, for a pipe or a file.
            Effect::Requested { csr: Some(csr), .. } => {
                say(&outcome.message());
                print(csr.to_pem().trim_end())
            }
            _ => print_line(&outcome.message()),
        },
    }
}

fn document(outcome: &Outcome) -> Value {
    let mut document = json!({
        "status": status_name(outcome.status()),
        "effect": "nothing",
        "name": null,
        "version": null,
        "thumbprint": null,
        "message": outcome.message(),
    });
    if let (Some(error), Value::Object(document)) = (outcome.error(), &mut document) {
        document.insert("error".to_owned(), error_json(&outcome.summary(), error));
    }
    let details = match outcome.effect() {
        Effect::Nothing => json!({}),
        Effect::Imported { name, version, thumbprint } => {
            json!({"effect": "imported", "name": name.as_str(), "version": version, "thumbprint": thumbprint})
        }
        Effect::Unchanged { name, version, thumbprint } => {
            json!({"effect": "kept", "name": name.as_str(), "version": version, "thumbprint": thumbprint})
        }
        Effect::Recovered { name } => json!({"effect": "recovered", "name": name.as_str()}),
        Effect::Removed { name, .. } => json!({"effect": "removed", "name": name.as_str()}),
        Effect::Purged { name } => json!({"effect": "purged", "name": name.as_str()}),
        Effect::Requested { name, csr } => {
            json!({"effect": "requested", "name": name.as_str(), "request": csr.as_ref().map(CertificateRequest::to_pem)})
        }
        Effect::RequestCancelled { name } => {
            json!({"effect": "request-cancelled", "name": name.as_str()})
        }
        Effect::Created { path } => json!({"effect": "created", "name": path.to_string()}),
        _ => json!({"effect": "changed"}),
    };
    if let (Value::Object(document), Value::Object(details)) = (&mut document, details) {
        document.extend(details);
    }
    document
}

const COLUMNS: [&str; 6] = ["status", "effect", "name", "version", "thumbprint", "message"];

//! The outcome of a dry run.

use akv_core::job::Outcome;
use akv_core::plan::Planned;
use anyhow::Result;
use serde_json::{Value, json};

use super::table::print_csv;
use super::{print_json, print_json_line, print_line, status_name};
use crate::args::Output;
use crate::exit::Exit;

/// The exit code is that of the real run, as far as it is predictable.
pub(crate) fn plan(output: Output, outcome: &Outcome, planned: &Planned) -> Result<Exit> {
    match output {
        Output::Json => print_json(&document(outcome, planned)),
        Output::Jsonl => print_json_line(&document(outcome, planned)),
        Output::Csv => csv(planned),
        _ => lines(outcome, planned).iter().try_for_each(|line| print_line(line)),
    }?;
    Ok(Exit::from(outcome.status()))
}

fn lines(outcome: &Outcome, planned: &Planned) -> Vec<String> {
    let mut lines = vec!["dry run, nothing was changed".to_owned()];
    for (number, change) in (1..).zip(&planned.changes) {
        lines.push(format!("{number:>3}. {}", change.detail));
    }
    if planned.changes.is_empty() {
        lines.push("the real run would change nothing".to_owned());
    }
    let (status, message) = (status_name(outcome.status()), planned.outcome(&outcome.message()));
    lines.push(format!("the real run would report: {status}: {message}"));
    lines.extend(planned.unknown.iter().map(|what| format!("cannot be known in advance: {what}")));
    lines
}

/// The members of a real run's document, without any change.
fn document(outcome: &Outcome, planned: &Planned) -> Value {
    json!({
        "status": status_name(outcome.status()),
        "effect": "nothing",
        "name": null,
        "version": null,
        "thumbprint": null,
        "message": planned.message(&outcome.message()),
        "plan": planned.changes,
    })
}

fn csv(planned: &Planned) -> Result<()> {
    print_csv(["action", "vault", "name", "detail"])?;
    for change in &planned.changes {
        let name = change.name.as_deref().unwrap_or_default();
        print_csv([change.action.as_str(), &change.vault, name, &change.detail])?;
    }
    Ok(())
}

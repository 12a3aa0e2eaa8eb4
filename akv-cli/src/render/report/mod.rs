//! Prints a report.

mod document;
mod page;
mod table;

use akv_core::report::{Change, Report, Severity};
use anyhow::Result;

use super::{print_json, print_json_line};
use crate::args::Output;

pub(crate) fn report(
    output: Output,
    report: &Report,
    changes: Option<&[Change]>,
    owner_tag: &str,
) -> Result<()> {
    match output {
        Output::Csv => table::csv(report, changes),
        Output::Json => print_json(&document::document(report, changes)),
        Output::Jsonl => {
            document::findings(report).try_for_each(|one| print_json_line(&one))?;
            document::changes(changes).try_for_each(|one| print_json_line(&one))
        }
        Output::Html => page::page(report, changes, owner_tag),
        _ => table::table(report, changes),
    }
}

/// The summary line on standard error.
pub(crate) fn report_summary(report: &Report) -> String {
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    let mut parts = vec![
        count(report.records.len(), "certificate"),
        count(report.count(Severity::Error), "error"),
        count(report.count(Severity::Warning), "warning"),
        format!("{} info", report.count(Severity::Info)),
    ];
    if !report.failed.is_empty() {
        parts.push(format!("{} could not be read", count(report.failed.len(), "store")));
    }
    if report.replaced > 0 {
        parts.push(format!("{} replaced by later ones", count(report.replaced, "record")));
    }
    if !report.not_checked.is_empty() {
        let codes: Vec<_> = report.not_checked.iter().map(|code| code.as_str()).collect();
        parts.push(format!("not checked: {}", codes.join(", ")));
    }
    parts.join("; ")
}

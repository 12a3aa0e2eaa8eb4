//! A report as columns for people, and as comma-separated values.

use std::collections::BTreeSet;

use akv_core::report::{Change, Report};
use anyhow::Result;

use super::document::{self, ChangeRecord, shown};
use crate::render::print;
use crate::render::table::{print_csv, print_whole_table};

/// The findings, their explanations, and the changes.
pub(super) fn table(report: &Report, changes: Option<&[Change]>) -> Result<()> {
    if !report.findings.is_empty() {
        print_whole_table(
            &["severity", "code", "store", "name", "message"],
            document::findings(report).map(|one| {
                vec![
                    one.severity.to_string(),
                    one.code.to_string(),
                    one.store_path.unwrap_or_default().to_owned(),
                    one.name.unwrap_or_default().to_owned(),
                    one.message.to_owned(),
                ]
            }),
        )?;
        let codes: BTreeSet<_> = report.findings.iter().map(|finding| finding.code).collect();
        for code in codes {
            print(&format!("\n{code}: {}\n  hint: {}", code.meaning(), code.hint()))?;
        }
    }
    if !report.failed.is_empty() {
        print("")?;
        print_whole_table(
            &["store that could not be read", "error"],
            report.failed.iter().map(|one| vec![one.store.as_str().to_owned(), one.error.clone()]),
        )?;
    }
    if let Some(changes) = changes.filter(|changes| !changes.is_empty()) {
        print("")?;
        print_whole_table(
            &["change", "store", "name", "what"],
            document::changes(Some(changes)).map(|one| {
                vec![
                    one.change.to_owned(),
                    one.store_path.unwrap_or_default().to_owned(),
                    one.name.to_owned(),
                    what(&one),
                ]
            }),
        )?;
    }
    Ok(())
}

/// The description of a change.
pub(super) fn what(change: &ChangeRecord<'_>) -> String {
    let expires = |side: &Option<document::Side<'_>>| {
        side.as_ref().and_then(|side| side.expires).map(|moment| moment.date().to_string())
    };
    match (expires(&change.before), expires(&change.after)) {
        (before, Some(after)) if change.fields.contains(&"thumbprint") => match before {
            Some(before) => format!("expiration moved from {before} to {after}"),
            None => format!("now expires {after}"),
        },
        (None, Some(after)) => format!("expires {after}"),
        (Some(before), None) => format!("expires {before}"),
        _ => change.fields.join(", "),
    }
}

/// One header for both: a change has the severity `change`, and its kind as the code.
pub(super) fn csv(report: &Report, changes: Option<&[Change]>) -> Result<()> {
    print_csv(["severity", "code", "storePath", "name", "message", "hint", "expires"])?;
    for one in document::findings(report) {
        print_csv([
            one.severity.to_string().as_str(),
            one.code.as_str(),
            one.store_path.unwrap_or_default(),
            one.name.unwrap_or_default(),
            one.message,
            one.hint,
            &shown(one.expires),
        ])?;
    }
    for one in document::changes(changes) {
        let expires = one.after.as_ref().or(one.before.as_ref()).and_then(|side| side.expires);
        print_csv([
            "change",
            one.change,
            one.store_path.unwrap_or_default(),
            one.name,
            &what(&one),
            "",
            &shown(expires),
        ])?;
    }
    Ok(())
}

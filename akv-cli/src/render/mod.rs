//! How results are shown: data on standard output, talk on standard error.

mod bundle;
mod discovery;
mod inventory;
mod outcome;
pub(crate) mod previous;
mod record;
mod report;
mod table;

use std::io::{self, Write};

use anyhow::Result;

pub(crate) use bundle::{bundle, unreadable_bundle};
pub(crate) use discovery::discovery;
pub(crate) use inventory::InventoryWriter;
pub(crate) use outcome::outcome;
pub(crate) use record::Record as InventoryRecord;
pub(crate) use report::{report, report_summary};

/// One line (or document) of data. Nothing is left in a buffer whose loss nobody would notice.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// A JSON document, spread over lines for people.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&serde_json::to_string_pretty(value)?)
}

/// A JSON document on a line of its own.
pub(crate) fn print_json_line(value: &impl serde::Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    Ok(out.flush()?)
}

/// A message for whoever watches. Nobody watching is no reason to fail.
pub(crate) fn say(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}

pub(crate) fn status_name(status: akv_core::job::Status) -> &'static str {
    match status {
        akv_core::job::Status::Success => "success",
        akv_core::job::Status::Warning => "warning",
        akv_core::job::Status::Failure => "failure",
    }
}

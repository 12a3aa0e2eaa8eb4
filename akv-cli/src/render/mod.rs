//! Prints results: data on standard output, messages on standard error.

mod bundle;
mod certificate;
mod deleted;
mod discovery;
mod failure;
mod inventory;
mod moment;
mod outcome;
mod plan;
pub(crate) mod previous;
mod record;
mod report;
mod row;
mod table;

use std::io::{self, BufWriter, Write};

use akv_core::text::printable;
use anyhow::{Context, Result};

use crate::exit::Exit;
use crate::json::{self, Layout};
use crate::progress;

pub(crate) use bundle::{bundle, unreadable_bundle};
pub(crate) use certificate::certificate;
pub(crate) use deleted::deleted;
pub(crate) use discovery::discovery;
pub(crate) use failure::{hint, say_error};
pub(crate) use inventory::{Ended, InventoryWriter};
pub(crate) use outcome::outcome;
pub(crate) use plan::plan;
pub(crate) use record::{FailedLine, Record as InventoryRecord};
pub(crate) use report::{report, report_summary};
pub(crate) use table::print_csv;

/// Prints one line (or document) of data and flushes it, so that a failure is noticed.
pub(crate) fn print(text: &str) -> Result<()> {
    to_stdout(|out| writeln!(out, "{text}"))
}

/// Prints bytes unchanged.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<()> {
    to_stdout(|out| out.write_all(bytes))
}

/// Prints a text with external parts as one line, without characters that could mislead a terminal.
pub(crate) fn print_line(text: &str) -> Result<()> {
    print(&printable(text))
}

/// Prints a JSON document on several lines.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    written(value, Layout::Pretty)
}

/// Prints a JSON document on one line.
pub(crate) fn print_json_line(value: &impl serde::Serialize) -> Result<()> {
    written(value, Layout::Line)
}

fn written(value: &impl serde::Serialize, layout: Layout) -> Result<()> {
    to_stdout(|out| json::write(out, value, layout))
}

/// Writes data, and flushes it.
pub(crate) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// Prints a message on one line. A closed standard error is not a failure.
pub(crate) fn say(message: &str) {
    let _ = progress::suspended(|| writeln!(io::stderr().lock(), "{}", printable(message)));
}

/// Prints the changes, and that the result could not be written.
pub(crate) fn unwritten(done: &str, error: &anyhow::Error) -> Exit {
    say(&format!("error: {error:#}; the result is: {done}"));
    Exit::Unwritten
}

pub(crate) fn status_name(status: akv_core::job::Status) -> &'static str {
    match status {
        akv_core::job::Status::Success => "success",
        akv_core::job::Status::Warning => "warning",
        akv_core::job::Status::Failure => "failure",
    }
}

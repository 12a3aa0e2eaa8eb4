//! How results are shown: data on standard output, talk on standard error.

mod bundle;
mod discovery;
mod inventory;
mod outcome;
pub(crate) mod previous;
mod record;
mod table;

use std::io::{self, Write};

use anyhow::Result;

pub(crate) use bundle::{bundle, unreadable_bundle};
pub(crate) use discovery::discovery;
pub(crate) use inventory::InventoryWriter;
pub(crate) use outcome::outcome;

/// One line (or document) of data.
pub(crate) fn print(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

/// A JSON document, spread over lines for people.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, value)?;
    Ok(writeln!(out)?)
}

/// A JSON document on a line of its own.
pub(crate) fn print_json_line(value: &impl serde::Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(io::stdout().lock().write_all(&line)?)
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

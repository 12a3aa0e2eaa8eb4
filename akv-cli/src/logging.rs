//! Log lines on standard error: what the libraries trace, as far as it is asked for.

use std::io::{self, IsTerminal};

use akv_core::text::printable;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{Common, LogFormat};
use crate::json::Ascii;

pub(crate) fn start(common: &Common) {
    let ours = match common.verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Only our own crates: the libraries below could print headers.
    let only_ours = Targets::new()
        .with_targets(["akv", "akv_core", "akv_azure", "akv_keyfactor"].map(|it| (it, ours)))
        // What a job asked of this machine, and what is odd about its settings, is told always.
        .with_targets(ALWAYS.map(|it| (it, ours.max(LevelFilter::WARN))));
    let lines = tracing_subscriber::fmt::layer();
    match common.log_format {
        LogFormat::Text => {
            let lines = lines
                .with_ansi(io::stderr().is_terminal())
                .with_writer(io::stderr)
                .fmt_fields(printable_fields());
            tracing_subscriber::registry().with(lines.with_filter(only_ours)).init();
        }
        LogFormat::Json => {
            let lines = lines.with_ansi(false).with_writer(|| Ascii(io::stderr())).json();
            tracing_subscriber::registry().with(lines.with_filter(only_ours)).init();
        }
    }
}

/// Fields as text, from which no value can write lines of its own or move a cursor.
fn printable_fields() -> impl for<'w> FormatFields<'w> + 'static {
    debug_fn(|writer, field, value| {
        let text = format!("{value:?}");
        let text = printable(&text);
        if field.name() == "message" {
            write!(writer, "{text}")
        } else {
            write!(writer, "{}={text}", field.name())
        }
    })
    .delimited(" ")
}

const ALWAYS: [&str; 3] = ["akv::input", "akv_keyfactor::config", "akv_keyfactor::local_secrets"];

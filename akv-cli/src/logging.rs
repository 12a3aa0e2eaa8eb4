//! Log lines on standard error: what the libraries trace, as far as it is asked for.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{Common, LogFormat};

pub(crate) fn start(common: &Common) {
    let ours = match common.verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Only our own crates: the libraries below could print headers.
    let only_ours = Targets::new()
        .with_targets(["akv", "akv_core", "akv_azure", "akv_keyfactor"].map(|it| (it, ours)));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match common.log_format {
        LogFormat::Text => tracing_subscriber::registry().with(lines.with_filter(only_ours)).init(),
        LogFormat::Json => {
            tracing_subscriber::registry().with(lines.json().with_filter(only_ours)).init();
        }
    }
}

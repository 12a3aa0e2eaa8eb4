//! Log lines on standard error, and in a file: what the libraries trace, as far as it is asked for.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, format};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{Common, LogFormat};
use crate::log_file::LogFile;

pub(crate) fn start(common: &Common) {
    let ours = match common.verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Only our own crates: the libraries below could print headers.
    let only_ours = |level: LevelFilter| {
        Targets::new().with_targets(
            ["akv", "akv_core", "akv_azure", "akv_keyfactor"].map(|crate_| (crate_, level)),
        )
    };
    let (file, problem) = match common.log_file.as_deref().map(LogFile::open) {
        Some(Ok(file)) => (Some(file), None),
        Some(Err(error)) => (None, Some(error.kind())),
        None => (None, None),
    };
    let to_file = file.map(|file| {
        in_format(common.log_format, fmt::layer().with_ansi(false).with_writer(file))
            .with_filter(only_ours(ours.max(LevelFilter::INFO)))
    });
    let to_standard_error = in_format(
        common.log_format,
        fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr),
    )
    .with_filter(only_ours(ours));
    tracing_subscriber::registry().with(to_file).with(to_standard_error).init();
    if let Some(kind) = problem {
        // No reason to leave the work undone.
        crate::render::say(&format!("akv: cannot open the log file: {kind}"));
    }
}

fn in_format<S, W>(
    format: LogFormat,
    lines: fmt::Layer<S, format::DefaultFields, format::Format, W>,
) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    }
}

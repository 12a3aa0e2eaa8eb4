//! Log lines on standard error and in a file: the trace events of the libraries, at the selected
//! level.

use std::io::{self, IsTerminal};

use akv_core::text::printable;
use tracing_subscriber::Registry;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::fmt::{self, FormatFields, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{Common, LogFormat};
use crate::color;
use crate::json::Ascii;
use crate::log_file::LogFile;
use crate::progress::{THROTTLING, Throttling};

/// A layer in addition to those of the logs.
pub(crate) type OtherLayer = Box<dyn Layer<Registry> + Send + Sync>;

pub(crate) fn start(common: &Common, other: Option<OtherLayer>) {
    let ours = match common.verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Only our own crates: the libraries below could log headers.
    let only_ours = |level: LevelFilter| {
        Targets::new()
            .with_targets(["akv", "akv_core", "akv_azure", "akv_keyfactor"].map(|it| (it, level)))
            // A job's requests to this machine, and problems in its settings, are always shown. In
            // JSON logs, the audit is shown too.
            .with_targets([(
                "akv_core::audit",
                match common.log_format {
                    LogFormat::Text => level,
                    LogFormat::Json => level.max(LevelFilter::INFO),
                },
            )])
            .with_targets(ALWAYS.map(|it| (it, level.max(LevelFilter::WARN))))
    };
    let (file, problem) = match common.log_file.as_deref().map(LogFile::open) {
        Some(Ok(file)) => (Some(file), None),
        Some(Err(error)) => (None, Some(error.kind())),
        None => (None, None),
    };
    let to_file = file.map(|file| {
        in_format(common.log_format, file, false)
            .with_filter(only_ours(ours.max(LevelFilter::INFO)))
    });
    let to_standard_error =
        in_format(common.log_format, io::stderr, color::is_shown_on(&io::stderr()))
            .with_filter(only_ours(ours));
    let to_progress = io::stderr()
        .is_terminal()
        .then(|| Throttling.with_filter(Targets::new().with_target(THROTTLING, LevelFilter::INFO)));
    tracing_subscriber::registry()
        .with(other)
        .with(to_file)
        .with(to_standard_error)
        .with(to_progress)
        .init();
    if let Some(kind) = problem {
        // A missing log does not stop the work.
        crate::render::say(&format!("error: cannot open the log file: {kind}"));
    }
}

fn in_format<S, W>(format: LogFormat, writer: W, ansi: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer();
    match format {
        LogFormat::Text => {
            lines.with_ansi(ansi).with_writer(writer).fmt_fields(printable_fields()).boxed()
        }
        LogFormat::Json => lines.with_ansi(false).with_writer(Ascii(writer)).json().boxed(),
    }
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Ascii<W> {
    type Writer = Ascii<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Ascii(self.0.make_writer())
    }
}

/// Writes fields as text, so that no value can inject log lines or move a cursor.
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

const ALWAYS: [&str; 4] =
    ["akv::input", "akv_azure::azure", "akv_keyfactor::config", "akv_keyfactor::local_secrets"];

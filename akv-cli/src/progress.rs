//! The progress of long work: only on standard error, and only on a terminal.

use std::env;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::args::{Common, Output};

/// A progress line, shown until it is dropped.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Counts certificates, if standard error is a terminal and no other output uses it.
    pub(crate) fn of_certificates(common: &Common) -> Self {
        let style = ProgressStyle::with_template("{spinner} {pos} certificates, {rate}{msg}");
        let Some(style) = style.ok().filter(|_| is_seen(common)) else { return Self(None) };
        let bar = ProgressBar::new_spinner().with_style(style.with_key("rate", rate));
        bar.enable_steady_tick(PERIOD);
        *shown() = Some(bar.clone());
        Self(Some(bar))
    }

    pub(crate) fn count(&self) {
        if let Some(bar) = &self.0 {
            bar.set_message("");
            bar.inc(1);
        }
    }

    pub(crate) fn end(&mut self) {
        if let Some(bar) = self.0.take() {
            *shown() = None;
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// Writes to standard error without the progress line.
pub(crate) fn suspended<T>(write: impl FnOnce() -> T) -> T {
    let bar = shown().clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Receives throttling events from the trace.
pub(crate) struct Throttling;

impl<S: Subscriber> Layer<S> for Throttling {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut seconds = Seconds(None);
        event.record(&mut seconds);
        let bar = shown().clone();
        if let (Some(bar), Some(seconds)) = (bar, seconds.0) {
            bar.set_message(format!(", throttled, waiting {seconds} s"));
        }
    }
}

struct Seconds(Option<u64>);

impl Visit for Seconds {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "seconds" {
            self.0 = Some(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

fn rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // Writing into the line cannot fail.
    let _ = write!(out, "{:.0}/s", state.per_sec());
}

fn is_seen(common: &Common) -> bool {
    let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
    let at_the_end = matches!(common.output, Output::Table | Output::Wide | Output::Json);
    io::stderr().is_terminal()
        && !dumb
        && common.verbose == 0
        && (at_the_end || !io::stdout().is_terminal())
}

fn shown() -> std::sync::MutexGuard<'static, Option<ProgressBar>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);
const PERIOD: Duration = Duration::from_millis(100);
/// The trace target of throttling.
pub(crate) const THROTTLING: &str = "akv_azure::throttling";

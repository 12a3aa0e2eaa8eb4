//! The deadline of one operation.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The deadline of one operation: every wait checks it before it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    total: Duration,
}

impl Deadline {
    pub(crate) fn after(total: Duration) -> Self {
        Self { at: later(Instant::now(), total), total }
    }

    /// The total time of the operation, for messages.
    pub(crate) fn total(&self) -> Duration {
        self.total
    }

    /// Whether a wait of this length ends before the deadline.
    pub(crate) fn allows(&self, wait: Duration) -> bool {
        Instant::now().checked_add(wait).is_some_and(|then| then < self.at)
    }

    /// Runs the future until the deadline. `None`: the deadline passed first.
    pub(crate) async fn bound<F: Future>(&self, future: F) -> Option<F::Output> {
        timeout_at(self.at, future).await.ok()
    }

    /// The earlier of this deadline and `limit` from now.
    pub(crate) fn within(&self, limit: Duration) -> Self {
        Self { at: self.at.min(later(Instant::now(), limit)), total: self.total }
    }
}

/// The remaining time of a pause that a service required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest(Duration);

impl Rest {
    pub(crate) fn length(self) -> Duration {
        self.0
    }

    /// The remaining pause, if it ends after the deadline.
    pub(crate) fn past(deadline: Deadline, until: Instant) -> Option<Self> {
        (until >= deadline.at).then(|| Self(until.saturating_duration_since(Instant::now())))
    }
}

impl fmt::Display for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seconds", self.0.as_secs_f64().ceil())
    }
}

/// `by` after `from`, or ten years after `from` if the clock cannot represent it: the durations
/// come from other systems and must not cause a panic.
pub(crate) fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by).or_else(|| from.checked_add(FAR)).unwrap_or(from)
}

const FAR: Duration = Duration::from_secs(10 * 365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_length_is_too_long_to_be_added() {
        for total in [Duration::MAX, Duration::from_secs(u64::MAX)] {
            let deadline = Deadline::after(total).within(total);
            assert!(deadline.allows(Duration::from_secs(86_400)));
            assert!(!deadline.allows(Duration::MAX));
        }
    }
}

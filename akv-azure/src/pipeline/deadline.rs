//! The moment until which one operation may go on.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// One operation's total bound: every wait looks at it before it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    total: Duration,
}

impl Deadline {
    pub(crate) fn after(total: Duration) -> Self {
        Self { at: Instant::now() + total, total }
    }

    /// How long the whole was to take at most, for messages.
    pub(crate) fn total(&self) -> Duration {
        self.total
    }

    /// Whether a wait of that length ends before it.
    pub(crate) fn allows(&self, wait: Duration) -> bool {
        Instant::now() + wait < self.at
    }

    /// Runs the future until the deadline. `None`: the deadline came first.
    pub(crate) async fn bound<F: Future>(&self, future: F) -> Option<F::Output> {
        timeout_at(self.at, future).await.ok()
    }

    /// The earlier of this deadline and that time from now.
    pub(crate) fn within(&self, limit: Duration) -> Self {
        Self { at: self.at.min(Instant::now() + limit), total: self.total }
    }
}

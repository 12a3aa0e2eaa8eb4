//! The fake's clock: it stands still, or follows tokio's clock or the machine's. A test can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

/// What advances the clock, besides the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClockMode {
    /// Nothing: time passes only by [`Clock::advance`].
    #[default]
    Standing,
    /// tokio's clock. With paused time, if a client sleeps for two seconds between polls, the
    /// fake's clock advances by two seconds, and the test takes no real time.
    Tokio,
}

/// The clock for the expiry of tokens, the end of deletions and the refill of budgets.
///
/// Clones show the same time.
///
/// ```
/// use std::time::Duration;
/// let cloud = akv_testkit::FakeCloud::builder().start();
/// let before = cloud.clock().now();
/// cloud.clock().advance(Duration::from_secs(90));
/// assert_eq!(cloud.clock().now() - before, time::Duration::seconds(90));
/// ```
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    start: OffsetDateTime,
    started: Instant,
    mode: ClockMode,
    turned_milliseconds: AtomicI64,
}

impl Clock {
    pub(crate) fn new(start: OffsetDateTime, mode: ClockMode) -> Self {
        Self(Arc::new(Inner {
            start,
            started: Instant::now(),
            mode,
            turned_milliseconds: AtomicI64::new(0),
        }))
    }

    /// The current time of the fake (UTC).
    pub fn now(&self) -> OffsetDateTime {
        let turned = self.0.turned_milliseconds.load(Ordering::SeqCst);
        self.base() + time::Duration::milliseconds(turned)
    }

    /// Advances the clock, in steps of a millisecond, at most a thousand years from the start.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let turned =
            self.0.turned_milliseconds.load(Ordering::SeqCst).saturating_add(by).min(FURTHEST);
        self.0.turned_milliseconds.store(turned, Ordering::SeqCst);
    }

    fn base(&self) -> OffsetDateTime {
        match self.0.mode {
            ClockMode::Standing => self.0.start,
            ClockMode::Tokio => self.0.start + self.0.started.elapsed(),
        }
    }
}

impl akv_core::Clock for Clock {
    fn now(&self) -> OffsetDateTime {
        self.now()
    }
}

/// A thousand years: every date within this distance is representable.
pub(crate) const LONGEST: Duration = Duration::from_secs(1000 * 365 * 86_400);

/// The same in milliseconds.
const FURTHEST: i64 = 1000 * 365 * 86_400_000;

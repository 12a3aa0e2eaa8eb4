//! The clock is passed to the domain; the domain never reads the system's clock.

use time::OffsetDateTime;

/// A clock.
pub trait Clock: Send + Sync {
    /// The current time (UTC).
    fn now(&self) -> OffsetDateTime;
}

/// The machine's clock, for a program that runs jobs. This crate never uses it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no state")]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that stands still, for tests. Do not use it in a program that keeps running: expired
/// certificates would count as valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedClock(OffsetDateTime);

impl FixedClock {
    /// A clock that always shows this time.
    pub const fn at(time: OffsetDateTime) -> Self {
        Self(time)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

//! What time it is: told to the domain, never asked by it.

use time::OffsetDateTime;

/// A clock.
pub trait Clock: Send + Sync {
    /// The present time (UTC).
    fn now(&self) -> OffsetDateTime;
}

/// The machine's clock: what a program hands to the jobs. Nothing in this crate asks it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no state")]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that stands still, for tests: a program that runs longer than a moment would take expired
/// certificates for valid.
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

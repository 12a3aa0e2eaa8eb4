//! What time it is: told to the domain, never asked by it.

use time::OffsetDateTime;

/// A clock. A fixed time is one, which is what tests want.
pub trait Clock: Send + Sync {
    /// The present time (UTC).
    fn now(&self) -> OffsetDateTime;
}

impl Clock for OffsetDateTime {
    fn now(&self) -> OffsetDateTime {
        *self
    }
}

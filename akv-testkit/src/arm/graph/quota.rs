//! The query quota of a principal: 15 in five seconds, as in the example of the service's
//! documentation of throttled requests.

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;

/// The quotas of all principals.
#[derive(Debug, Default)]
pub(super) struct Quotas(HashMap<String, Window>);

#[derive(Debug)]
struct Window {
    began: OffsetDateTime,
    used: u32,
}

/// A principal's remaining quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QuotaStatus {
    pub(super) granted: bool,
    pub(super) remaining: u32,
    pub(super) resets_after: Duration,
}

impl Quotas {
    /// Takes one query from the principal's quota, if any is left.
    pub(super) fn take(&mut self, principal: &str, now: OffsetDateTime) -> QuotaStatus {
        let fresh = || Window { began: now, used: 0 };
        let window = self.0.entry(principal.to_owned()).or_insert_with(fresh);
        // A clock that was set back also starts a new window.
        if !(window.began..window.began + LENGTH).contains(&now) {
            *window = fresh();
        }
        let granted = window.used < QUERIES;
        window.used += u32::from(granted);
        let left = window.began + LENGTH - now;
        QuotaStatus {
            granted,
            remaining: QUERIES - window.used,
            resets_after: Duration::try_from(left).unwrap_or_default(),
        }
    }
}

impl QuotaStatus {
    /// `hh:mm:ss`, rounded up so that it is never too early.
    pub(super) fn resets_after_text(self) -> String {
        let seconds = self.resets_after.as_secs() + u64::from(self.resets_after.subsec_nanos() > 0);
        format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

const QUERIES: u32 = 15;
const LENGTH: Duration = Duration::from_secs(5);

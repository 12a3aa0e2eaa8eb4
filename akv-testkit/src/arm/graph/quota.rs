//! How many queries a principal has: 15 in five seconds, as the service's page about throttled
//! requests has it for an example.

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;

/// The queries of everybody.
#[derive(Debug, Default)]
pub(super) struct Quotas(HashMap<String, Window>);

#[derive(Debug)]
struct Window {
    began: OffsetDateTime,
    used: u32,
}

/// What a principal is told about its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) granted: bool,
    pub(super) remaining: u32,
    pub(super) resets_after: Duration,
}

impl Quotas {
    /// Takes one query out of the principal's quota, if there is one left.
    pub(super) fn take(&mut self, principal: &str, now: OffsetDateTime) -> Told {
        let fresh = || Window { began: now, used: 0 };
        let window = self.0.entry(principal.to_owned()).or_insert_with(fresh);
        // A clock that was set back begins anew, too.
        if !(window.began..window.began + LENGTH).contains(&now) {
            *window = fresh();
        }
        let granted = window.used < QUERIES;
        window.used += u32::from(granted);
        let left = window.began + LENGTH - now;
        Told {
            granted,
            remaining: QUERIES - window.used,
            resets_after: Duration::try_from(left).unwrap_or_default(),
        }
    }
}

impl Told {
    /// `hh:mm:ss`, rounded up so that it is never too early.
    pub(super) fn resets_after_text(self) -> String {
        let seconds = self.resets_after.as_secs() + u64::from(self.resets_after.subsec_nanos() > 0);
        format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

const QUERIES: u32 = 15;
const LENGTH: Duration = Duration::from_secs(5);

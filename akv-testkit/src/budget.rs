//! The transaction limits of a vault, as in the service.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use time::OffsetDateTime;

/// The number of transactions of each vault in any time window; all vaults of a subscription share
/// five times that limit (Key Vault service limits).
///
/// Rejected requests do not count. The window slides; this is an assumption, because the service
/// does not publish how it counts.
///
/// ```
/// use std::time::Duration;
/// use akv_testkit::Budget;
/// // The service's budget, with half of it used by other clients.
/// let budget = Budget::new(4000, Duration::from_secs(10)).with_others_taking(0.5);
/// assert_eq!(budget.left_to_us(), 2000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    transactions: u32,
    window: Duration,
    others: f64,
}

impl Budget {
    /// This many transactions in any window of that length.
    pub const fn new(transactions: u32, window: Duration) -> Self {
        Self { transactions, window, others: 0.0 }
    }

    /// The same with validation, for values from user input: at least one transaction, in a window
    /// of a millisecond to a day.
    ///
    /// # Errors
    ///
    /// The allowed values.
    pub fn checked(transactions: u32, window: Duration) -> Result<Self, String> {
        if transactions == 0 {
            return Err("a budget has at least 1 transaction".to_owned());
        }
        if !(Duration::from_millis(1)..=LONGEST_WINDOW).contains(&window) {
            return Err("a budget's window is from a millisecond to a day".to_owned());
        }
        Ok(Self::new(transactions, window))
    }

    /// The share of every vault's budget that other clients use, from 0 to 1.
    #[must_use]
    pub const fn with_others_taking(self, share: f64) -> Self {
        Self { others: share.clamp(0.0, 1.0), ..self }
    }

    /// The remaining transactions per window.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part between 0 and 1 of a u32 is a u32"
    )]
    pub fn left_to_us(&self) -> u32 {
        (f64::from(self.transactions) * (1.0 - self.others)).round() as u32
    }
}

/// The recent transactions, by vault and by subscription.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    budget: Option<Budget>,
    seen: HashMap<String, VecDeque<OffsetDateTime>>,
}

impl Meter {
    pub(crate) fn set(&mut self, budget: Option<Budget>) {
        self.budget = budget;
        self.seen.clear();
    }

    /// Takes one transaction from the vault's and the subscription's budget, or returns `false`.
    pub(crate) fn take(&mut self, vault: &str, subscription: &str, now: OffsetDateTime) -> bool {
        let Some(budget) = self.budget else { return true };
        let limit = budget.left_to_us() as usize;
        let fits = self.recent(vault, budget.window, now) < limit
            && self.recent(subscription, budget.window, now) < limit * VAULTS_OF_A_SUBSCRIPTION;
        if fits {
            for meter in [vault, subscription] {
                self.seen.entry(meter.to_owned()).or_default().push_back(now);
            }
        }
        fits
    }

    fn recent(&mut self, meter: &str, window: Duration, now: OffsetDateTime) -> usize {
        let Some(seen) = self.seen.get_mut(meter) else { return 0 };
        while seen.front().is_some_and(|at| now - *at >= window) {
            seen.pop_front();
        }
        seen.len()
    }
}

const VAULTS_OF_A_SUBSCRIPTION: usize = 5;

const LONGEST_WINDOW: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_admits_its_limit_and_refills() {
        let mut meter = Meter::default();
        meter.set(Some(Budget::new(3, Duration::from_secs(10))));
        let start = OffsetDateTime::UNIX_EPOCH;
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(meter.take("v", "s", at(0)));
        assert!(meter.take("v", "s", at(4)));
        assert!(meter.take("v", "s", at(5)));
        assert!(!meter.take("v", "s", at(9)));
        assert!(meter.take("v", "s", at(10)), "the one of second 0 has left the window");
        assert!(!meter.take("v", "s", at(13)));
        assert!(meter.take("w", "s", at(13)), "another vault has its own budget");
    }

    #[test]
    fn a_subscription_takes_five_vaults_worth() {
        let mut meter = Meter::default();
        meter.set(Some(Budget::new(1, Duration::from_secs(10))));
        let now = OffsetDateTime::UNIX_EPOCH;
        let taken = (0..7).filter(|n| meter.take(&format!("v{n}"), "s", now)).count();
        assert_eq!(taken, 5);
    }
}

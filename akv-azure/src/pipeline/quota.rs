//! Resource Manager's quotas, from its response headers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers};
use tokio::time::{Instant, sleep_until};

use crate::exchange::{Deadline, Rest, later, user_quota_resets_after};

/// When each exhausted quota may be used again. Resource Manager keeps one quota per subscription
/// and one per tenant for every caller, refills each by 25 reads or 10 writes a second, and states
/// the remainder in every answer ("Understand how Azure Resource Manager throttles requests").
#[derive(Debug, Default)]
pub(crate) struct Quota(Mutex<HashMap<String, Instant>>);

impl Quota {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Waits until the quota may be used again; fails at once if that is after the deadline.
    pub(crate) async fn permit(&self, budget: &str, deadline: Deadline) -> Result<(), Rest> {
        loop {
            let until = self.until().get(budget).copied();
            // Other requests may have extended the pause in the meantime, so it is looked up again.
            let Some(until) = until.filter(|until| *until > Instant::now()) else { return Ok(()) };
            if let Some(rest) = Rest::past(deadline, until) {
                return Err(rest);
            }
            sleep_until(until).await;
        }
    }

    /// Records the remainder that an answer states.
    pub(crate) fn heed(&self, budget: &str, headers: &Headers) {
        let left = headers
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("x-ms-ratelimit-remaining-"))
            .filter_map(|(_, value)| value.as_str().trim().parse::<u32>().ok())
            .min();
        if left.is_some_and(|left| left <= NEARLY_SPENT) {
            self.rest(budget, REFILL);
        }
        let of_user = headers.get_optional_str(&HeaderName::from_static(USER_QUOTA));
        if of_user.is_some_and(|left| left.trim() == "0") {
            self.rest(budget, user_quota_resets_after(headers).unwrap_or(REFILL));
        }
    }

    /// Marks the quota as exhausted.
    pub(crate) fn spent(&self, budget: &str, retry_after: Option<Duration>) {
        self.rest(budget, retry_after.unwrap_or(REFILL));
    }

    fn rest(&self, budget: &str, rest: Duration) {
        let then = later(Instant::now(), rest);
        let mut until = self.until();
        let known = until.entry(budget.to_owned()).or_insert(then);
        *known = (*known).max(then);
    }

    fn until(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The remaining queries of a Resource Graph caller.
const USER_QUOTA: &str = "x-ms-user-quota-remaining";
/// The number of requests that can be under way when the answer arrives.
const NEARLY_SPENT: u32 = 8;
/// Time in which ten writes or 25 reads are refilled.
const REFILL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use azure_core::http::headers::HeaderValue;

    use super::*;

    fn answer(name: &'static str, left: &str) -> Headers {
        let mut headers = Headers::new();
        headers.insert(name, HeaderValue::from(left.to_owned()));
        headers
    }

    async fn waited(quota: &Quota, budget: &str) -> Duration {
        let start = Instant::now();
        quota.permit(budget, Deadline::after(Duration::MAX)).await.expect("before the deadline");
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn nearly_exhausted_budget_is_not_used() {
        let quota = Quota::default();
        quota.heed("one", &answer("x-ms-ratelimit-remaining-subscription-reads", "240"));
        assert_eq!(waited(&quota, "one").await, Duration::ZERO);
        quota.heed("one", &answer("x-ms-ratelimit-remaining-subscription-reads", "3"));
        assert_eq!(waited(&quota, "other").await, Duration::ZERO);
        assert!(waited(&quota, "one").await >= REFILL);
        quota.heed("one", &answer("x-ms-ratelimit-remaining-subscription-global-reads", "0"));
        assert!(waited(&quota, "one").await >= REFILL);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_that_becomes_longer_while_it_is_waited_for_is_kept() {
        let quota = Quota::default();
        quota.spent("one", Some(Duration::from_secs(5)));
        let longer = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            quota.spent("one", Some(Duration::from_secs(17)));
        };
        let (waited, ()) = futures::future::join(waited(&quota, "one"), longer).await;
        assert!(waited >= Duration::from_secs(18), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_past_the_deadline_is_not_waited_for() {
        let quota = Quota::default();
        quota.spent("one", Some(Duration::from_secs(300)));
        let start = Instant::now();
        let permit = quota.permit("one", Deadline::after(Duration::from_secs(120))).await;
        assert_eq!(permit.expect_err("too long").to_string(), "300 seconds");
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_obeyed() {
        let quota = Quota::default();
        quota.spent("one", Some(Duration::from_secs(17)));
        quota.spent("one", None);
        assert!(waited(&quota, "one").await >= Duration::from_secs(17));
    }
}

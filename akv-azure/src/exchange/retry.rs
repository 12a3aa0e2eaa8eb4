//! Whether and when a request is retried.

use std::time::Duration;

use super::deadline::Deadline;
use super::failure::Failure;

/// The attempts of one operation: their number and their deadline.
#[derive(Debug)]
pub(crate) struct Retry {
    deadline: Deadline,
    failures: u32,
    throttled: u32,
}

impl Retry {
    pub(crate) fn new(deadline: Deadline) -> Self {
        Self { deadline, failures: 0, throttled: 0 }
    }

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// The number of attempts, including the one under way.
    pub(crate) fn attempt(&self) -> u32 {
        self.failures + self.throttled + 1
    }

    /// The wait before the next attempt; `None` if there is none.
    ///
    /// The wait is the longer one of the service's pause and our own backoff. A wait that would not
    /// end before the deadline is not begun. Throttling is retried until the deadline; every other
    /// failure only a few times, because a person is waiting.
    pub(crate) fn after(&mut self, failure: &Failure) -> Option<Duration> {
        if !failure.may_pass() {
            return None;
        }
        self.after_failure(failure.is_throttling(), failure.retry_after())
    }

    /// The same, for a failure that is transient.
    pub(crate) fn after_failure(
        &mut self,
        throttled: bool,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let own = if throttled {
            self.throttled += 1;
            backoff(THROTTLED_BASE, self.throttled)
        } else {
            self.failures += 1;
            if self.failures >= ATTEMPTS {
                return None;
            }
            backoff(BASE, self.failures)
        };
        let wait = retry_after.map_or(own, |asked| asked.max(own));
        self.deadline.allows(wait).then_some(wait)
    }
}

/// Full jitter: any wait up to the exponential bound, so that many callers do not retry at the same
/// time.
fn backoff(base: Duration, attempt: u32) -> Duration {
    let bound = base.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(LONGEST);
    bound.mul_f64(fastrand::f64())
}

const ATTEMPTS: u32 = 6;
const BASE: Duration = Duration::from_millis(500);
/// The initial wait that Key Vault's throttling guide recommends.
const THROTTLED_BASE: Duration = Duration::from_secs(1);
/// The longest wait of the same guide.
const LONGEST: Duration = Duration::from_secs(16);

#[cfg(test)]
mod tests {
    use akv_core::Reply;

    use super::*;
    use crate::exchange::ErrorResponse;

    fn refused(status: u16, retry_after: Option<Duration>) -> Failure {
        let reply = Reply::new(status);
        Failure::Refused(Box::new(ErrorResponse { reply, retry_after, ..ErrorResponse::default() }))
    }

    fn retry(seconds: u64) -> Retry {
        Retry::new(Deadline::after(Duration::from_secs(seconds)))
    }

    #[tokio::test(start_paused = true)]
    async fn permanent_failure_is_not_repeated() {
        for status in [400, 401, 403, 404, 409, 501] {
            assert_eq!(retry(60).after(&refused(status, None)), None, "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(retry(60).after(&refused(status, None)).is_some(), "{status}");
        }
        assert_eq!(retry(60).after(&Failure::TooLarge { limit: 1 }), None);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_the_least_and_the_deadline_the_most() {
        let asked = Duration::from_secs(20);
        assert!(retry(60).after(&refused(503, Some(asked))) >= Some(asked));
        assert_eq!(retry(19).after(&refused(503, Some(asked))), None, "no wait past the deadline");
    }

    #[tokio::test(start_paused = true)]
    async fn failures_give_up_and_throttling_does_not() {
        let mut failing = retry(10_000);
        let waits = (0..20).map_while(|_| failing.after(&refused(500, None))).count();
        assert_eq!(waits, 5);
        let mut throttled = retry(10_000);
        for _ in 0..50 {
            let wait = throttled.after(&refused(429, None)).expect("another attempt");
            assert!(wait <= LONGEST);
        }
    }
}

//! Whether and when a request is sent again.

use std::time::{Duration, SystemTime};

use azure_core::http::headers::{HeaderName, Headers};

use super::deadline::Deadline;
use super::failure::Failure;

/// The attempts of one operation: how many there were, and until when there may be more.
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

    /// How often it was tried until now, the attempt under way included.
    pub(crate) fn attempt(&self) -> u32 {
        self.failures + self.throttled + 1
    }

    /// How long to wait before the next attempt; `None` where there is to be none.
    ///
    /// The wait is the service's wish or our own backoff, whichever is longer, and a wait that
    /// would not end before the deadline is not begun. Throttling is waited out for as long as the
    /// deadline allows; all else gives up after a few attempts, because a person is waiting.
    pub(crate) fn after(&mut self, failure: &Failure) -> Option<Duration> {
        if !failure.may_pass() {
            return None;
        }
        self.after_wish(failure.is_throttling(), failure.wish())
    }

    /// The same, for a failure that may pass.
    pub(crate) fn after_wish(
        &mut self,
        throttled: bool,
        wish: Option<Duration>,
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
        let wait = wish.map_or(own, |wish| wish.max(own));
        self.deadline.allows(wait).then_some(wait)
    }
}

/// Full jitter: anything up to the exponential bound, so that many callers do not come back
/// together.
fn backoff(base: Duration, attempt: u32) -> Duration {
    let bound = base.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(LONGEST);
    bound.mul_f64(fastrand::f64())
}

/// How long the service wants to be left alone, by any of the three headers in use: in seconds, as
/// an HTTP date or in milliseconds. The longest counts, up to a day.
pub(crate) fn wish(headers: &Headers, now: SystemTime) -> Option<Duration> {
    let read = |name| headers.get_optional_str(&HeaderName::from_static(name)).map(str::trim);
    let after = read("retry-after").and_then(|text| {
        let date = || httpdate::parse_http_date(text).ok()?.duration_since(now).ok();
        text.parse().map(Duration::from_secs).ok().or_else(date)
    });
    ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .filter_map(|name| read(name)?.parse().map(Duration::from_millis).ok())
        .chain(after)
        .max()
        .map(|wish| wish.min(LONGEST_WISH))
}

const ATTEMPTS: u32 = 6;
const BASE: Duration = Duration::from_millis(500);
/// What Key Vault's throttling guide advises to begin with.
const THROTTLED_BASE: Duration = Duration::from_secs(1);
/// Where the same guide ends the doubling.
const LONGEST: Duration = Duration::from_secs(16);
/// No budget takes longer than a day to come back; whatever wishes for more is mistaken, and must
/// not stop a process that runs for weeks.
const LONGEST_WISH: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use akv_core::Reply;
    use azure_core::http::headers::HeaderValue;

    use super::*;
    use crate::pipeline::failure::Refusal;

    fn refused(status: u16, wish: Option<Duration>) -> Failure {
        let reply = Reply::new(status);
        Failure::Refused(Box::new(Refusal { reply, wish, ..Refusal::default() }))
    }

    fn retry(seconds: u64) -> Retry {
        Retry::new(Deadline::after(Duration::from_secs(seconds)))
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_pass_is_not_repeated() {
        for status in [400, 401, 403, 404, 409, 501] {
            assert_eq!(retry(60).after(&refused(status, None)), None, "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(retry(60).after(&refused(status, None)).is_some(), "{status}");
        }
        assert_eq!(retry(60).after(&Failure::TooLarge { limit: 1 }), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_service_wish_is_the_least_and_the_deadline_the_most() {
        let wish = Duration::from_secs(20);
        assert!(retry(60).after(&refused(503, Some(wish))) >= Some(wish));
        assert_eq!(retry(19).after(&refused(503, Some(wish))), None, "no wait past the deadline");
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

    #[test]
    fn reads_every_spelling_of_the_wish() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let date = httpdate::fmt_http_date(now + Duration::from_secs(7));
        for (name, value, seconds) in [
            ("retry-after", "3", Some(3)),
            ("retry-after", date.as_str(), Some(7)),
            ("retry-after", "soon", None),
            ("retry-after", "-1", None),
            ("retry-after-ms", "2000", Some(2)),
            ("x-ms-retry-after-ms", "4000", Some(4)),
            ("retry-after", "9999999999999999999", Some(86_400)),
            ("retry-after-ms", "18446744073709551615", Some(86_400)),
            ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400)),
        ] {
            let mut headers = Headers::new();
            headers.insert(name, HeaderValue::from(value.to_owned()));
            assert_eq!(wish(&headers, now), seconds.map(Duration::from_secs), "{name}: {value}");
        }
    }
}

//! The pause that a service requires.

use std::time::{Duration, SystemTime};

use azure_core::http::headers::{HeaderName, Headers};

/// The pause that the service requires, from any of the headers in use: in seconds, as an HTTP
/// date, in milliseconds, or Resource Graph's own. The longest one counts, up to a day.
pub(crate) fn retry_after(headers: &Headers, now: SystemTime) -> Option<Duration> {
    let read = |name| headers.get_optional_str(&HeaderName::from_static(name)).map(str::trim);
    let after = read("retry-after").and_then(|text| {
        let date = || httpdate::parse_http_date(text).ok()?.duration_since(now).ok();
        text.parse().map(Duration::from_secs).ok().or_else(date)
    });
    ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .filter_map(|name| read(name)?.parse().map(Duration::from_millis).ok())
        .chain(after)
        .chain(user_quota_resets_after(headers))
        .max()
        .map(|delay| delay.min(LONGEST))
}

/// When Resource Graph's quota of this caller resets (`hh:mm:ss`), one minute at most: its windows
/// have a few seconds.
pub(crate) fn user_quota_resets_after(headers: &Headers) -> Option<Duration> {
    let text =
        headers.get_optional_str(&HeaderName::from_static("x-ms-user-quota-resets-after"))?;
    let mut seconds = 0_u64;
    for part in text.trim().split(':') {
        let part: u64 = part.parse().ok()?;
        seconds = seconds.checked_mul(60)?.checked_add(part)?;
    }
    Some(Duration::from_secs(seconds.min(60)))
}

/// No quota takes longer than a day to reset. A longer value is a mistake and must not stop a
/// process that runs for weeks.
const LONGEST: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use azure_core::http::headers::HeaderValue;

    use super::*;

    #[test]
    fn reads_every_spelling_of_the_retry_after() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let date = httpdate::fmt_http_date(now + Duration::from_secs(7));
        for (name, value, seconds) in [
            ("retry-after", "3", Some(3)),
            ("retry-after", date.as_str(), Some(7)),
            ("retry-after", "soon", None),
            ("retry-after", "-1", None),
            ("retry-after-ms", "2000", Some(2)),
            ("x-ms-retry-after-ms", "4000", Some(4)),
            ("x-ms-user-quota-resets-after", "00:00:03", Some(3)),
            ("x-ms-user-quota-resets-after", "99:00:03", Some(60)),
            ("x-ms-user-quota-resets-after", "soon", None),
            ("retry-after", "9999999999999999999", Some(86_400)),
            ("retry-after-ms", "18446744073709551615", Some(86_400)),
            ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400)),
        ] {
            let mut headers = Headers::new();
            headers.insert(name, HeaderValue::from(value.to_owned()));
            assert_eq!(
                retry_after(&headers, now),
                seconds.map(Duration::from_secs),
                "{name}: {value}"
            );
        }
    }
}

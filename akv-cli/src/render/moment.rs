//! Points in time, for people.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// RFC 3339, as everywhere.
pub(super) fn exact(moment: Option<OffsetDateTime>) -> String {
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
}

/// `2026-12-19 (in 23 days)`.
pub(super) fn future(moment: Option<OffsetDateTime>, now: OffsetDateTime, past: &str) -> String {
    let Some(moment) = moment else { return String::new() };
    let distance = moment - now;
    let words = if distance.is_negative() {
        format!("{past} {} ago", span(-distance))
    } else {
        format!("in {}", span(distance))
    };
    format!("{} ({words})", moment.date())
}

/// The largest unit that there is one of, without its rest.
fn span(length: Duration) -> String {
    let (number, unit) = match (length.whole_days(), length.whole_hours()) {
        (0, 0) => (length.whole_minutes(), "minute"),
        (0, hours) => (hours, "hour"),
        (days, _) => (days, "day"),
    };
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{ending}")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_says_how_far_away_it_is() {
        let now = datetime!(2026-11-26 12:00 UTC);
        for (moment, expected) in [
            (datetime!(2026-12-19 13:00 UTC), "2026-12-19 (in 23 days)"),
            (datetime!(2026-11-27 12:00 UTC), "2026-11-27 (in 1 day)"),
            (datetime!(2026-11-27 11:59:59 UTC), "2026-11-27 (in 23 hours)"),
            (datetime!(2026-11-26 12:00 UTC), "2026-11-26 (in 0 minutes)"),
            (datetime!(2026-11-26 11:58 UTC), "2026-11-26 (expired 2 minutes ago)"),
            (datetime!(2026-11-23 11:00 UTC), "2026-11-23 (expired 3 days ago)"),
            (datetime!(1926-11-26 12:00 UTC), "1926-11-26 (expired 36525 days ago)"),
        ] {
            let shown = future(Some(moment), now, "expired");
            assert_eq!(shown, expected);
        }
        assert_eq!(future(None, now, "expired"), "");
        let farthest = future(Some(datetime!(9999-12-31 0:00 UTC)), now, "expired");
        assert!(farthest.starts_with("9999-12-31 (in 29"), "{farthest}");
    }
}

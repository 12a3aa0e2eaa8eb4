//! Times for people.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// RFC 3339, as in all outputs.
pub(super) fn exact(moment: Option<OffsetDateTime>) -> String {
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
}

/// `in 23 days (2026-12-19)`.
pub(super) fn dated(moment: Option<OffsetDateTime>, now: OffsetDateTime, past: &str) -> String {
    let date = moment.map(|moment| format!(" ({})", moment.date())).unwrap_or_default();
    relative(moment, now, past) + &date
}

/// `in 23 days`; for a past time `expired 3 days ago`.
pub(super) fn relative(moment: Option<OffsetDateTime>, now: OffsetDateTime, past: &str) -> String {
    match moment.map(|moment| moment - now) {
        Some(distance) if distance.is_negative() => format!("{past} {} ago", span(-distance)),
        Some(distance) => format!("in {}", span(distance)),
        None => String::new(),
    }
}

/// The largest unit that fits at least once, without the remainder.
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
            (datetime!(2026-12-19 13:00 UTC), "in 23 days (2026-12-19)"),
            (datetime!(2026-11-27 12:00 UTC), "in 1 day (2026-11-27)"),
            (datetime!(2026-11-27 11:59:59 UTC), "in 23 hours (2026-11-27)"),
            (datetime!(2026-11-26 12:00 UTC), "in 0 minutes (2026-11-26)"),
            (datetime!(2026-11-26 11:58 UTC), "expired 2 minutes ago (2026-11-26)"),
            (datetime!(2026-11-23 11:00 UTC), "expired 3 days ago (2026-11-23)"),
            (datetime!(1926-11-26 12:00 UTC), "expired 36525 days ago (1926-11-26)"),
        ] {
            let shown = dated(Some(moment), now, "expired");
            assert_eq!(shown, expected);
        }
        assert_eq!(dated(None, now, "expired"), "");
        let farthest = dated(Some(datetime!(9999-12-31 0:00 UTC)), now, "expired");
        assert!(farthest.starts_with("in 29") && farthest.ends_with(" (9999-12-31)"), "{farthest}");
    }
}

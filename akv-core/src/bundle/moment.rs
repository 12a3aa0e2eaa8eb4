//! Times in certificates.

use time::{Date, Duration, Month, OffsetDateTime, Time};

use super::element::{Element, tag};

/// Parses `UTCTime` or `GeneralizedTime`, with or without seconds, in UTC or with an offset, as old
/// encoders write them and OpenSSL reads them.
pub(super) fn read(element: Element<'_>) -> Result<OffsetDateTime, &'static str> {
    let mut digits = Digits(element.content);
    let (year, minutes_are_optional) = match element.tag {
        // RFC 5280 4.1.2.5.1: from 1950 to 2049.
        tag::UTC_TIME => {
            let year = digits.two().ok_or(NO_TIME)?;
            (i32::from(year) + if year < 50 { 2000 } else { 1900 }, false)
        }
        tag::GENERALIZED_TIME => {
            let (century, year) = (digits.two().ok_or(NO_TIME)?, digits.two().ok_or(NO_TIME)?);
            (i32::from(century) * 100 + i32::from(year), true)
        }
        _ => return Err(NO_TIME),
    };
    let (month, day) = (digits.two().ok_or(NO_TIME)?, digits.two().ok_or(NO_TIME)?);
    let hour = digits.two().ok_or(NO_TIME)?;
    let minute = digits.two();
    if minute.is_none() && !minutes_are_optional {
        return Err(NO_TIME);
    }
    let second = minute.and_then(|_| digits.two());
    if second.is_some() {
        digits.pass_over_fraction();
    }
    let offset = digits.offset()?;
    let month = Month::try_from(month).map_err(|_| NO_DAY)?;
    let date = Date::from_calendar_date(year, month, day).map_err(|_| NO_DAY)?;
    let time = Time::from_hms(hour, minute.unwrap_or(0), second.unwrap_or(0));
    let local = date.with_time(time.map_err(|_| NO_HOUR)?).assume_utc();
    local.checked_sub(offset).ok_or("it is beyond the year 9999")
}

struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn two(&mut self) -> Option<u8> {
        let (&[tens @ b'0'..=b'9', ones @ b'0'..=b'9'], rest) = self.0.split_first_chunk()? else {
            return None;
        };
        self.0 = rest;
        Some((tens - b'0') * 10 + ones - b'0')
    }

    fn pass_over_fraction(&mut self) {
        if let [b'.' | b',', rest @ ..] = self.0 {
            let end = rest.iter().position(|octet| !octet.is_ascii_digit());
            self.0 = end.and_then(|end| rest.get(end..)).unwrap_or_default();
        }
    }

    /// The offset of the time from UTC.
    fn offset(mut self) -> Result<Duration, &'static str> {
        let (sign, rest) = match self.0 {
            b"Z" => return Ok(Duration::ZERO),
            [] => return Err("it contains no time zone"),
            [b'+', rest @ ..] => (1, rest),
            [b'-', rest @ ..] => (-1, rest),
            _ => return Err(NO_TIME),
        };
        self.0 = rest;
        let hours = self.two().ok_or(NO_TIME)?;
        let minutes = self.two().unwrap_or(0);
        if !self.0.is_empty() || hours > 23 || minutes > 59 {
            return Err(NO_TIME);
        }
        Ok(Duration::minutes(sign * (i64::from(hours) * 60 + i64::from(minutes))))
    }
}

const NO_TIME: &str = "it is not a time";
const NO_DAY: &str = "its day does not exist";
const NO_HOUR: &str = "its hour does not exist";

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn time(tag: u8, text: &str) -> Result<OffsetDateTime, &'static str> {
        read(Element { tag, content: text.as_bytes(), whole: text.as_bytes() })
    }

    #[test]
    fn times_are_read_as_openssl_reads_them() {
        let (utc, general) = (tag::UTC_TIME, tag::GENERALIZED_TIME);
        for (tag, text, expected) in [
            (utc, "261124120000Z", datetime!(2026-11-24 12:00 UTC)),
            (utc, "2611241200Z", datetime!(2026-11-24 12:00 UTC)),
            (utc, "500101000000Z", datetime!(1950-01-01 0:00 UTC)),
            (utc, "261124120000+0130", datetime!(2026-11-24 10:30 UTC)),
            (utc, "2611241200-0800", datetime!(2026-11-24 20:00 UTC)),
            (general, "00000101000000Z", datetime!(0000-01-01 0:00 UTC)),
            (general, "99991231235959Z", datetime!(9999-12-31 23:59:59 UTC)),
            (general, "2026112412Z", datetime!(2026-11-24 12:00 UTC)),
            (general, "202611241200Z", datetime!(2026-11-24 12:00 UTC)),
            (general, "20261124120000.123Z", datetime!(2026-11-24 12:00 UTC)),
            (general, "20261124120000,5+01", datetime!(2026-11-24 11:00 UTC)),
        ] {
            assert_eq!(time(tag, text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn invalid_time_has_a_reason() {
        let (utc, general) = (tag::UTC_TIME, tag::GENERALIZED_TIME);
        for (tag, text, reason) in [
            (tag::INTEGER, "261124120000Z", NO_TIME),
            (utc, "", NO_TIME),
            (utc, "26112412Z", NO_TIME),
            (utc, "2611241200", "it contains no time zone"),
            (utc, "261124120000Zjunk", NO_TIME),
            (utc, "261124120000+99", NO_TIME),
            (utc, "260229120000Z", NO_DAY),
            (utc, "261301120000Z", NO_DAY),
            (utc, "261124240000Z", NO_HOUR),
            (general, "20261124120000", "it contains no time zone"),
            (general, "20261124120000.5", "it contains no time zone"),
            (general, "99991231235959-0001", "it is beyond the year 9999"),
        ] {
            assert_eq!(time(tag, text), Err(reason), "{text}");
        }
    }
}

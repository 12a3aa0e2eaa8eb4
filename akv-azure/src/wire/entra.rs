//! Errors of Entra ID's token endpoint, and of the managed identity endpoints.

use serde::Deserialize;
use serde_json::Value;

use super::refusal::shortened;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenError {
    pub(crate) error: Option<String>,
    error_description: Option<String>,
    error_codes: Vec<u32>,
    trace_id: Option<String>,
    /// App Service has its own form.
    message: Option<String>,
}

impl TokenError {
    /// `None` where the body is not of this form: a proxy or a gateway answered.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let error: Self = serde_json::from_slice(body).ok()?;
        (error.error.is_some() || error.message.is_some()).then_some(error)
    }

    /// The AADSTS code: from the list of codes, or the head of the description.
    pub(crate) fn code(&self) -> Option<u32> {
        let described = || {
            let digits = self.error_description.as_deref()?.strip_prefix("AADSTS")?;
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        self.error_codes.first().copied().or_else(described)
    }

    /// The description without the trailer of trace id, correlation id and timestamp.
    pub(crate) fn message(&self) -> Option<String> {
        let text = self.error_description.as_deref().or(self.message.as_deref())?;
        let end = text.find("Trace ID:").unwrap_or(text.len());
        Some(shortened(text.get(..end).unwrap_or(text)))
    }

    pub(crate) fn trace_id(&self) -> Option<String> {
        self.trace_id.clone()
    }
}

/// How long a token lasts (`expires_in`, in seconds) or until when (`expires_on`, in seconds since
/// 1970): both come as a number or as a string.
#[derive(Deserialize)]
struct Lifetime {
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    expires_on: Value,
}

/// Whether what the answer says of the token's lifetime can be: neither before 1970 nor beyond
/// [`LATEST`]. What is no number is left to whoever reads the token.
pub(crate) fn is_lifetime_plausible(body: &[u8]) -> bool {
    let Ok(Lifetime { expires_in, expires_on }) = serde_json::from_slice(body) else { return true };
    [expires_in, expires_on].iter().filter_map(number).all(|it| (0.0..=LATEST).contains(&it))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    }
}

/// The year 2200, in seconds since 1970. Tokens last some hours.
const LATEST: f64 = 7_258_118_400.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_beyond_the_calendar_is_not_plausible() {
        for (body, plausible) in [
            (r#"{"access_token":"x","expires_in":3600}"#, true),
            (r#"{"access_token":"x","expires_in":"86399","expires_on":"1800000000"}"#, true),
            (r#"{"access_token":"x"}"#, true),
            (r#"{"expires_on":"11/23/2026 10:00:00 PM +00:00"}"#, true),
            ("<html>", true),
            (r#"{"expires_in":999999999999}"#, false),
            (r#"{"expires_in":9223372036854775807}"#, false),
            (r#"{"expires_in":1e300}"#, false),
            (r#"{"expires_in":-999999999999}"#, false),
            (r#"{"expires_on":"9223372036854775807"}"#, false),
        ] {
            assert_eq!(is_lifetime_plausible(body.as_bytes()), plausible, "{body}");
        }
    }
}

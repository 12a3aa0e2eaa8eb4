//! Answers of Entra ID's token endpoint, and of the managed identity endpoints.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A token as the endpoints return it.
#[derive(Deserialize)]
struct TokenAnswer<'a> {
    #[serde(borrow, default)]
    access_token: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    token_type: Option<std::borrow::Cow<'a, str>>,
    #[serde(default)]
    expires_in: Seconds,
    #[serde(default)]
    expires_on: Seconds,
}

/// The fault of the token in a successful answer; `None` if the answer cannot be parsed, because
/// the reader of the token detects that.
///
/// `expires_in` is in seconds, `expires_on` in seconds since 1970: a lifetime beyond [`LATEST`]
/// would make `azure_identity` panic.
pub(crate) fn fault_of_token(body: &[u8]) -> Option<&'static str> {
    let answer: TokenAnswer<'_> = serde_json::from_slice(body).ok()?;
    let token = answer.access_token.as_deref()?;
    let kind = answer.token_type.as_deref().unwrap_or("Bearer");
    if let Some(fault) = fault_of_secret(token) {
        Some(fault)
    } else if !kind.eq_ignore_ascii_case("Bearer") {
        Some("the token's type is not Bearer")
    } else if ![answer.expires_in, answer.expires_on].iter().all(Seconds::is_plausible) {
        Some("the lifetime of the token is not plausible")
    } else {
        None
    }
}

/// The fault of an access token itself.
pub(crate) fn fault_of_secret(token: &str) -> Option<&'static str> {
    if token.is_empty() {
        Some("the access token is empty")
    } else if !token.bytes().all(|b| b.is_ascii_graphic()) {
        Some(
            "the access token contains characters that are not allowed (for example, a line \
              break)",
        )
    } else {
        None
    }
}

/// A number, or a string with a number. Other values are dropped.
#[derive(Clone, Copy, Default)]
struct Seconds(Option<f64>);

impl Seconds {
    /// Neither before 1970 nor beyond [`LATEST`]; the reader of the token handles a value that is
    /// not a number.
    fn is_plausible(&self) -> bool {
        self.0.is_none_or(|seconds| (0.0..=LATEST).contains(&seconds))
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl<'de> Visitor<'de> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds")
    }

    fn visit_f64<E>(self, seconds: f64) -> Result<Seconds, E> {
        Ok(Seconds(Some(seconds)))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the bounds are far below the loss of precision"
    )]
    fn visit_i64<E>(self, seconds: i64) -> Result<Seconds, E> {
        Ok(Seconds(Some(seconds as f64)))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the bounds are far below the loss of precision"
    )]
    fn visit_u64<E>(self, seconds: u64) -> Result<Seconds, E> {
        Ok(Seconds(Some(seconds as f64)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Seconds, E> {
        Ok(Seconds(text.trim().parse().ok()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Seconds, E> {
        Ok(Seconds(None))
    }

    fn visit_unit<E>(self) -> Result<Seconds, E> {
        Ok(Seconds(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Seconds, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Seconds(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seconds, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Seconds(None))
    }
}

/// The year 2200, in seconds since 1970. Tokens last a few hours.
const LATEST: f64 = 7_258_118_400.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_fault_of_a_token() {
        let token = |rest: &str| format!(r#"{{"access_token":"x",{rest}}}"#);
        for (body, fault) in [
            (token(r#""expires_in":3600"#), None),
            (token(r#""expires_in":"86399","expires_on":"1800000000""#), None),
            (token(r#""token_type":"bearer","expires_in":[[],{"a":0}]"#), None),
            (token(r#""expires_on":"11/23/2026 10:00:00 PM +00:00""#), None),
            ("<html>".to_owned(), None),
            (token(r#""expires_in":999999999999"#), Some("lifetime")),
            (token(r#""expires_in":9223372036854775807"#), Some("lifetime")),
            (token(r#""expires_in":1e300"#), Some("lifetime")),
            (token(r#""expires_in":-999999999999"#), Some("lifetime")),
            (token(r#""expires_on":"9223372036854775807""#), Some("lifetime")),
            (token(r#""token_type":"pop""#), Some("Bearer")),
            (r#"{"access_token":""}"#.to_owned(), Some("empty")),
            (r#"{"access_token":"a\r\nb"}"#.to_owned(), Some("characters")),
            (r#"{"access_token":"a\u0000"}"#.to_owned(), Some("characters")),
            (r#"{"access_token":"ä"}"#.to_owned(), Some("characters")),
        ] {
            let message = fault_of_token(body.as_bytes());
            assert_eq!(message.is_some(), fault.is_some(), "{body}: {message:?}");
            assert!(message.unwrap_or_default().contains(fault.unwrap_or_default()), "{body}");
        }
    }
}

//! Tags from the text field "Certificate Tags".

use akv_core::Tags;
use serde_json::{Map, Number, Value};

/// Parses a JSON object whose strings have double or single quotes. Numbers and booleans become
/// strings, spelled as in the input. The error states the expected form.
pub(crate) fn read(text: &str) -> Result<Tags, String> {
    let members: Map<String, Value> =
        serde_json::from_str(&as_strict_json(text)).map_err(|_| EXPECTED.to_owned())?;
    let tags: Vec<(String, String)> = members
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            Value::Bool(flag) => Ok((name, flag.to_string())),
            Value::Number(number) => Ok((name, number.to_string())),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(EXPECTED.to_owned()),
        })
        .collect::<Result<_, _>>()?;
    Tags::new(tags).map_err(|invalid| invalid.expected().to_owned())
}

/// The same text with double quotes around every single-quoted string and every number, so that no
/// number loses digits by a conversion to floating point.
fn as_strict_json(text: &str) -> String {
    let mut strict = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (token, after) = match c {
            '"' | '\'' => rest.split_at(quoted_length(rest, c)),
            '-' | '0'..='9' => rest.split_at(
                rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c))
                    .unwrap_or(rest.len()),
            ),
            _ => rest.split_at(c.len_utf8()),
        };
        match c {
            '\'' => push_double_quoted(&mut strict, token),
            '-' | '0'..='9' if serde_json::from_str::<Number>(token).is_ok() => {
                strict.extend(["\"", token, "\""]);
            }
            _ => strict.push_str(token),
        }
        rest = after;
    }
    strict
}

/// The length of the quoted string at the start of `text`, including both quotes; the whole length
/// if the closing quote is missing.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let closes = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    end.map_or(text.len(), |(at, c)| at + c.len_utf8())
}

fn push_double_quoted(strict: &mut String, token: &str) {
    let inner = token.strip_prefix('\'').unwrap_or(token);
    let (inner, closing) = match inner.strip_suffix('\'') {
        Some(inner) => (inner, "\""),
        None => (inner, ""),
    };
    strict.push('"');
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => strict.push_str("\\\""),
            '\\' => match characters.next() {
                Some('\'') => strict.push('\''),
                Some(escaped) => strict.extend(['\\', escaped]),
                None => strict.push('\\'),
            },
            other => strict.push(other),
        }
    }
    strict.push_str(closing);
}

const EXPECTED: &str = "a JSON object of texts, numbers or booleans such as \
                        {\"owner\":\"pki\",\"env\":\"test\"}, in double or single quotes";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_quotings_and_every_scalar_are_read() {
        for (text, tags) in [
            (r#"{"a":"b"}"#, vec![("a", "b")]),
            ("{'a':'b'}", vec![("a", "b")]),
            (r#"{'a':"b", "c" : 'd'}"#, vec![("a", "b"), ("c", "d")]),
            (r"{'a':'it\'s'}", vec![("a", "it's")]),
            (r#"{'a':'a "quoted" word'}"#, vec![("a", "a \"quoted\" word")]),
            (r#"{"a":"it's {1}"}"#, vec![("a", "it's {1}")]),
            (r#"{"path":"C:\\dir","q":"\"\u0041"}"#, vec![("path", "C:\\dir"), ("q", "\"A")]),
            (r"{'path':'C:\\dir'}", vec![("path", "C:\\dir")]),
            (
                r#"{"n":1,"f":1.50,"e":-2e3,"b":true}"#,
                vec![("n", "1"), ("f", "1.50"), ("e", "-2e3"), ("b", "true")],
            ),
            (
                "{\"n\":123456789012345678901234567890}",
                vec![("n", "123456789012345678901234567890")],
            ),
            (" { } ", vec![]),
            ("{\"\u{e4}\":'\u{1f511}'}", vec![("\u{e4}", "\u{1f511}")]),
        ] {
            assert_eq!(read(text), Ok(Tags::as_stored(tags)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_rejected() {
        let many = (0..16).map(|n| format!("'t{n}':'v'")).collect::<Vec<_>>().join(",");
        for text in [
            "null",
            "[]",
            "owner=pki",
            "{",
            "{'a':'b'",
            "{'a':'b}",
            r"{'a':'b\'}",
            "{'a':null}",
            "{'a':['b']}",
            "{'a':{'b':'c'}}",
            "{'a':01}",
            "{'a':'b'}}",
            "{a:'b'}",
            "{'':'b'}",
            "'",
            &format!("{{'a':'{}'}}", "x".repeat(257)),
            &format!("{{{many}}}"),
        ] {
            assert!(read(text).is_err(), "{text} was taken");
        }
    }

    proptest! {
        #[test]
        fn reads_back_written_json(
            tags in prop::collection::btree_map("\\PC{1,20}", "\\PC{0,20}", 0..15)
        ) {
            let text = serde_json::to_string(&tags).expect("JSON");
            prop_assert_eq!(read(&text), Ok(Tags::as_stored(tags)));
        }

        #[test]
        fn never_panics(text in "[{}'\":,\\\\a0-9.+ é-]{0,40}") {
            let _ = read(&text);
        }
    }
}

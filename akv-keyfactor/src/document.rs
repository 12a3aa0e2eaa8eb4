//! A tolerant JSON reader for the job configurations of all senders: member names in any letter
//! case, null equal to absent, a scalar in any type.
//!
//! Values are parsed on demand. An object holds its members' names and the positions of their
//! values in the text, so an unused member costs no memory and can contain any JSON.

mod json_text;
mod member;

use akv_core::text::decode;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(crate) use json_text::Text;
pub(crate) use member::Member;

use crate::problem::Problem;
use crate::scan::is_too_deep;

/// The text of a job configuration.
pub(crate) struct Document<'a>(Text<'a>);

impl<'a> Document<'a> {
    /// UTF-8 with or without a byte order mark, or UTF-16 with one.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Problem> {
        if bytes.len() > LARGEST_CONFIGURATION {
            return Err(unreadable(format!(
                "it is larger than {} MiB",
                LARGEST_CONFIGURATION >> 20
            )));
        }
        let text = if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            if bytes.len() > LARGEST_UTF16 {
                return Err(unreadable(format!(
                    "it is UTF-16 and larger than {} MiB: send it as UTF-8",
                    LARGEST_UTF16 >> 20
                )));
            }
            Text::Decoded(decode(bytes).map_err(|error| unreadable(error.to_string()))?)
        } else {
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
            // Not copied, because it may have the maximum size.
            Text::Here(std::str::from_utf8(bytes).map_err(|_| {
                unreadable("expected a JSON object in UTF-8, but the text is not UTF-8")
            })?)
        };
        if text.trim().is_empty() {
            return Err(unreadable("expected a JSON object, but the text is empty"));
        }
        Ok(Self(text))
    }

    /// The root object of the document.
    pub(crate) fn root(&self) -> Result<Object<'_>, Problem> {
        Object::read(String::new(), &self.0).map_err(|wrong| unreadable(wrong.to_string()))
    }
}

fn unreadable(why: impl Into<String>) -> Problem {
    Problem::Unreadable(why.into())
}

/// An object and its position. An absent object has no members.
#[derive(Clone)]
pub(crate) struct Object<'a> {
    path: String,
    members: Vec<(Text<'a>, &'a str)>,
}

/// Why a text is not an object: the position, never the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NotAnObject {
    #[error("expected a JSON object, but it is not JSON (line {line}, column {column})")]
    Syntax { line: usize, column: usize },
    #[error("expected a JSON object, but the text ends before the object does")]
    Incomplete,
    #[error("expected a JSON object")]
    OtherType,
    #[error("it is nested deeper than 128 levels")]
    TooDeep,
    #[error("an object in it has more than {MOST_MEMBERS} members")]
    TooManyMembers,
}

impl<'a> Object<'a> {
    fn absent(path: String) -> Self {
        Self { path, members: Vec::new() }
    }

    fn read(path: String, text: &'a str) -> Result<Self, NotAnObject> {
        if is_too_deep(text.as_bytes()) {
            return Err(NotAnObject::TooDeep);
        }
        let mut members = Members { read: Vec::new(), too_many: false };
        let mut json = serde_json::Deserializer::from_str(text);
        // Any other value is skipped without a copy of its text.
        let read = if text.trim_start().starts_with('{') {
            json.deserialize_any(&mut members)
        } else {
            IgnoredAny::deserialize(&mut json).and_then(|_| Err(de::Error::custom("")))
        };
        let read = read.and_then(|()| json.end());
        match read {
            _ if members.too_many => Err(NotAnObject::TooManyMembers),
            Ok(()) => Ok(Self { path, members: members.read }),
            Err(error) => Err(match error.classify() {
                serde_json::error::Category::Data => NotAnObject::OtherType,
                serde_json::error::Category::Eof => NotAnObject::Incomplete,
                _ => NotAnObject::Syntax { line: error.line(), column: error.column() },
            }),
        }
    }

    /// The member with that name, or else with the same name in another letter case. The last one
    /// of several counts, as in other JSON readers.
    pub(crate) fn member(&self, name: &str) -> Member<'a> {
        let path =
            if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        let find = |same: &dyn Fn(&str) -> bool| {
            self.members.iter().rev().find(|(key, _)| same(key)).map(|(_, value)| *value)
        };
        let value =
            find(&|key| key == name).or_else(|| find(&|key| key.eq_ignore_ascii_case(name)));
        Member::new(path, value)
    }

    /// Every member, in the order of the text.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, Member<'a>)> {
        self.members
            .iter()
            .map(|(name, value)| (&**name, Member::new(self.path.clone(), Some(value))))
    }
}

/// Collects the members of an object; a name that is not valid text is skipped.
struct Members<'a> {
    read: Vec<(Text<'a>, &'a str)>,
    too_many: bool,
}

impl<'a> Visitor<'a> for &mut Members<'a> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<&RawValue>()? {
            // An overlong name is kept as spelled and not decoded into a copy.
            let name = name.get();
            let name = if name.len() > LONGEST_NAME {
                Some(Text::Here(name))
            } else {
                Text::of_json(name)
            };
            let Some(name) = name else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if self.read.len() == MOST_MEMBERS {
                self.too_many = true;
                return Err(de::Error::custom(""));
            }
            self.read.push((name, map.next_value::<&RawValue>()?.get()));
        }
        Ok(())
    }
}

/// The largest job configuration, in bytes. The largest ones have a `LastInventory`: 250,000
/// certificates take 28 MiB.
pub const LARGEST_CONFIGURATION: usize = 32 << 20;
/// The limit for UTF-16, which is decoded into a copy.
const LARGEST_UTF16: usize = 16 << 20;
/// A tag's name has at most 256 characters, each encoded in at most 12.
const LONGEST_NAME: usize = 4096;
/// The senders' own objects have a few dozen.
const MOST_MEMBERS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(document: &str, name: &str) -> Option<String> {
        let document = Document::read(document.as_bytes()).expect("text");
        let root = document.root().expect("an object");
        root.member(name).text().expect("text").map(|text| text.to_string())
    }

    #[test]
    fn exact_name_comes_before_another_letter_case() {
        let document = r#"{"alias":"b","Alias":"a"}"#;
        assert_eq!(text_of(document, "Alias").as_deref(), Some("a"));
        assert_eq!(text_of(document, "alias").as_deref(), Some("b"));
        assert!(text_of(document, "ALIAS").is_some());
        assert_eq!(text_of(document, "Other"), None);
        assert_eq!(text_of(r#"{"Al\u0069as":"a\u0062"}"#, "Alias").as_deref(), Some("ab"));
    }

    #[test]
    fn unused_members_hold_anything_that_is_json() {
        for unused in [
            "1e400",
            "\"\\ud800\"",
            "{\"a\":1,\"a\":2}",
            "[[{\"\\udc00\":-0.0e99999}]]",
            "1,\"a\":\"x\",\"a\":2",
        ] {
            let document = format!("{{\"a\":{unused},\"\\ud800\":1,\"Alias\":\"b\"}}");
            assert_eq!(text_of(&document, "Alias").as_deref(), Some("b"), "{unused}");
        }
    }

    #[test]
    fn errors_contain_the_position_and_no_content() {
        let many: Vec<String> = (0..=MOST_MEMBERS).map(|n| format!("\"m{n}\":0")).collect();
        let many = format!("{{{}}}", many.join(","));
        let deep = format!("{{\"a\":{}", "[".repeat(200));
        for (document, says) in [
            ("{\n\"a\":MARKER}", "line 2, column 5"),
            ("{\"a\":\"MARKER", "ends before"),
            ("[\"MARKER\"]", "expected a JSON object"),
            ("{\"a\":1} MARKER", "line 1"),
            ("{\"a\":\"MARKER\u{1}\"}", "line 1"),
            (deep.as_str(), "deeper than 128"),
            (many.as_str(), "more than 4096 members"),
        ] {
            let document = Document::read(document.as_bytes()).expect("text");
            let Err(problem) = document.root() else { panic!("{says} was read") };
            let problem = problem.to_string();
            assert!(problem.contains(says) && !problem.contains("MARKER"), "{problem}");
        }
    }
}

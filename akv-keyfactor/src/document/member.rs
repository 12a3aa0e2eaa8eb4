//! A member of an object, parsed into the type that a job needs.

use std::str::FromStr;

use akv_core::InvalidValue;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Object, Text};
use crate::problem::Problem;

/// A member and its position. Null is equal to absent.
pub(crate) struct Member<'a> {
    path: String,
    /// Its well-formed JSON.
    json: Option<&'a str>,
}

impl<'a> Member<'a> {
    pub(super) fn new(path: String, json: Option<&'a str>) -> Self {
        Self { path, json: json.map(str::trim).filter(|json| *json != "null") }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn is_present(&self) -> bool {
        self.json.is_some()
    }

    pub(crate) fn missing(&self, expected: impl Into<String>) -> Problem {
        Problem::missing(&self.path, expected)
    }

    pub(crate) fn invalid(&self, expected: impl Into<String>) -> Problem {
        Problem::invalid(&self.path, expected)
    }

    /// A trimmed string. A blank string counts as absent; a number or a boolean is read as its
    /// text.
    pub(crate) fn text(&self) -> Result<Option<Text<'a>>, Problem> {
        self.text_of_at_most(LONGEST_TEXT, "text of at most 256 KiB")
    }

    /// The text of an encoded file.
    pub(crate) fn file(&self) -> Result<Option<Text<'a>>, Problem> {
        self.text_of_at_most(LONGEST_FILE, "a file of at most 1 MiB")
    }

    /// A longer text is rejected before it is copied.
    fn text_of_at_most(&self, most: usize, expected: &str) -> Result<Option<Text<'a>>, Problem> {
        let Some(json) = self.json else { return Ok(None) };
        if json.len() > most {
            return Err(self.invalid(expected));
        }
        let text = match json.as_bytes().first() {
            Some(b'"') => Text::of_json(json).ok_or_else(|| self.invalid("text"))?.trimmed(),
            Some(b'{' | b'[') => return Err(self.invalid("text")),
            _ => Text::Here(json),
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// A string as it is, including white space. An object is read as its own text, because
    /// references to secrets have that form.
    pub(crate) fn secret(&self) -> Result<Option<Text<'a>>, Problem> {
        let Some(json) = self.json else { return Ok(None) };
        match json.as_bytes().first() {
            _ if json.len() > LONGEST_TEXT => Err(self.invalid("text of at most 256 KiB")),
            Some(b'"') => Text::of_json(json).map(Some).ok_or_else(|| self.invalid("text")),
            Some(b'{') => Ok(Some(Text::Here(json))),
            _ => Err(self.invalid("text")),
        }
    }

    /// A string, parsed.
    pub(crate) fn parsed<T: FromStr<Err = InvalidValue>>(&self) -> Result<Option<T>, Problem> {
        let read = |text: Text<'_>| {
            text.parse().map_err(|invalid| Problem::of_value(&self.path, &invalid))
        };
        self.text()?.map(read).transpose()
    }

    /// A boolean in every senders' spelling: `true`, `"True"`, `1`, `"1"`; blank counts as absent.
    pub(crate) fn boolean(&self) -> Result<Option<bool>, Problem> {
        let invalid = || self.invalid("true or false");
        let Some(text) = self.text().map_err(|_| invalid())? else { return Ok(None) };
        match &*text {
            "1" => Ok(Some(true)),
            "0" => Ok(Some(false)),
            word if word.eq_ignore_ascii_case("true") => Ok(Some(true)),
            word if word.eq_ignore_ascii_case("false") => Ok(Some(false)),
            _ => Err(invalid()),
        }
    }

    /// A whole number, as a number or as a string; blank counts as absent.
    pub(crate) fn integer(&self) -> Result<Option<i64>, Problem> {
        let invalid = || self.invalid("a whole number");
        let Some(text) = self.text().map_err(|_| invalid())? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| invalid())
    }

    /// An object; empty if it is absent.
    pub(crate) fn object(&self) -> Result<Object<'a>, Problem> {
        match self.json {
            None => Ok(Object::absent(self.path.clone())),
            Some(json) => Object::read(self.path.clone(), json)
                .map_err(|_| self.invalid("an object of at most 4,096 members")),
        }
    }

    /// Passes the elements of an array on one by one, so that a long array is never held in memory;
    /// an absent array has no elements.
    pub(crate) fn each(
        &self,
        take: impl FnMut(Member<'a>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let Some(json) = self.json else { return Ok(()) };
        if !json.starts_with('[') {
            return Err(self.invalid("an array"));
        }
        let mut elements = Elements { path: &self.path, take, stopped: None };
        let read = serde_json::Deserializer::from_str(json).deserialize_any(&mut elements);
        match (elements.stopped, read) {
            (Some(problem), _) => Err(problem),
            (None, Ok(())) => Ok(()),
            (None, Err(_)) => Err(self.invalid("an array")),
        }
    }

    /// Whether an array has more elements than that. No element is parsed.
    pub(crate) fn has_more_than(&self, most: usize) -> bool {
        let mut count = Count { left: most, exceeded: false };
        if let Some(json) = self.json.filter(|json| json.starts_with('[')) {
            // The reader of the array reports a value that is not an array.
            let _ = serde_json::Deserializer::from_str(json).deserialize_any(&mut count);
        }
        count.exceeded
    }

    /// Parses the first strings of an array; skips values that cannot be parsed.
    pub(crate) fn first_parsed<T: FromStr>(&self, most: usize) -> Result<Vec<T>, Problem> {
        let mut read = Vec::new();
        self.each(|element| {
            if read.len() < most {
                read.extend(element.text().ok().flatten().and_then(|text| text.parse().ok()));
            }
            Ok(())
        })?;
        Ok(read)
    }

    /// An object, or a string with an object's JSON, as the store properties are sent. A blank
    /// string is an empty object.
    pub(crate) fn object_or_text(&self) -> Result<Nested<'a>, Problem> {
        match self.json {
            Some(json) if json.starts_with('"') => {
                if json.len() > LONGEST_TEXT {
                    return Err(self.invalid(OBJECT_OR_TEXT));
                }
                let text = Text::of_json(json).ok_or_else(|| self.invalid(OBJECT_OR_TEXT))?;
                let text = Zeroizing::new(text.trim().trim_start_matches('\u{feff}').to_owned());
                if text.is_empty() {
                    return Ok(Nested::Here(Object::absent(self.path.clone())));
                }
                Ok(Nested::Text { path: self.path.clone(), text })
            }
            _ => self.object().map(Nested::Here),
        }
    }
}

/// An object that was sent as an object or as a string.
pub(crate) enum Nested<'a> {
    Here(Object<'a>),
    Text { path: String, text: Zeroizing<String> },
}

impl Nested<'_> {
    pub(crate) fn object(&self) -> Result<Object<'_>, Problem> {
        match self {
            Self::Here(object) => Ok(object.clone()),
            Self::Text { path, text } => {
                Object::read(path.clone(), text).map_err(|_| Problem::invalid(path, OBJECT_OR_TEXT))
            }
        }
    }
}

struct Elements<'p, F> {
    path: &'p str,
    take: F,
    stopped: Option<Problem>,
}

impl<'a, F: FnMut(Member<'a>) -> Result<(), Problem>> Visitor<'a> for &mut Elements<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut at = 0;
        while let Some(value) = seq.next_element::<&RawValue>()? {
            let element = Member::new(format!("{}[{at}]", self.path), Some(value.get()));
            (self.take)(element).map_err(|problem| {
                self.stopped = Some(problem);
                de::Error::custom("")
            })?;
            at += 1;
        }
        Ok(())
    }
}

struct Count {
    left: usize,
    exceeded: bool,
}

impl<'a> Visitor<'a> for &mut Count {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {
            if self.left == 0 {
                self.exceeded = true;
                return Err(de::Error::custom(""));
            }
            self.left -= 1;
        }
        Ok(())
    }
}

const OBJECT_OR_TEXT: &str = "a JSON object, or the text of one (at most 256 KiB)";
/// In JSON encoding. The senders' own strings have a few hundred bytes.
const LONGEST_TEXT: usize = 256 << 10;
/// A file of 1 MiB takes 1.8 MiB if it was encoded twice, and more if its line ends are escaped.
const LONGEST_FILE: usize = 4 << 20;

//! Reading JSON as tolerantly as the senders need it: the names of members in any letter case, null
//! and absent alike, a scalar in whichever type it comes. Everything that was read is wiped.

use std::borrow::Cow;
use std::str::FromStr;

use akv_core::InvalidValue;
use serde_json::{Map, Value};
use zeroize::Zeroize;

use super::problem::Problem;

/// A JSON text as a tree. Job configurations hold passwords and keys, so the tree is wiped when it
/// is dropped.
pub(crate) struct Document(Value);

impl Document {
    /// Reads a JSON object. UTF-8 with or without a byte order mark.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Problem> {
        if text.starts_with(&[0xFF, 0xFE]) || text.starts_with(&[0xFE, 0xFF]) {
            return Err(unreadable("it is UTF-16, and expected is UTF-8"));
        }
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        if text.trim_ascii().is_empty() {
            return Err(unreadable("it is empty, and expected is a JSON object"));
        }
        let document = serde_json::from_slice(text)
            .map(Self)
            .map_err(|error| unreadable(&format!("expected is a JSON object, but {error}")))?;
        match document.0 {
            Value::Object(_) => Ok(document),
            _ => Err(unreadable("it is JSON, but expected is an object")),
        }
    }

    /// The object that the document is.
    pub(crate) fn root(&self) -> Object<'_> {
        Object { path: String::new(), members: self.0.as_object() }
    }

    fn named(&self, path: &str) -> Object<'_> {
        Object { path: path.to_owned(), members: self.0.as_object() }
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// The depth is bounded by the reader's own limit of 128.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn unreadable(why: &str) -> Problem {
    Problem::Unreadable(why.to_owned())
}

/// An object and where it is. One that is not there has no members.
pub(crate) struct Object<'a> {
    path: String,
    members: Option<&'a Map<String, Value>>,
}

impl<'a> Object<'a> {
    /// The member of that name; failing that, the one whose name differs in letter case alone.
    pub(crate) fn member(&self, name: &str) -> Member<'a> {
        let path =
            if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        let value = self.members.and_then(|members| {
            members.get(name).or_else(|| {
                members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v)
            })
        });
        Member { path, value: value.filter(|value| !value.is_null()) }
    }
}

/// A member and where it is. Null is the same as absent.
pub(crate) struct Member<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Member<'a> {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn is_present(&self) -> bool {
        self.value.is_some()
    }

    pub(crate) fn missing(&self, expected: impl Into<String>) -> Problem {
        Problem::missing(&self.path, expected)
    }

    pub(crate) fn invalid(&self, expected: impl Into<String>) -> Problem {
        Problem::invalid(&self.path, expected)
    }

    /// A text, trimmed. A blank one is none; a number or a boolean is its own text.
    pub(crate) fn text(&self) -> Result<Option<Cow<'a, str>>, Problem> {
        let text = match self.value {
            None => return Ok(None),
            Some(Value::String(text)) => Cow::Borrowed(text.trim()),
            Some(Value::Number(number)) => Cow::Owned(number.to_string()),
            Some(Value::Bool(flag)) => Cow::Owned(flag.to_string()),
            Some(_) => return Err(self.invalid("text")),
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// A text as it is, down to its blanks. An object counts as its own text, because that is how
    /// references to secrets look.
    pub(crate) fn secret(&self) -> Result<Option<Cow<'a, str>>, Problem> {
        match self.value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(Cow::Borrowed(text))),
            Some(object @ Value::Object(_)) => Ok(Some(Cow::Owned(object.to_string()))),
            Some(_) => Err(self.invalid("text")),
        }
    }

    /// A text that means something.
    pub(crate) fn parsed<T: FromStr<Err = InvalidValue>>(&self) -> Result<Option<T>, Problem> {
        let read = |text: Cow<'_, str>| {
            text.parse().map_err(|invalid| Problem::of_value(&self.path, &invalid))
        };
        self.text()?.map(read).transpose()
    }

    /// A boolean as any sender writes it: `true`, `"True"`, `1`, `"1"`; blank is none.
    pub(crate) fn boolean(&self) -> Result<Option<bool>, Problem> {
        let invalid = || self.invalid("true or false");
        let Some(text) = self.text().map_err(|_| invalid())? else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Some(true)),
            "false" | "0" => Ok(Some(false)),
            _ => Err(invalid()),
        }
    }

    /// A whole number, as a number or as text; blank is none.
    pub(crate) fn integer(&self) -> Result<Option<i64>, Problem> {
        let invalid = || self.invalid("a whole number");
        let Some(text) = self.text().map_err(|_| invalid())? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| invalid())
    }

    /// An object; one that is absent is empty.
    pub(crate) fn object(&self) -> Result<Object<'a>, Problem> {
        match self.value {
            None => Ok(Object { path: self.path.clone(), members: None }),
            Some(Value::Object(members)) => {
                Ok(Object { path: self.path.clone(), members: Some(members) })
            }
            Some(_) => Err(self.invalid("an object")),
        }
    }

    /// The objects of an array; one that is absent is empty.
    pub(crate) fn objects(&self) -> Result<Vec<Object<'a>>, Problem> {
        self.values()?
            .enumerate()
            .map(|(at, value)| {
                Member { path: format!("{}[{at}]", self.path), value: Some(value) }.object()
            })
            .collect()
    }

    /// The texts of an array; what is not text is passed over.
    pub(crate) fn texts(&self) -> Result<Vec<&'a str>, Problem> {
        Ok(self.values()?.filter_map(Value::as_str).collect())
    }

    fn values(&self) -> Result<impl Iterator<Item = &'a Value> + use<'a>, Problem> {
        match self.value {
            None => Ok([].iter()),
            Some(Value::Array(values)) => Ok(values.iter()),
            Some(_) => Err(self.invalid("an array")),
        }
    }

    /// An object that may also come as the JSON text of one, which is how a store's properties are
    /// sent. Blank text is an empty object.
    pub(crate) fn object_or_text(&self) -> Result<Nested<'a>, Problem> {
        let Some(Value::String(text)) = self.value else { return self.object().map(Nested::Here) };
        if text.trim().is_empty() {
            return Ok(Nested::Here(Object { path: self.path.clone(), members: None }));
        }
        match Document::read(text.as_bytes()) {
            Ok(document) => Ok(Nested::Text { path: self.path.clone(), document }),
            Err(_) => Err(self.invalid("a JSON object, or the text of one")),
        }
    }
}

/// An object that came in place or as text.
pub(crate) enum Nested<'a> {
    Here(Object<'a>),
    Text { path: String, document: Document },
}

impl Nested<'_> {
    pub(crate) fn object(&self) -> Object<'_> {
        match self {
            Self::Here(object) => Object { path: object.path.clone(), members: object.members },
            Self::Text { path, document } => document.named(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wiped_tree_holds_no_text() {
        let mut tree = json!({ "a": "secret", "b": [{ "c": "secret" }, "secret", 1, null] });
        wipe(&mut tree);
        assert_eq!(tree, json!({ "a": "", "b": [{ "c": "" }, "", 1, null] }));
    }

    #[test]
    fn a_member_of_the_very_name_comes_before_one_in_another_case() {
        let document = Document::read(br#"{"alias":"b","Alias":"a"}"#).expect("JSON");
        let text = |name: &str| document.root().member(name).text().expect("text");
        assert_eq!(text("Alias").as_deref(), Some("a"));
        assert_eq!(text("alias").as_deref(), Some("b"));
        assert!(text("ALIAS").is_some());
        assert_eq!(text("Other"), None);
    }
}

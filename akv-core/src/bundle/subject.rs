//! Parses and writes subjects in the forms of people and services.

use std::fmt;
use std::str::FromStr;

use super::element::Element;
use super::name::{self, Name};
use crate::error::InvalidValue;

/// A distinguished name of text values, the most specific part first.
///
/// Parses RFC 4514 (`CN=a\, b`, `\2C`, `#0c0161`, object identifiers) and the quotes of Key Vault
/// and Windows (`O="Contoso, ""Ltd"""`). Writes the latter, which Key Vault accepts. Two names are
/// equal as in RFC 5280 (7.1): without regard to letter case and repeated spaces.
///
/// ```
/// use akv_core::bundle::SubjectName;
/// let name: SubjectName = r"CN=web.example, O=Contoso\, Ltd.".parse()?;
/// assert_eq!(name.to_string(), r#"CN=web.example, O="Contoso, Ltd.""#);
/// assert_eq!(name, r#"cn=WEB.example,O="Contoso, Ltd.""#.parse()?);
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct SubjectName {
    parts: Vec<Vec<Attribute>>,
}

#[derive(Debug, Clone)]
struct Attribute {
    /// The object identifier in dotted decimal notation.
    kind: String,
    value: String,
}

impl SubjectName {
    pub(super) fn of(name: Name<'_>) -> Option<Self> {
        let attribute = |(kind, value)| Attribute { kind, value };
        let parts = name.texts()?.into_iter().rev();
        Some(Self { parts: parts.map(|part| part.into_iter().map(attribute).collect()).collect() })
    }

    /// Whether it has no part.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    fn comparable(&self) -> Vec<Vec<(&str, String)>> {
        let parts = self.parts.iter().map(|part| {
            let attributes = part.iter();
            let mut part: Vec<_> =
                attributes.map(|it| (it.kind.as_str(), name::folded(&it.value))).collect();
            part.sort();
            part
        });
        parts.collect()
    }
}

impl PartialEq for SubjectName {
    fn eq(&self, other: &Self) -> bool {
        self.comparable() == other.comparable()
    }
}

impl Eq for SubjectName {}

impl FromStr for SubjectName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidValue::new("subject", text, "at most 4,096 bytes"));
        }
        parts(text).map(|parts| Self { parts }).ok_or_else(|| {
            InvalidValue::new(
                "subject",
                text,
                "a distinguished name such as CN=www.example.com,O=\"Example, Inc.\",C=US, of \
                 attributes that have a short name (CN, O, OU, L, ST, C, E, DC, …) or an object \
                 identifier, with a comma in a value escaped or in quotes",
            )
        })
    }
}

fn parts(text: &str) -> Option<Vec<Vec<Attribute>>> {
    let (mut parts, mut part) = (Vec::new(), Vec::new());
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (word, after) = rest.split_once('=')?;
        let kind = kind(word.trim())?;
        let (value, separator, after) = value(after.trim_start())?;
        let is_text = !value.is_empty() && !value.chars().any(char::is_control);
        part.push(is_text.then_some(Attribute { kind, value })?);
        if separator != Some('+') {
            parts.push(std::mem::take(&mut part));
        }
        rest = after.trim_start();
        if separator.is_some() && rest.is_empty() {
            return None;
        }
    }
    Some(parts)
}

/// The object identifier of an attribute type.
fn kind(word: &str) -> Option<String> {
    let known =
        WRITTEN.iter().find(|(_, words)| words.iter().any(|it| it.eq_ignore_ascii_case(word)));
    if let Some((oid, _)) = known {
        return Some((*oid).to_owned());
    }
    if let Some(oid) = name::oid_of(word) {
        return Some(oid);
    }
    let prefix = word.get(..4).filter(|it| it.eq_ignore_ascii_case("OID."));
    let oid = prefix.and(word.get(4..)).unwrap_or(word);
    der::asn1::ObjectIdentifier::new(oid).ok().map(|oid| oid.to_string())
}

/// A value, its separator, and the rest.
fn value(text: &str) -> Option<(String, Option<char>, &str)> {
    match text.chars().next() {
        Some('"') => quoted(text),
        Some('#') => encoded(text),
        _ => escaped(text),
    }
}

/// In quotes, a quote is doubled (Windows) or escaped (RFC 1779).
fn quoted(text: &str) -> Option<(String, Option<char>, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match (character, next) {
            ('"', Some('"')) | ('\\', Some('"' | '\\')) => {
                value.extend(next);
                characters.next();
            }
            ('"', _) => {
                let (separator, rest) = separated(text.get(at + 1..)?.trim_start());
                return (separator.is_some() || rest.is_empty())
                    .then_some((value, separator, rest));
            }
            _ => value.push(character),
        }
    }
    None
}

/// A value as the hexadecimal digits of its BER.
fn encoded(text: &str) -> Option<(String, Option<char>, &str)> {
    let digits = text.get(1..)?;
    let end = digits.find([',', ';', '+']).unwrap_or(digits.len());
    let (digits, after) = digits.split_at(end);
    let (pairs, []) = digits.trim_end().as_bytes().as_chunks::<2>() else { return None };
    let bytes: Vec<u8> = pairs.iter().map(|pair| octet(*pair)).collect::<Option<_>>()?;
    let (element, []) = Element::read(&bytes)? else { return None };
    let (separator, rest) = separated(after);
    Some((name::text(&element)?, separator, rest))
}

fn escaped(text: &str) -> Option<(String, Option<char>, &str)> {
    let mut value: Vec<u8> = Vec::new();
    // The length of the value without unescaped spaces at its end.
    let mut kept = 0;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..)?;
        match character {
            ',' | ';' | '+' => break,
            '"' => return None,
            '\\' => {
                let (octets, length) = unescaped(after)?;
                value.extend(octets);
                kept = value.len();
                rest = after.get(length..)?;
            }
            _ => {
                value.extend(rest.as_bytes().get(..character.len_utf8())?);
                kept = if character.is_whitespace() { kept } else { value.len() };
                rest = after;
            }
        }
    }
    value.truncate(kept);
    let (separator, rest) = separated(rest);
    Some((String::from_utf8(value).ok()?, separator, rest))
}

/// The escaped character after a backslash, or two hexadecimal digits of an octet.
fn unescaped(text: &str) -> Option<(Vec<u8>, usize)> {
    let character = text.chars().next()?;
    if "\"+,;<>\\ #=".contains(character) {
        return Some((vec![u8::try_from(character).ok()?], 1));
    }
    let digits = text.as_bytes().first_chunk::<2>()?;
    Some((vec![octet(*digits)?], 2))
}

fn octet(digits: [u8; 2]) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let [high, low] = digits;
    Some(digit(high)? << 4 | digit(low)?)
}

fn separated(text: &str) -> (Option<char>, &str) {
    let mut characters = text.chars();
    match characters.next().filter(|c| [',', ';', '+'].contains(c)) {
        Some(separator) => (Some(separator), characters.as_str()),
        None => (None, text),
    }
}

/// In the form that Key Vault accepts.
impl fmt::Display for SubjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.parts.iter().enumerate() {
            f.write_str(if position > 0 { ", " } else { "" })?;
            for (position, attribute) in part.iter().enumerate() {
                f.write_str(if position > 0 { " + " } else { "" })?;
                attribute.fmt(f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = WRITTEN.iter().find(|(oid, _)| *oid == self.kind);
        match written.and_then(|(_, words)| words.first()) {
            Some(word) => write!(f, "{word}=")?,
            None => write!(f, "OID.{}=", self.kind)?,
        }
        let value = &self.value;
        let special = |c: char| "\",+;<>#=\\".contains(c);
        let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        if value.contains(special) || blank(value.chars().next()) || blank(value.chars().last()) {
            write!(f, "\"{}\"", value.replace('"', "\"\""))
        } else {
            f.write_str(value)
        }
    }
}

/// Types for which Windows and Key Vault have a short name: that name first, then its synonyms.
const WRITTEN: &[(&str, &[&str])] = &[
    ("2.5.4.3", &["CN"]),
    ("2.5.4.4", &["SN", "surname"]),
    ("2.5.4.5", &["SERIALNUMBER"]),
    ("2.5.4.6", &["C"]),
    ("2.5.4.7", &["L"]),
    ("2.5.4.8", &["S", "ST", "stateOrProvinceName"]),
    ("2.5.4.9", &["STREET", "streetAddress"]),
    ("2.5.4.10", &["O"]),
    ("2.5.4.11", &["OU"]),
    ("2.5.4.12", &["T", "title"]),
    ("2.5.4.42", &["G", "GN", "givenName"]),
    ("2.5.4.43", &["I", "initials"]),
    ("1.2.840.113549.1.9.1", &["E", "email", "emailAddress"]),
    ("0.9.2342.19200300.100.1.25", &["DC"]),
];
const MAX_LENGTH: usize = 4096;

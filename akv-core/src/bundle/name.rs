//! Distinguished names: their text, whatever their string types, and their comparison.

use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};

use super::element::{Element, Elements, tag};
use super::oid::Oid;
use crate::text::{is_unprintable, printable};

/// A name, borrowed from its certificate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Name<'a>(pub(super) Element<'a>);

/// A type and its value.
struct Attribute<'a> {
    oid: &'a [u8],
    value: Element<'a>,
}

impl<'a> Name<'a> {
    /// Its parts in their encoded order, each a set of attributes; `None` for a malformed part.
    fn parts(self) -> impl Iterator<Item = Option<Vec<Attribute<'a>>>> {
        self.0.elements().map(|part| {
            part.filter(|part| part.tag == tag::SET)?.elements().map(attribute).collect()
        })
    }

    pub(super) fn is_readable(self) -> bool {
        self.parts().all(|part| part.is_some())
    }

    /// The first common name.
    pub(super) fn common_name(self) -> Option<String> {
        let mut attributes = self.parts().flatten().flatten();
        text(&attributes.find(|attribute| attribute.oid == COMMON_NAME)?.value)
    }

    /// Its parts as object identifiers and texts, in their encoded order; `None` if a value is not
    /// text.
    pub(super) fn texts(self) -> Option<Vec<Vec<(String, String)>>> {
        self.parts()
            .map(|part| {
                let text = |it: &Attribute<'_>| Some((Oid(it.oid).to_string(), text(&it.value)?));
                part?.iter().map(text).collect()
            })
            .collect()
    }

    /// Equal for equivalent names.
    pub(super) fn comparable(self) -> ComparableName {
        let mut digest = Sha256::new();
        for part in self.parts() {
            let Some(part) = part else {
                return ComparableName(Sha256::digest(self.0.content).into());
            };
            let mut attributes: Vec<_> = part
                .iter()
                .map(|attribute| (attribute.oid, comparable(&attribute.value)))
                .collect();
            attributes.sort();
            digest.update(attributes.len().to_be_bytes());
            for (oid, (kind, value)) in attributes {
                for field in [oid, &[kind], &value] {
                    digest.update(field.len().to_be_bytes());
                    digest.update(field);
                }
            }
        }
        ComparableName(digest.finalize().into())
    }
}

/// As in RFC 4514, the most specific part first, except that text is always shown as text, under
/// its object identifier if its type has no short name.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.parts().collect();
        for (position, part) in parts.iter().rev().enumerate() {
            if position > 0 {
                f.write_str(",")?;
            }
            let Some(part) = part else {
                f.write_str("(unreadable)")?;
                continue;
            };
            for (position, attribute) in part.iter().enumerate() {
                if position > 0 {
                    f.write_str("+")?;
                }
                attribute.fmt(f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SHORT_NAMES.iter().find(|(oid, _)| *oid == self.oid) {
            Some((_, name)) => write!(f, "{name}=")?,
            None => write!(f, "{}=", Oid(self.oid))?,
        }
        if let Some(text) = text(&self.value) {
            return escaped(&text, f);
        }
        f.write_str("#")?;
        self.value.whole.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// Escaped as in RFC 4514 (2.4).
fn escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (position, character) in text.chars().enumerate() {
        match character {
            '\0' => {
                f.write_str("\\00")?;
                continue;
            }
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => f.write_str("\\")?,
            ' ' if position == 0 || position == last => f.write_str("\\")?,
            '#' if position == 0 => f.write_str("\\")?,
            _ => {}
        }
        f.write_char(character)?;
    }
    Ok(())
}

fn attribute(element: Option<Element<'_>>) -> Option<Attribute<'_>> {
    let mut parts: Elements<'_> = element.filter(|it| it.tag == tag::SEQUENCE)?.elements();
    let oid = parts.next_if(tag::OBJECT_IDENTIFIER)?.content;
    Some(Attribute { oid, value: parts.next()?? })
}

/// A name for comparison. Some CAs write their own name with one string type in their certificate
/// and with another in those they issue, and RFC 5280 (7.1) ignores letter case and repeated
/// spaces. A name that cannot be parsed equals only its own bytes.
///
/// It is a digest, so that comparing many long names is cheap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ComparableName([u8; 32]);

/// The normalized text of a value, or the DER of any other value; the first field distinguishes
/// them.
fn comparable(value: &Element<'_>) -> (u8, Vec<u8>) {
    match text(value) {
        Some(text) => (0, folded(&text).into_bytes()),
        None => (1, value.whole.to_vec()),
    }
}

/// A text without regard to letter case and repeated spaces.
pub(super) fn folded(text: &str) -> String {
    // Both conversions, so that letters with several lower-case forms (ß, ς) have one.
    let folded: String = text
        .chars()
        .filter(|c| c.is_whitespace() || !is_unprintable(*c))
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The object identifier of the attribute with that short name, in any letter case.
pub(super) fn oid_of(short_name: &str) -> Option<String> {
    let known = SHORT_NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(short_name));
    known.map(|(oid, _)| Oid(oid).to_string())
}

/// The text of a value, whatever its string type. In strings with one octet per character, every
/// octet is read as Latin-1, as in OpenSSL: `PrintableString`s often contain asterisks and
/// ampersands, which their alphabet excludes, and T.61 is not in use.
pub(super) fn text(value: &Element<'_>) -> Option<String> {
    match value.tag {
        tag::UTF8_STRING => Some(String::from_utf8_lossy(value.content).into_owned()),
        // NumericString, PrintableString, T61String, IA5String, VisibleString, GeneralString.
        0x12 | 0x13 | 0x14 | 0x16 | 0x1a | 0x1b => {
            Some(value.content.iter().copied().map(char::from).collect())
        }
        tag::BMP_STRING => {
            let (units, []) = value.content.as_chunks::<2>() else { return None };
            let units = units.iter().copied().map(u16::from_be_bytes);
            let characters = char::decode_utf16(units);
            Some(characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
        tag::UNIVERSAL_STRING => {
            let (units, []) = value.content.as_chunks::<4>() else { return None };
            units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect()
        }
        _ => None,
    }
}

/// Text of a certificate for messages: printable, and truncated.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", printable(text.get(..end).unwrap_or_default())),
        None => printable(text).into_owned(),
    }
}

const MAX_SHOWN: usize = 200;

const COMMON_NAME: &[u8] = b"\x55\x04\x03";

/// The short names of RFC 4514, and those of Windows and OpenSSL for other types.
const SHORT_NAMES: &[(&[u8], &str)] = &[
    (COMMON_NAME, "CN"),
    (b"\x55\x04\x04", "SN"),
    (b"\x55\x04\x05", "serialNumber"),
    (b"\x55\x04\x06", "C"),
    (b"\x55\x04\x07", "L"),
    (b"\x55\x04\x08", "ST"),
    (b"\x55\x04\x09", "STREET"),
    (b"\x55\x04\x0a", "O"),
    (b"\x55\x04\x0b", "OU"),
    (b"\x55\x04\x0c", "title"),
    (b"\x55\x04\x0d", "description"),
    (b"\x55\x04\x0f", "businessCategory"),
    (b"\x55\x04\x11", "postalCode"),
    (b"\x55\x04\x2a", "GN"),
    (b"\x55\x04\x2b", "initials"),
    (b"\x55\x04\x2e", "dnQualifier"),
    (b"\x55\x04\x61", "organizationIdentifier"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "E"),
    (b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"),
    (b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
];

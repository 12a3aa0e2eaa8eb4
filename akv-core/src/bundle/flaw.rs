//! The flaw of a part of a file, in this crate's own words.
//!
//! Errors of other crates are not shown: some contain their input, which may be a key.

use std::fmt;

use der::ErrorKind;

/// The flaw of a part of a file: a fixed text and, if known, an offset. It never contains anything
/// of the file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    words: &'static str,
    /// In octets, from the start of the part.
    offset: Option<u64>,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words)?;
        self.offset.map_or(Ok(()), |offset| write!(f, " (at offset {offset})"))
    }
}

/// Converts an error to a [`Flaw`].
pub(super) trait Explain {
    fn flaw(self) -> Flaw;
}

impl Explain for Flaw {
    fn flaw(self) -> Flaw {
        self
    }
}

impl Explain for &'static str {
    fn flaw(self) -> Flaw {
        Flaw { words: self, offset: None }
    }
}

impl Explain for der::Error {
    fn flaw(self) -> Flaw {
        let words = match self.kind() {
            ErrorKind::Incomplete { .. } => "it ends too early",
            ErrorKind::Length { .. } | ErrorKind::Overlength | ErrorKind::Overflow => {
                "a length in it is wrong"
            }
            ErrorKind::TrailingData { .. } => "something follows its end",
            ErrorKind::TagUnexpected { .. }
            | ErrorKind::TagUnknown { .. }
            | ErrorKind::TagModeUnknown
            | ErrorKind::TagNumberInvalid => "an element of another type is expected",
            ErrorKind::OidMalformed | ErrorKind::OidUnknown { .. } => {
                "an object identifier in it is malformed"
            }
            _ => "a value in it is malformed",
        };
        Flaw { words, offset: self.position().map(|position| u32::from(position).into()) }
    }
}

#[cfg(test)]
mod tests {
    use der::Decode as _;

    use super::*;

    #[test]
    fn asn1_errors_become_a_text_and_an_offset() {
        let error = <Vec<der::asn1::Int>>::from_der(&[0x30, 0x03, 0x02, 0x05, 0x00]).unwrap_err();
        let text = error.flaw().to_string();
        assert!(text.contains("at offset"), "{text}");
    }
}

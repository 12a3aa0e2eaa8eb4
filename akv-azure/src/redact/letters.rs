//! The letters and digits of a text, whatever separates them and however they are escaped.
//!
//! A text that repeats a secret may break it into lines, put marks between its characters, or write
//! them as `%41`, `&#x41;` or `\u0041`. Its letters and digits stay the same, in the same order.

use std::ops::Range;

use zeroize::Zeroizing;

/// ASCII letters in lower case and digits, each with its position in the text.
pub(super) struct Letters {
    pub(super) letters: Zeroizing<Vec<u8>>,
    places: Vec<Range<usize>>,
}

impl Letters {
    /// The letters of the text as it stands.
    pub(super) fn as_written(text: &str) -> Self {
        let places = (0..text.len()).map(|at| at..at + 1).collect();
        Self { letters: Zeroizing::new(text.as_bytes().to_vec()), places }.kept()
    }

    /// The letters of the text after unescaping, including nested escapes.
    pub(super) fn as_meant(text: &str) -> Self {
        let places = (0..text.len()).map(|at| at..at + 1).collect();
        let mut all = Self { letters: Zeroizing::new(text.as_bytes().to_vec()), places };
        for _ in 0..DEPTH {
            let length = all.letters.len();
            all = all.unescaped();
            if all.letters.len() == length {
                break;
            }
        }
        all.kept()
    }

    /// The range in the text of `length` letters from `first` on.
    pub(super) fn place(&self, first: usize, length: usize) -> Range<usize> {
        let places = self.places.get(first..first + length).unwrap_or_default();
        let start = places.first().map_or(0, |place| place.start);
        start..places.last().map_or(start, |place| place.end)
    }

    fn kept(mut self) -> Self {
        let mut places = self.letters.iter().zip(&self.places);
        self.places = places
            .by_ref()
            .filter(|(letter, _)| letter.is_ascii_alphanumeric())
            .map(|(_, place)| place.clone())
            .collect();
        self.letters.retain(u8::is_ascii_alphanumeric);
        self.letters.make_ascii_lowercase();
        self
    }

    fn unescaped(&self) -> Self {
        let mut letters = Zeroizing::new(Vec::with_capacity(self.letters.len()));
        let mut places = Vec::with_capacity(self.letters.len());
        let mut at = 0;
        while let Some((first, rest)) = self.letters.get(at..).and_then(<[u8]>::split_first) {
            let (letter, length) = escape(*first, rest).unwrap_or((*first, 1));
            letters.push(letter);
            places.push(self.place(at, length));
            at += length;
        }
        Self { letters, places }
    }
}

/// The character of an escape, with its length; a space if it is neither a letter nor the start of
/// another escape.
fn escape(first: u8, rest: &[u8]) -> Option<(u8, usize)> {
    let number = |digits: &[u8], radix| {
        let digits = std::str::from_utf8(digits).ok()?;
        let value = u32::from_str_radix(digits, radix).ok()?;
        Some(u8::try_from(value).ok().filter(u8::is_ascii).unwrap_or(BLANK))
    };
    // Up to the terminating character.
    let until = |rest: &[u8], end: u8| rest.iter().take(LONGEST).position(|byte| *byte == end);
    match (first, rest) {
        (b'%', [high, low, ..]) => Some((number(&[*high, *low], 16)?, 3)),
        (b'&', [b'#', b'x' | b'X', digits @ ..]) => {
            let length = until(digits, b';')?;
            Some((number(digits.get(..length)?, 16)?, length + 4))
        }
        (b'&', [b'#', digits @ ..]) => {
            let length = until(digits, b';')?;
            Some((number(digits.get(..length)?, 10)?, length + 3))
        }
        (b'&', rest) => {
            let length = until(rest, b';')?;
            let name = rest.get(..length)?;
            let known = name.iter().all(u8::is_ascii_alphabetic);
            known.then_some((if name == b"amp" { b'&' } else { BLANK }, length + 2))
        }
        (b'\\', [b'u', b'{', digits @ ..]) => {
            let length = until(digits, b'}')?;
            Some((number(digits.get(..length)?, 16)?, length + 4))
        }
        (b'\\', [b'u', digits @ ..]) => Some((number(digits.get(..4)?, 16)?, 6)),
        (b'\\', [b'x', digits @ ..]) => Some((number(digits.get(..2)?, 16)?, 4)),
        (b'\\', [b'0'..=b'7', b'0'..=b'7', b'0'..=b'7', ..]) => {
            Some((number(rest.get(..3)?, 8)?, 4))
        }
        (b'\\', [b'b' | b'f' | b'n' | b'r' | b't' | b'v', ..]) => Some((BLANK, 2)),
        (b'\\', [b'\\', ..]) => Some((b'\\', 2)),
        _ => None,
    }
}

const BLANK: u8 = b' ';
/// The depth of nested escapes.
const DEPTH: usize = 4;
/// The longest digits or name of one escape.
const LONGEST: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_the_same_in_every_spelling() {
        for text in [
            "Ab1 c",
            "A-b-1-c",
            "A\u{200b}b\u{0}1\r\nc",
            "%41%62%31%63",
            "%2541b1c",
            "&#65;&#x62;1&quot;c",
            "&amp;#65;b1c",
            r"\u0041\u{62}\x31\143",
            r"A\nb\t1\\c",
            r"\\u0041b1c",
        ] {
            assert_eq!(Letters::as_meant(text).letters.as_slice(), b"ab1c", "{text:?}");
        }
        assert_eq!(Letters::as_written("%41\u{e4}x").letters.as_slice(), b"41x");
    }

    #[test]
    fn letters_have_the_place_that_they_are_written_at() {
        let text = "x %41\u{e4}&#66;.";
        let letters = Letters::as_meant(text);
        assert_eq!(&text[letters.place(1, 2)], "%41\u{e4}&#66;");
    }

    #[test]
    fn broken_escapes_stand_for_themselves() {
        for text in ["%4", "&#;", "&#x", r"\u00", r"\u{", r"\", "%", "&", r"\x1"] {
            let written: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
            assert_eq!(Letters::as_meant(text).letters.as_slice(), written, "{text:?}");
        }
    }
}

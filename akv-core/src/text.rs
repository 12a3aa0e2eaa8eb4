//! Text from outside: decodes small files, and makes text safe to display.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Replaces every character that could change how the text around it is displayed with U+FFFD:
/// control characters (line ends and tabs included), bidirectional and zero-width formatting
/// characters, line and paragraph separators.
///
/// For messages, table cells and log lines. Never for data: CSV and JSON have escapes of their own.
///
/// ```
/// use akv_core::text::printable;
/// assert_eq!(printable("web-01"), "web-01");
/// assert_eq!(printable("a\u{1b}[2J\r\nb\u{202e}"), "a\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unprintable) {
        Cow::Owned(
            text.chars()
                .map(|c| if is_unprintable(c) { char::REPLACEMENT_CHARACTER } else { c })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether [`printable`] replaces this character.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Why bytes could not be decoded as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotText {
    /// UTF-16 with half a character.
    #[error("it is damaged UTF-16 text: save it as UTF-8")]
    DamagedUtf16,
    /// Neither UTF-8 nor UTF-16 with a byte order mark, most likely an ANSI code page.
    #[error("it is not UTF-8 text (perhaps an ANSI code page): save it as UTF-8")]
    NotUtf8,
    /// It contains NUL characters: a binary file, or UTF-16 without a byte order mark.
    #[error(
        "it has NUL characters (a binary file, or UTF-16 without a byte order mark): save it as UTF-8"
    )]
    Nul,
}

/// Decodes a small text file or standard input: UTF-8 with or without a byte order mark, or UTF-16
/// with one, as Windows PowerShell 5.1 writes them. The result does not contain the mark. It may be
/// a secret, so it is zeroized.
///
/// ```
/// use akv_core::text::decode;
/// assert_eq!(decode(b"\xef\xbb\xbfsecret")?.as_str(), "secret");
/// assert_eq!(decode(b"\xff\xfes\0\xe4\0")?.as_str(), "sä");
/// assert!(decode(b"s\xe4").is_err(), "Windows-1252");
/// # Ok::<(), akv_core::text::NotText>(())
/// ```
pub fn decode(bytes: &[u8]) -> Result<Zeroizing<String>, NotText> {
    let text = match bytes {
        [0xff, 0xfe, units @ ..] => utf16(units, u16::from_le_bytes)?,
        [0xfe, 0xff, units @ ..] => utf16(units, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, text @ ..] | text => {
            let text = std::str::from_utf8(text).map_err(|_| NotText::NotUtf8)?;
            Zeroizing::new(text.to_owned())
        }
    };
    if text.contains('\0') { Err(NotText::Nul) } else { Ok(text) }
}

fn utf16(units: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Zeroizing<String>, NotText> {
    let (pairs, rest) = units.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NotText::DamagedUtf16);
    }
    // Allocated once, so that growing leaves no copy: a unit has at most three bytes of UTF-8.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| NotText::DamagedUtf16)?);
    }
    Ok(text)
}

/// The text without one trailing line end (`\n` or `\r\n`), which editors and `echo` add.
///
/// ```
/// use akv_core::text::without_line_end;
/// assert_eq!(without_line_end("secret\r\n"), "secret");
/// assert_eq!(without_line_end("secret \n\n"), "secret \n");
/// ```
pub fn without_line_end(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}

/// The text without a byte order mark, which a value from a file may contain.
///
/// ```
/// use akv_core::text::without_mark;
/// assert_eq!(without_mark("\u{feff}secret"), "secret");
/// ```
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The bytes as upper-case hexadecimal digits, two for each.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let digits = halves.filter_map(|half| char::from_digit(half.into(), 16));
    digits.map(|digit| digit.to_ascii_uppercase()).collect()
}

/// Removes surrounding white space and quotation marks from a text that contains none of its own.
///
/// ```
/// use akv_core::text::unquoted;
/// assert_eq!(unquoted(" 'secret'\n"), "secret");
/// assert_eq!(unquoted("\"se\"cret\""), "\"se\"cret\"");
/// ```
pub fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = ['"', '\''].into_iter().find_map(|mark| {
        text.strip_prefix(mark)?.strip_suffix(mark).filter(|inner| !inner.contains(mark))
    });
    inner.unwrap_or(text)
}

/// Decodes base64 from any tool: in either alphabet, with or without padding, with white space
/// anywhere. `None` for any other text. The result may be a key, so it is zeroized.
///
/// ```
/// use akv_core::text::from_base64;
/// assert_eq!(from_base64(b" c2Vj\r\ncmV0 ").as_deref().map(Vec::as_slice), Some(&b"secret"[..]));
/// assert_eq!(from_base64(b"-_8="), from_base64(b"+/8"));
/// assert_eq!(from_base64(b"c2Vj!"), None);
/// ```
pub fn from_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // Each buffer is allocated once, so that growing leaves no copy.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    if BASE64.decode_vec(text, &mut bytes).is_ok() {
        return Some(bytes);
    }
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    digits.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    }));
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len()));
    BASE64.decode_vec(digits.as_slice(), &mut bytes).ok()?;
    Some(bytes)
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads to the end, at most `limit` bytes; more is an error of kind
/// [`FileTooLarge`](ErrorKind::FileTooLarge). The content may be a secret: the buffer grows by
/// copying, so that the smaller ones are zeroized.
pub fn read_bounded(mut from: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut all = Zeroizing::new(vec![0; FIRST.min(limit)]);
    let mut length = 0;
    loop {
        // At the limit, one more byte proves that there is too much, without a copy.
        let mut beyond = Zeroizing::new([0]);
        if length == all.len() && length < limit {
            let mut larger = Zeroizing::new(vec![0; (length * 2).min(limit)]);
            larger.iter_mut().zip(all.iter()).for_each(|(to, byte)| *to = *byte);
            all = larger;
        }
        let room = match all.get_mut(length..) {
            Some(room) if !room.is_empty() => room,
            _ => beyond.as_mut_slice(),
        };
        match from.read(room) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if length > limit {
            return Err(io::Error::new(
                ErrorKind::FileTooLarge,
                format!("it is larger than {limit} bytes"),
            ));
        }
    }
    all.truncate(length);
    Ok(all)
}

const FIRST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_marks_and_both_byte_orders() {
        for bytes in [
            "pä\n".as_bytes().to_vec(),
            "\u{feff}pä\n".as_bytes().to_vec(),
            [0xff, 0xfe]
                .into_iter()
                .chain("pä\n".encode_utf16().flat_map(u16::to_le_bytes))
                .collect(),
            [0xfe, 0xff]
                .into_iter()
                .chain("pä\n".encode_utf16().flat_map(u16::to_be_bytes))
                .collect(),
        ] {
            assert_eq!(decode(&bytes).as_deref().map(String::as_str), Ok("pä\n"), "{bytes:?}");
        }
    }

    #[test]
    fn names_members_that_are_not_text() {
        assert_eq!(decode(b"\xff\xfea").unwrap_err(), NotText::DamagedUtf16);
        assert_eq!(decode(b"\xff\xfe\x00\xd8a\0").unwrap_err(), NotText::DamagedUtf16);
        assert_eq!(decode(b"p\x84ss").unwrap_err(), NotText::NotUtf8);
        assert_eq!(decode(b"p\0w\0").unwrap_err(), NotText::Nul);
    }

    #[test]
    fn reads_whole_content_within_the_limit() {
        for size in [0, 1, FIRST - 1, FIRST, FIRST + 1, 5 * FIRST, 1 << 20] {
            let content: Vec<u8> =
                (0..size).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect();
            let read = read_bounded(content.as_slice(), 1 << 20).expect("read");
            assert_eq!(*read, content, "{size}");
        }
        for limit in [0, 1, FIRST, FIRST + 1] {
            let content = vec![b'x'; limit + 1];
            assert_eq!(read_bounded(&content[..limit], limit).expect("read").len(), limit);
            assert!(read_bounded(&content[..], limit).is_err(), "{limit}");
        }
        let error = read_bounded(io::repeat(b' '), 1 << 20).expect_err("endless");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }
}

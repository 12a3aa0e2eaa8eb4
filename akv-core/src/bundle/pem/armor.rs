//! The blocks of PEM text (RFC 7468), found as leniently as common tools write them. Errors contain
//! nothing of the text.
//!
//! White space may be anywhere in a block or be missing, line ends may be escaped as `\n`, and text
//! between blocks is ignored. A block needs an END line. A line that resembles a BEGIN or END line
//! is an error, because a key may follow it.

use zeroize::Zeroizing;

use super::super::error::BundleError;
use super::super::flaw::Explain;
use super::super::parts::MAX_PARTS;
use super::label::known_label;
use crate::text;

/// A block before decoding.
#[derive(Clone, Copy)]
pub(in super::super) struct Block<'a> {
    /// Counted from one.
    pub(in super::super) number: usize,
    /// As in the text. Only a known label may be shown.
    pub(in super::super) label: &'a str,
    text: &'a [u8],
    /// The position of the body in the text.
    start: usize,
    end: usize,
}

/// The blocks of a text, in its order.
pub(in super::super) fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, BundleError> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open: Option<Marker<'_>> = None;
    let mut from = 0;
    while let Some(marker) = Marker::find(text, from) {
        from = marker.end;
        let number = blocks.len() + 1;
        let damaged = |label: &str, flaw: &'static str| {
            damage(number, label, line_of(text, marker.start), flaw)
        };
        if marker.is_cut_off(text) {
            return Err(BundleError::Truncated { found: text.len() });
        }
        match (open.take(), marker.keyword) {
            (None, BEGIN) if marker.is_whole => open = Some(marker),
            (None, BEGIN) => {
                return Err(damaged(marker.label, "its BEGIN line is not -----BEGIN label-----"));
            }
            (None, _) if known_label(marker.label).is_none() => {}
            (None, _) => return Err(damaged(marker.label, "it has no BEGIN line")),
            (Some(begin), BEGIN) => return Err(damaged(begin.label, "it has no END line")),
            (Some(begin), _) if !marker.is_whole => {
                return Err(damaged(begin.label, "its END line is not -----END label-----"));
            }
            (Some(begin), _) if begin.label != marker.label => {
                return Err(damaged(begin.label, "its END line has another label"));
            }
            (Some(begin), _) => {
                let (start, end) = (begin.end, marker.start);
                blocks.push(Block { number, label: begin.label, text, start, end });
            }
        }
        if blocks.len() > MAX_PARTS {
            return Err(BundleError::TooMany { what: "PEM blocks", limit: MAX_PARTS });
        }
    }
    let rest = text.get(from..).unwrap_or_default().trim_ascii();
    if open.is_some() || begins_a_marker(rest) {
        return Err(BundleError::Truncated { found: text.len() });
    }
    Ok(blocks)
}

/// Whether a text contains a block, or the remains of one.
pub(in super::super) fn is_armored(text: &[u8]) -> bool {
    Marker::find(text, 0).is_some() || begins_a_marker(text.trim_ascii())
}

impl Block<'_> {
    /// The encryption of the block according to RFC 1421: an OpenSSL name, if it is a known one.
    pub(in super::super) fn legacy_encryption(&self) -> Option<&'static str> {
        let headers = self.body().get(..self.headers_end()).unwrap_or_default();
        let has = |what: &[u8]| headers.windows(what.len()).any(|window| window == what);
        let encrypted = has(b"Proc-Type:") && has(b"ENCRYPTED");
        let known = LEGACY_CIPHERS.iter().find(|name| has(name.as_bytes()));
        encrypted.then(|| *known.unwrap_or(&"unknown cipher"))
    }

    /// The octets of the block, zeroized on drop: they may be a key.
    pub(in super::super) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, BundleError> {
        let start = self.headers_end();
        let body = self.body().get(start..).unwrap_or_default();
        let mut digits = Zeroizing::new(Vec::with_capacity(body.len()));
        let mut at = 0;
        while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
            let white = white_space(rest);
            match rest {
                _ if white > 0 => at += white,
                [digit, ..] if is_base64(*digit) => {
                    digits.push(*digit);
                    at += 1;
                }
                // JSON may escape a slash.
                [b'\\', b'/', ..] => at += 1,
                _ => return Err(self.damaged(start + at, "a character is not base64")),
            }
        }
        if digits.is_empty() {
            return Err(self.damaged(start, "it is empty"));
        }
        text::from_base64(&digits).ok_or_else(|| {
            self.damaged(start, "its base64 is incomplete or has text after its end")
        })
    }

    /// Adds the block to an error about its content.
    pub(in super::super) fn locate(&self, error: BundleError) -> BundleError {
        match error {
            BundleError::Damaged { flaw, .. } => self.damaged(0, flaw),
            BundleError::Truncated { .. } => self.damaged(0, "it ends too early"),
            other => other,
        }
    }

    fn damaged(&self, offset: usize, flaw: impl Explain) -> BundleError {
        let line = line_of(self.text, self.start + offset);
        damage(self.number, self.label, line, flaw)
    }

    fn body(&self) -> &[u8] {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// The end of the RFC 1421 headers: the last line with a colon, which base64 does not contain.
    fn headers_end(&self) -> usize {
        let body = self.body();
        let line_end = |from: usize| {
            let rest = body.get(from..).unwrap_or_default();
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let end = end.or_else(|| rest.windows(2).position(|pair| pair == br"\n"));
            from + end.unwrap_or(rest.len())
        };
        let mut start = 0;
        while let white @ 1.. = white_space(body.get(start..).unwrap_or_default()) {
            start += white;
        }
        let first = body.get(start..line_end(start)).unwrap_or_default();
        let last_colon = body.iter().rposition(|byte| *byte == b':');
        last_colon.filter(|_| first.contains(&b':')).map_or(0, line_end)
    }
}

/// A BEGIN or END line, or one that resembles it.
struct Marker<'a> {
    start: usize,
    end: usize,
    keyword: &'static [u8],
    label: &'a str,
    /// Whether it has five dashes on both sides, a space before the label, and capital letters.
    is_whole: bool,
}

impl<'a> Marker<'a> {
    /// The first marker at or after `from`.
    fn find(text: &'a [u8], from: usize) -> Option<Self> {
        let mut at = from;
        loop {
            let rest = text.get(at..)?;
            let next = rest.iter().position(|byte| matches!(byte, b'B' | b'E' | b'b' | b'e'))?;
            let found = at + next;
            at = found + 1;
            for keyword in [BEGIN, END] {
                let word = text.get(found..found + keyword.len());
                if word.is_some_and(|word| word.eq_ignore_ascii_case(keyword))
                    && let Some(marker) = Self::around(text, from, found, keyword)
                {
                    return Some(marker);
                }
            }
        }
    }

    /// The marker whose keyword is at `found`; it does not begin before `from`.
    fn around(text: &'a [u8], from: usize, found: usize, keyword: &'static [u8]) -> Option<Self> {
        let before = text.get(from..found)?;
        let blanks = before.iter().rev().take_while(|byte| is_blank(**byte)).count();
        let dashes = text.get(from..found - blanks)?;
        let leading = dashes.iter().rev().take_while(|byte| **byte == b'-').count();
        let start = found - blanks - leading;

        let after = text.get(found + keyword.len()..)?;
        let line = after.get(..after.len().min(LONGEST_LABEL)).unwrap_or(after);
        let length = line.iter().position(|byte| !is_label(*byte)).unwrap_or(line.len());
        // A label may contain single hyphens; two of them end it.
        let label = line.get(..length)?;
        let length = label.windows(2).position(|pair| pair == b"--").unwrap_or(length);
        let raw = str::from_utf8(after.get(..length)?).ok()?;
        // Without line ends, the dashes of the next BEGIN line follow directly.
        let trailing = after.get(length..)?.iter().take(DASHES);
        let trailing = trailing.take_while(|byte| **byte == b'-').count();
        // A single dash counts as part of the label.
        let label = raw.trim_end_matches('-').trim();
        let is_whole = leading >= DASHES
            && trailing >= DASHES
            && raw.starts_with([' ', '\t'])
            && text.get(found..found + keyword.len()) == Some(keyword)
            && !label.is_empty();
        let end = found + keyword.len() + length + trailing;
        let upper = label.to_ascii_uppercase();
        let is_meant = if leading.max(trailing) >= DASHES - 1 {
            MEANT.iter().any(|part| upper.contains(part))
        } else {
            // Word processors convert dashes to other characters.
            let dash = before.last().is_some_and(|byte| !byte.is_ascii() || *byte == b'-');
            known_label(&upper).is_some() && (dash || leading + trailing > 0 || raw.ends_with('-'))
        };
        (is_whole || is_meant).then_some(Self { start, end, keyword, label, is_whole })
    }

    /// Whether the text ends before the marker does.
    fn is_cut_off(&self, text: &[u8]) -> bool {
        !self.is_whole && text.get(self.end..).is_none_or(|rest| rest.trim_ascii().is_empty())
    }
}

/// Whether `text` ends within a BEGIN line.
fn begins_a_marker(text: &[u8]) -> bool {
    let dashes = b"-----";
    let last = text.windows(dashes.len()).rposition(|window| window == dashes);
    let last = last.and_then(|start| text.get(start..)).unwrap_or_default();
    let begin = b"-----BEGIN ";
    !last.is_empty()
        && !last.contains(&b'\n')
        && (begin.starts_with(last) || last.starts_with(begin))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Printable ASCII as in RFC 7468, except quotes and escapes, because the text may be in a string.
fn is_label(byte: u8) -> bool {
    (byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\')) || is_blank(byte)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The length of the white space at the start of `text`: invisible characters, and line ends and
/// tabs that are escaped once or several times.
fn white_space(text: &[u8]) -> usize {
    let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
    match text {
        // 0xa0 is the no-break space of Latin-1.
        [b' ' | b'\t'..=b'\r' | 0xa0, ..] => 1,
        [b'\\', ..] if matches!(text.get(slashes), Some(b'n' | b'r' | b't')) => slashes + 1,
        // No-break space and next line.
        [0xc2, 0xa0 | 0x85, ..] => 2,
        // Zero-width space, line separators, the byte order mark and the wide blank.
        [0xe2, 0x80, 0x80..=0x8d | 0xa8 | 0xa9 | 0xaf, ..]
        | [0xe2, 0x81, 0x9f | 0xa0, ..]
        | [0xef, 0xbb, 0xbf, ..]
        | [0xe3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

/// The text without white space in any encoding.
pub(in super::super) fn without_white_space(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut kept = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match white_space(rest) {
            // JSON may escape a slash.
            0 if rest.starts_with(br"\/") => rest = after,
            0 => {
                kept.push(*first);
                rest = after;
            }
            white => rest = rest.get(white..).unwrap_or_default(),
        }
    }
    kept
}

/// The number of the line, counted from one.
fn line_of(text: &[u8], offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    before.split(|byte| *byte == b'\n').count()
}

fn damage(number: usize, label: &str, line: usize, flaw: impl Explain) -> BundleError {
    BundleError::DamagedBlock { number, label: known_label(label), line, flaw: flaw.flaw() }
}

/// The words in the label of a damaged line that identify it.
const MEANT: &[&str] = &["PRIVATE KEY", "CERTIFICATE", "PKCS"];

const LEGACY_CIPHERS: &[&str] =
    &["AES-256-CBC", "AES-192-CBC", "AES-128-CBC", "DES-EDE3-CBC", "DES-CBC", "RC2-CBC"];

const BEGIN: &[u8] = b"BEGIN";
const END: &[u8] = b"END";
const DASHES: usize = 5;
const LONGEST_LABEL: usize = 64;

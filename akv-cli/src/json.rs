//! Writes JSON, and describes JSON errors.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::error::Category;

/// Forwards JSON with every non-ASCII character, and DEL, as `\uXXXX`: no code page can change a
/// text, and no terminal interprets one.
///
/// In JSON such characters occur only inside strings, so the document is equivalent.
pub(crate) struct Ascii<W>(pub(crate) W);

impl<W: Write> Write for Ascii<W> {
    /// Each piece must be complete UTF-8, as a serializer writes it.
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if piece.is_ascii() && !piece.contains(&DEL) {
            self.0.write_all(piece)?;
        } else {
            let text = std::str::from_utf8(piece).map_err(|_| io::ErrorKind::InvalidData)?;
            // In one write, so that a line stays complete for the writer behind.
            self.0.write_all(escaped(text).as_bytes())?;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii() && c != char::from(DEL) {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

const DEL: u8 = 0x7f;

/// The layout of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// On several lines, for people.
    Pretty,
    /// On one line, for programs.
    Line,
}

pub(crate) fn write(to: impl Write, value: &impl Serialize, layout: Layout) -> io::Result<()> {
    let mut to = Ascii(to);
    match layout {
        Layout::Pretty => serde_json::to_writer_pretty(&mut to, value)?,
        Layout::Line => serde_json::to_writer(&mut to, value)?,
    }
    to.write_all(b"\n")
}

/// Describes the fault of a JSON text by its position: the parser's own message can repeat the
/// content.
pub(crate) fn problem(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Data => "a member is missing, unknown or of another type",
        Category::Eof => "it ends too early",
        Category::Io | Category::Syntax => "it is not JSON (a backslash is written \\\\)",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_all_but_ascii_and_keeps_the_document() {
        let value = serde_json::json!({ "Grö\u{7f}ße": "日本\u{202e}\u{1f511}\u{9b}\u{1b}\"\\" });
        for layout in [Layout::Pretty, Layout::Line] {
            let mut json = Vec::new();
            write(&mut json, &value, layout).expect("written");
            assert!(json.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{json:?}");
            let read: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
            assert_eq!(read, value);
        }
    }

    #[test]
    fn problem_contains_the_position_and_no_content() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Known {
            #[expect(dead_code, reason = "only read")]
            number: u8,
        }
        for text in ["{\"MARKER\":1}", "{\"number\":\"MARKER\"}", "MARKER", "{\"MARKER", "{}"] {
            let error = serde_json::from_str::<Known>(text).expect_err(text);
            let problem = problem(&error);
            assert!(problem.contains("line 1") && !problem.contains("MARKER"), "{problem}");
        }
    }
}

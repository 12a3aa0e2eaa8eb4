//! Reads lines in UTF-8, or in the UTF-16 of Windows PowerShell.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;

use akv_core::text::{decode, without_line_end};
use anyhow::{Context, Result};
use zeroize::Zeroizing;

/// The lines of a text, each at most `limit` bytes long. The buffer never grows, so that no part of
/// a secret is left behind.
pub(crate) struct Lines<R> {
    from: R,
    limit: usize,
    line: Zeroizing<Vec<u8>>,
    encoding: Option<Encoding>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    fn of(beginning: &[u8]) -> Self {
        match beginning {
            [0xff, 0xfe, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }

    fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"",
            Self::Utf16Le => b"\xff\xfe",
            Self::Utf16Be => b"\xfe\xff",
        }
    }
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(from: R, limit: usize) -> Self {
        Self { from, limit, line: Zeroizing::new(Vec::with_capacity(limit + 2)), encoding: None }
    }

    /// The next line without its end; `None` after the last one.
    pub(crate) fn next(&mut self) -> io::Result<Option<Zeroizing<String>>> {
        self.line.clear();
        self.line.extend(self.encoding.map_or(&b""[..], Encoding::mark));
        let empty = self.line.len();
        while self.more(b'\n')? {
            let encoding = *self.encoding.get_or_insert(Encoding::of(&self.line));
            let ended = match (encoding, self.line.as_slice()) {
                (Encoding::Utf8, line) => line.ends_with(b"\n"),
                (Encoding::Utf16Be, line) => line.len() % 2 == 0 && line.ends_with(b"\0\n"),
                // The line feed is the first half of its unit; the other half follows.
                (Encoding::Utf16Le, line) if line.len() % 2 == 1 => {
                    self.more(0)?;
                    self.line.ends_with(b"\n\0")
                }
                (Encoding::Utf16Le, _) => false,
            };
            if ended {
                break;
            }
        }
        if self.line.len() == empty {
            return Ok(None);
        }
        let text = decode(&self.line).map_err(io::Error::other)?;
        Ok(Some(Zeroizing::new(without_line_end(&text).to_owned())))
    }

    /// Reads up to that byte, and returns whether there was anything.
    fn more(&mut self, until: u8) -> io::Result<bool> {
        let room = (self.limit + 1).saturating_sub(self.line.len());
        let room = u64::try_from(room).unwrap_or(u64::MAX);
        let read = io::Read::take(&mut self.from, room).read_until(until, &mut self.line)?;
        if self.line.len() > self.limit {
            let problem = format!("it is longer than {} bytes", self.limit);
            return Err(io::Error::new(ErrorKind::FileTooLarge, problem));
        }
        Ok(read > 0)
    }
}

/// The records of a file, one per line: the lines that are not blank, with their numbers from 1.
/// After an error there are no more.
pub(crate) struct Records {
    lines: Lines<Box<dyn BufRead>>,
    number: u64,
    failed: bool,
}

impl Records {
    /// The records of a file; `-` is standard input.
    pub(crate) fn of_file(file: &Path) -> io::Result<Self> {
        let from: Box<dyn BufRead> = if file.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::with_capacity(BUFFER, File::open(file)?))
        };
        Ok(Self::new(from))
    }

    fn new(from: Box<dyn BufRead>) -> Self {
        Self { lines: Lines::new(from, LONGEST_RECORD), number: 0, failed: false }
    }
}

impl Iterator for Records {
    type Item = Result<(u64, Zeroizing<String>)>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            self.number += 1;
            match self.lines.next().with_context(|| format!("line {}", self.number)) {
                Ok(None) => return None,
                Ok(Some(line)) => {
                    // Concatenated files have several byte order marks.
                    let text = line.trim_start_matches('\u{feff}');
                    if text.trim().is_empty() {
                        continue;
                    }
                    let is_whole = text.len() == line.len();
                    let text = if is_whole { line } else { Zeroizing::new(text.to_owned()) };
                    return Some(Ok((self.number, text)));
                }
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Larger than a record with the longest chain of a vault, in bytes, even in UTF-16.
const LONGEST_RECORD: usize = 2 << 20;
const BUFFER: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> io::Result<Vec<String>> {
        let mut lines = Lines::new(bytes, 64);
        let mut all = Vec::new();
        while let Some(line) = lines.next()? {
            all.push(line.to_string());
        }
        Ok(all)
    }

    #[test]
    fn reads_lines_in_every_encoding() {
        // Ċ is U+010A and ਀ is U+0A00: one of their bytes equals a line feed.
        for text in ["", "one", "one\n", "Ċ\u{a00}\u{a0a}\r\n\r\nzwölf\n", "\n\n", "🔑\nx"] {
            let expected: Vec<String> =
                text.split_inclusive('\n').map(|line| without_line_end(line).to_owned()).collect();
            let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
                mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
            };
            let mut encodings = vec![text.as_bytes().to_vec()];
            if !text.is_empty() {
                encodings.push([b"\xef\xbb\xbf", text.as_bytes()].concat());
                encodings.push(utf16([0xff, 0xfe], u16::to_le_bytes));
                encodings.push(utf16([0xfe, 0xff], u16::to_be_bytes));
            }
            for bytes in encodings {
                assert_eq!(all(&bytes).expect("lines"), expected, "{bytes:?}");
            }
        }
    }

    #[test]
    fn rejects_long_and_damaged_lines() {
        assert_eq!(all(&[b'x'; 65]).expect_err("long").kind(), ErrorKind::FileTooLarge);
        assert_eq!(all(&[0; 65]).expect_err("long").kind(), ErrorKind::FileTooLarge);
        assert!(all(b"\xff\xfea").is_err(), "half a unit");
        assert!(all(b"a\xe4\n").is_err(), "Windows-1252");
    }

    fn records(bytes: Vec<u8>) -> Result<Vec<(u64, String)>, String> {
        Records::new(Box::new(io::Cursor::new(bytes)))
            .map(|line| line.map(|(number, text)| (number, text.to_string())))
            .collect::<Result<_>>()
            .map_err(|error| format!("{error:#}"))
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn records_skip_blank_lines_and_marks() {
        let text = "{\"a\":1}\r\n\n\u{feff}{}\n \n{\"b\":1}";
        let expected = Ok(vec![
            (1, "{\"a\":1}".to_owned()),
            (3, "{}".to_owned()),
            (5, "{\"b\":1}".to_owned()),
        ]);
        assert_eq!(records(text.into()), expected);
        assert_eq!(records(format!("\u{feff}{text}").into()), expected);
        assert_eq!(records(utf16(text, u16::to_le_bytes)), expected);
        assert_eq!(records(utf16(text, u16::to_be_bytes)), expected);
        for empty in ["", "\u{feff}", "\r\n\r\n"] {
            assert_eq!(records(empty.into()), Ok(Vec::new()), "{empty:?}");
        }
    }

    #[test]
    fn records_name_the_line_that_is_not_text() {
        assert!(records(b"{}\n\xff\xfe\n".to_vec()).expect_err("bytes").contains("line 2"));
        let mut torn = utf16("{}\n{}", u16::to_le_bytes);
        torn.pop();
        assert!(records(torn).expect_err("half a character").contains("line 2"));
        assert!(records(b"{}\nx\0y".to_vec()).expect_err("binary").contains("line 2"));
        for bytes in [vec![b' '; 3 << 20], utf16(&" ".repeat(2 << 20), u16::to_le_bytes)] {
            assert!(records(bytes).expect_err("endless").contains("line 1: it is longer than"));
        }
    }
}

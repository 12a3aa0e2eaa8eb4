//! The lines of a text file of any size, one at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use akv_core::text;
use zeroize::Zeroizing;

/// The lines that are not blank, in UTF-8 with or without a byte order mark or in UTF-16 with one,
/// as Windows PowerShell 5.1 redirects output. After an error there are no more.
pub(crate) struct Lines {
    from: Box<dyn BufRead>,
    encoding: Encoding,
    number: u64,
    failed: bool,
}

/// A line and its number, from 1.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) text: Zeroizing<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16LittleEndian,
    Utf16BigEndian,
}

impl Lines {
    /// The lines of a file; `-` is standard input.
    pub(crate) fn of_file(file: &Path) -> io::Result<Self> {
        if file.as_os_str() == "-" {
            Self::new(io::stdin().lock())
        } else {
            Self::new(File::open(file)?)
        }
    }

    fn new(mut from: impl Read + 'static) -> io::Result<Self> {
        let mut mark = Vec::with_capacity(2);
        from.by_ref().take(2).read_to_end(&mut mark)?;
        let encoding = match mark.as_slice() {
            LITTLE_ENDIAN => Encoding::Utf16LittleEndian,
            BIG_ENDIAN => Encoding::Utf16BigEndian,
            _ => Encoding::Utf8,
        };
        let rest = BufReader::with_capacity(BUFFER, from);
        let from: Box<dyn BufRead> = match encoding {
            Encoding::Utf8 => Box::new(Cursor::new(mark).chain(rest)),
            _ => Box::new(rest),
        };
        Ok(Self { from, encoding, number: 0, failed: false })
    }

    /// The next line as bytes that [`text::decode`] takes; empty at the end.
    fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let mut line = match self.encoding {
            Encoding::Utf8 => Vec::new(),
            Encoding::Utf16LittleEndian => LITTLE_ENDIAN.to_vec(),
            Encoding::Utf16BigEndian => BIG_ENDIAN.to_vec(),
        };
        let mark = line.len();
        loop {
            let room = (LONGEST_LINE + 1).saturating_sub(line.len());
            let limit = u64::try_from(room).unwrap_or(0);
            let read = self.from.by_ref().take(limit).read_until(b'\n', &mut line)?;
            if line.len() > LONGEST_LINE {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("line {} is longer than {LONGEST_LINE} bytes", self.number),
                ));
            }
            if read == 0 || self.ends(&mut line)? {
                break;
            }
        }
        if line.len() == mark { Ok(Vec::new()) } else { Ok(line) }
    }

    /// Whether the byte 0x0A at the end of `line` is a line end and not half of another character.
    fn ends(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        match (self.encoding, line.len() % 2) {
            (Encoding::Utf8, _) => Ok(true),
            (Encoding::Utf16LittleEndian, 1) => {
                self.from.by_ref().take(1).read_to_end(line)?;
                Ok(line.ends_with(b"\n\0"))
            }
            (Encoding::Utf16BigEndian, 0) => Ok(line.ends_with(b"\0\n")),
            _ => Ok(false),
        }
    }
}

impl Iterator for Lines {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            self.number += 1;
            let text = self.bytes().and_then(|bytes| {
                if bytes.is_empty() {
                    return Ok(None);
                }
                text::decode(&bytes).map(Some).map_err(|why| {
                    let message = format!("line {} cannot be decoded: {why}", self.number);
                    io::Error::new(io::ErrorKind::InvalidData, message)
                })
            });
            match text {
                Ok(None) => return None,
                Ok(Some(text)) => {
                    // Files that were put together have a mark in front of each.
                    let trimmed = text.trim_start_matches('\u{feff}').trim();
                    if trimmed.is_empty() {
                        continue;
                    }
                    let text = Zeroizing::new(trimmed.to_owned());
                    return Some(Ok(Line { number: self.number, text }));
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

/// More than a record with the longest chain that a vault holds.
const LONGEST_LINE: usize = 2 << 20;
const BUFFER: usize = 256 << 10;
const LITTLE_ENDIAN: &[u8] = &[0xff, 0xfe];
const BIG_ENDIAN: &[u8] = &[0xfe, 0xff];

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: Vec<u8>) -> Result<Vec<(u64, String)>, String> {
        Lines::new(Cursor::new(bytes))
            .expect("readable")
            .map(|line| line.map(|line| (line.number, line.text.to_string())))
            .collect::<io::Result<_>>()
            .map_err(|error| error.to_string())
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn reads_lines_in_every_encoding() {
        // U+0A0A and U+010A have a line feed as one of their bytes.
        let text = "{\"a\":\"ä\u{a0a}\u{10a}\"}\r\n\n\u{feff}{}\n{\"b\":1}";
        let expected = Ok(vec![
            (1, "{\"a\":\"ä\u{a0a}\u{10a}\"}".to_owned()),
            (3, "{}".to_owned()),
            (4, "{\"b\":1}".to_owned()),
        ]);
        assert_eq!(lines(text.into()), expected);
        assert_eq!(lines(format!("\u{feff}{text}").into()), expected);
        assert_eq!(lines(utf16(text, u16::to_le_bytes)), expected);
        assert_eq!(lines(utf16(text, u16::to_be_bytes)), expected);
        for empty in ["", "\u{feff}", "\r\n\r\n"] {
            assert_eq!(lines(empty.into()), Ok(Vec::new()), "{empty:?}");
        }
    }

    #[test]
    fn names_the_line_that_is_not_text() {
        assert!(lines(b"{}\n\xff\xfe\n".to_vec()).expect_err("bytes").contains("line 2"));
        let mut torn = utf16("{}\n{}", u16::to_le_bytes);
        torn.pop();
        assert!(lines(torn).expect_err("half a character").contains("line 2"));
        assert!(lines(b"{}\nx\0y".to_vec()).expect_err("binary").contains("line 2"));
    }

    #[test]
    fn refuses_a_line_without_end() {
        for bytes in [vec![b' '; 3 << 20], utf16(&" ".repeat(2 << 20), u16::to_le_bytes)] {
            assert!(lines(bytes).expect_err("endless").contains("line 1 is longer than"));
        }
    }
}

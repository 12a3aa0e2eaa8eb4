//! Secrets and small texts from files, variables and standard input, with the same rules: a byte
//! order mark and one line end are removed, UTF-16 is decoded, and no copy is left in memory.

use std::env::{self, VarError};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use akv_core::text::{self, decode, read_bounded, without_line_end, without_mark};
use anyhow::{Context, Result};
use zeroize::Zeroizing;

use crate::lines::Lines;
use crate::usage::Usage;

/// A text that was read.
pub(crate) type Secret = Zeroizing<String>;

/// The text of a small file, without the line end that editors leave behind.
pub(crate) fn file(path: &Path, what: &str) -> Result<Secret> {
    let error_context = || format!("cannot read the {what} from {}", path.display());
    let file = File::open(path).with_context(error_context)?;
    let content = read_bounded(file, LARGEST).with_context(error_context)?;
    let text = decode(&content).with_context(error_context)?;
    Ok(Zeroizing::new(without_line_end(&text).to_owned()))
}

/// The value of a variable, without a byte order mark and a line end; a blank value counts as not
/// set.
pub(crate) fn variable(name: &str) -> Result<Option<Secret>> {
    let value = match env::var(name) {
        Ok(value) => Zeroizing::new(value),
        Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => {
            return Err(Usage::new(format!("the variable {name} is not UTF-8 text")).into());
        }
    };
    let value = without_line_end(without_mark(&value));
    Ok(Some(value).filter(|value| !value.trim().is_empty()).map(|it| Zeroizing::new(it.to_owned())))
}

/// The same for a value that never contains white space or quotation marks of its own, such as an
/// ID or a client secret: surrounding ones are removed, and quotation marks cause a warning.
pub(crate) fn unquoted_variable(name: &str) -> Result<Option<Secret>> {
    Ok(variable(name)?.map(|value| unquoted(&value, name)))
}

/// Removes the quotation marks around a text that never contains any.
pub(crate) fn unquoted(value: &str, source: &str) -> Secret {
    let inner = text::unquoted(value);
    if inner != value.trim() {
        tracing::warn!(
            target: "akv::input",
            "the quotation marks around the value of {source} were removed"
        );
    }
    Zeroizing::new(inner.to_owned())
}

/// The first line of standard input.
pub(crate) fn line_of_standard_input(what: &str) -> Result<Secret> {
    let error_context = || format!("cannot read the {what} from standard input");
    // Byte by byte, so that no buffer keeps it and nothing after the line is consumed.
    let input = BufReader::with_capacity(1, standard_input().with_context(error_context)?);
    let line = Lines::new(input, LONGEST_LINE).next().with_context(error_context)?;
    Ok(line.unwrap_or_default())
}

/// Standard input without the standard library's buffer, which is never zeroized.
#[cfg(unix)]
pub(crate) fn standard_input() -> io::Result<impl Read> {
    use std::os::fd::AsFd;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(crate) fn standard_input() -> io::Result<impl Read> {
    Ok(io::stdin())
}

/// The largest file with one secret or one cloud, in bytes.
const LARGEST: usize = 64 << 10;
/// In bytes; Key Vault itself accepts passwords of 200 characters.
const LONGEST_LINE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_in_every_encoding() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        for content in [
            &b"p\xc3\xa4 "[..],
            b"p\xc3\xa4 \r\n",
            b"\xef\xbb\xbfp\xc3\xa4 \n",
            b"\xff\xfep\0\xe4\0 \0\r\0\n\0",
            b"\xfe\xff\0p\0\xe4\0 ",
        ] {
            std::fs::write(&path, content).expect("written");
            assert_eq!(file(&path, "secret").expect("text").as_str(), "pä ", "{content:?}");
        }
        std::fs::write(&path, b"p\xe4").expect("written");
        let error = format!("{:#}", file(&path, "secret").expect_err("ANSI"));
        assert!(error.contains("ANSI"), "{error}");
        std::fs::write(&path, vec![b'x'; LARGEST + 1]).expect("written");
        assert!(file(&path, "secret").is_err(), "too large");
    }

    #[test]
    fn quotes_and_blanks_around_a_value_are_dropped() {
        for (value, expected) in [
            ("s~1", "s~1"),
            (" s~1\n", "s~1"),
            ("\"s~1\"\n", "s~1"),
            ("'s~1'", "s~1"),
            ("\"s~1", "\"s~1"),
            ("\"s\"~\"1\"", "\"s\"~\"1\""),
            ("\"", "\""),
        ] {
            assert_eq!(unquoted(value, "A").as_str(), expected, "{value:?}");
        }
    }
}

//! `--exit-with-parent`: a job does not outlive the program that started it.
//!
//! On Unix a process has another parent as soon as its own has ended, however that ended. On Windows
//! it keeps the number of the old one, so there the starting program keeps standard input open after
//! the configuration, and its end is seen as the end of standard input.

use std::io::{self, Read};

use tokio_util::sync::CancellationToken;

use crate::secret_input::standard_input;

/// That the parent is followed.
pub(super) struct Parent(CancellationToken);

/// Cancels when the parent has ended; to be called early, while the parent is still the one that
/// started us.
pub(super) fn follow_parent(cancellation: &CancellationToken) -> Parent {
    #[cfg(unix)]
    {
        let (cancellation, parent) = (cancellation.clone(), std::os::unix::process::parent_id());
        tokio::spawn(async move {
            while std::os::unix::process::parent_id() == parent {
                tokio::time::sleep(PERIOD).await;
            }
            cancel(&cancellation);
        });
    }
    Parent(cancellation.clone())
}

/// Standard input as a job's configuration is read from it.
pub(super) fn input<T>(
    parent: Option<&Parent>,
    read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
) -> io::Result<T> {
    match parent {
        Some(Parent(cancellation)) if cfg!(windows) => {
            let answer = read(&mut Line::new(io::stdin()))?;
            let cancellation = cancellation.clone();
            std::thread::spawn(move || {
                // Whatever follows the line is not for us.
                let _ = io::copy(&mut io::stdin(), &mut io::sink());
                cancel(&cancellation);
            });
            Ok(answer)
        }
        _ => read(&mut standard_input()?),
    }
}

fn cancel(cancellation: &CancellationToken) {
    crate::render::say("the parent process has ended: ending at the next safe point");
    cancellation.cancel();
}

/// The first line of a stream.
struct Line<R> {
    from: R,
    ended: bool,
}

impl<R: Read> Line<R> {
    fn new(from: R) -> Self {
        Self { from, ended: false }
    }
}

impl<R: Read> Read for Line<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        let read = self.from.read(buffer)?;
        let line = buffer.get(..read).and_then(|read| read.iter().position(|byte| *byte == b'\n'));
        self.ended = line.is_some();
        Ok(line.unwrap_or(read))
    }
}

/// How often the parent is looked at.
#[cfg(unix)]
const PERIOD: std::time::Duration = std::time::Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_the_input_stays_open() {
        struct Open<'a>(&'a [u8]);
        impl Read for Open<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                assert!(!self.0.is_empty(), "nothing more comes, and reading would wait for ever");
                self.0.read(buffer)
            }
        }
        let mut text = String::new();
        Line::new(Open(b"{\"a\": 1}\n")).read_to_string(&mut text).expect("read");
        assert_eq!(text, "{\"a\": 1}");
        text.clear();
        Line::new(&b"no line end"[..]).read_to_string(&mut text).expect("read");
        assert_eq!(text, "no line end");
    }
}

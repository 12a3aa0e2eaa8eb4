//! `--exit-with-parent`: a job does not outlive the program that started it.
//!
//! On Unix a process gets another parent as soon as its own has ended, for whatever reason. On
//! Windows it keeps the ID of the old one, so the starting program must keep standard input open
//! after the configuration, and the end of standard input signals its end.

use std::io::{self, Read};

use tokio_util::sync::CancellationToken;

use crate::secret_input::standard_input;

/// Proof that the parent is monitored.
pub(super) struct Parent(CancellationToken);

/// Cancels when the parent has ended. Call it early, while the original parent is still running.
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

/// Standard input for the job's configuration.
pub(super) fn input<T>(
    parent: Option<&Parent>,
    read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
) -> io::Result<T> {
    match parent {
        Some(Parent(cancellation)) if cfg!(windows) => {
            let answer = read(&mut Line::new(io::stdin()))?;
            let cancellation = cancellation.clone();
            std::thread::spawn(move || {
                // Data after the line is ignored.
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

/// The interval between checks of the parent.
#[cfg(unix)]
const PERIOD: std::time::Duration = std::time::Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_complete_although_the_input_stays_open() {
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

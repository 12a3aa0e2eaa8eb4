//! `--log-file FILE`: bounded in size, and shared by all programs that write to it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// A log file. A full one is renamed to `FILE.1`, `FILE.1` to `FILE.2` and so on.
pub(crate) struct LogFile {
    path: PathBuf,
    limit: u64,
    file: Mutex<File>,
}

impl LogFile {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::bounded(path, LIMIT)
    }

    fn bounded(path: &Path, limit: u64) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), limit, file: Mutex::new(append(path)?) })
    }

    fn write_line(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.metadata()?.len().saturating_add(line.len() as u64) > self.limit {
            locked(&file, |full| self.rotate(full))?;
            *file = append(&self.path)?;
        }
        // Windows rejects a write while another program has the lock.
        locked(&file, |mut file| file.write_all(line))
    }

    /// The lock belongs to the full file, so the first of several programs renames it, and the
    /// others find the new file.
    fn rotate(&self, full: &File) -> io::Result<()> {
        let is_full = fs::metadata(&self.path)
            .is_ok_and(|it| it.len() >= full.metadata().map_or(0, |it| it.len()));
        if is_full {
            for number in (1..KEPT).rev() {
                let _ = fs::rename(self.numbered(number), self.numbered(number + 1));
            }
            fs::rename(&self.path, self.numbered(1))?;
        }
        Ok(())
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

/// A log line is written at once. Write errors cannot be reported.
impl Write for &LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_line(line).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = &'a LogFile;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// Acts with the lock of the file, and releases it after a failure too: other programs wait for it.
/// A file system without locks needs none.
fn locked(file: &File, action: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let _ = file.lock();
    let done = action(file);
    let _ = file.unlock();
    done
}

fn append(path: &Path) -> io::Result<File> {
    // On Windows, a file that is open only to append cannot be locked.
    OpenOptions::new().read(cfg!(windows)).append(true).create(true).open(path)
}

/// The size of one file, in bytes.
const LIMIT: u64 = 10 << 20;

/// The number of full files that are kept.
const KEPT: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_bounds_the_size_and_loses_no_recent_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("akv.log");
        // Several programs have several handles.
        let logs: Vec<_> = (0..4).map(|_| LogFile::bounded(&path, 1000).expect("open")).collect();
        std::thread::scope(|scope| {
            for (writer, log) in logs.iter().enumerate() {
                scope.spawn(move || {
                    for number in 0..40 {
                        writeln!(&mut &*log, "{writer} {number:<20}").expect("write");
                    }
                });
            }
        });
        let sizes: Vec<u64> = fs::read_dir(folder.path())
            .expect("list")
            .map(|entry| entry.expect("entry").metadata().expect("metadata").len())
            .collect();
        let kept: u64 = sizes.iter().sum();
        assert!(kept >= 160 * 23, "{sizes:?}");
        for number in 0..200 {
            writeln!(&mut &logs[0], "more {number:<20}").expect("write");
        }
        let sizes: Vec<u64> = fs::read_dir(folder.path())
            .expect("list")
            .map(|entry| entry.expect("entry").metadata().expect("metadata").len())
            .collect();
        assert_eq!(sizes.len(), 5, "the file and four full ones");
        assert!(sizes.iter().all(|size| *size <= 1000 + 4 * 30), "{sizes:?}");
    }

    #[test]
    fn failed_rotation_keeps_no_program_waiting() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("akv.log");
        for number in 1..=KEPT {
            let in_the_way = folder.path().join(format!("akv.log.{number}/folder"));
            fs::create_dir_all(in_the_way).expect("a folder");
        }
        let log = LogFile::bounded(&path, 10).expect("open");
        log.write_line(b"a line\n").expect("write");
        log.write_line(b"another\n").expect_err("it cannot be renamed");
        append(&path).expect("open").try_lock().expect("it is not locked");
    }
}

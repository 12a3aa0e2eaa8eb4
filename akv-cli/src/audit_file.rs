//! `--audit-file FILE`: one line of JSON before each change and one after it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use akv_core::audit::{AuditEvent, AuditSink, NotRecorded};
use async_trait::async_trait;

use crate::json::{self, Layout};

/// A file that several programs append to, and that another program rotates.
pub(crate) struct AuditFile(PathBuf);

impl AuditFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

#[async_trait]
impl AuditSink for AuditFile {
    async fn record(&self, event: &AuditEvent) -> Result<(), NotRecorded> {
        let mut line = Vec::new();
        let written = json::write(&mut line, event, Layout::Line);
        let path = self.0.clone();
        let written = match written {
            Ok(()) => tokio::task::spawn_blocking(move || append(&path, &line)).await,
            Err(error) => Ok(Err(error)),
        };
        let written = written.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()));
        written.map_err(|error| {
            NotRecorded::new(format!("cannot write {}: {}", self.0.display(), error.kind()))
        })
    }
}

/// Appends the complete line to the file that currently has this name, or nothing.
fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let file = open(path)?;
        lock(&file, give_up)?;
        // Another program may have renamed it during the wait.
        if is_named(path, &file) {
            return write_line(file, line);
        }
        if Instant::now() >= give_up {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        // A pipe or a device stores nothing.
        Err(io::ErrorKind::InvalidInput.into())
    }
}

/// The lock ends with the file. If the file system has no locks, the operating system still appends
/// a line of this size atomically.
fn lock(file: &File, give_up: Instant) -> io::Result<()> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(());
            }
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= give_up => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
        }
    }
}

fn write_line(mut file: File, line: &[u8]) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut whole = Vec::with_capacity(line.len() + 1);
    if !ends_a_line(&mut file, length)? {
        // A program was killed while writing.
        whole.push(b'\n');
    }
    whole.extend_from_slice(line);
    let written = file.write_all(&whole).and_then(|()| file.sync_data());
    if written.is_err() {
        // The disk is full: remove the partial line.
        let _ = file.set_len(length);
    }
    written
}

fn ends_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

#[cfg(unix)]
fn is_named(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(path), file.metadata()) {
        (Ok(named), Ok(open)) => (named.dev(), named.ino()) == (open.dev(), open.ino()),
        _ => false,
    }
}

/// Not known without `unsafe`. At worst, the line goes to the file that was just renamed.
#[cfg(not(unix))]
fn is_named(_path: &Path, _file: &File) -> bool {
    true
}

/// How long other programs may keep the file locked.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn concurrent_programs_and_rotation_keep_all_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for number in 0..50 {
                        let line = format!("{writer} {number} {}\n", "x".repeat(600));
                        append(path, line.as_bytes()).expect("appended");
                    }
                });
            }
            scope.spawn(|| {
                for number in 0..20 {
                    std::thread::sleep(Duration::from_millis(3));
                    let _ = fs::rename(&path, folder.path().join(format!("rotated-{number}")));
                }
            });
        });
        let mut lines: Vec<String> = Vec::new();
        for entry in fs::read_dir(folder.path()).expect("list") {
            let text = fs::read_to_string(entry.expect("entry").path()).expect("text");
            assert!(text.is_empty() || text.ends_with('\n'));
            lines.extend(text.lines().map(str::to_owned));
        }
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), 200);
        assert!(lines.iter().all(|line| line.ends_with(&"x".repeat(600))));
    }

    #[cfg(unix)]
    #[test]
    fn new_file_is_readable_only_by_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        append(&path, b"{}\n").expect("appended");
        let mode = fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn torn_line_of_a_killed_program_stays_separate() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        fs::write(&path, "{\"time\":").expect("written");
        append(&path, b"{}\n").expect("appended");
        assert_eq!(fs::read_to_string(&path).expect("text"), "{\"time\":\n{}\n");
    }

    #[test]
    fn pipe_or_device_is_rejected() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(append(folder.path(), b"{}\n").is_err());
        assert!(append(&folder.path().join("no/such/folder"), b"{}\n").is_err());
        #[cfg(target_os = "linux")]
        for special in ["/dev/null", "/dev/full"] {
            assert!(append(Path::new(special), b"{}\n").is_err(), "{special}");
        }
    }
}

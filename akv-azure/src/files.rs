//! Files that the operator configures: regular files, read within a bound and without blocking.

use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::Path;

use akv_core::text;
use zeroize::Zeroizing;

/// The content of a regular file of at most `limit` bytes, or the reason why it cannot be read.
/// Links are followed, because Kubernetes mounts secrets as links.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, String> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "the file does not exist".to_owned(),
        ErrorKind::PermissionDenied => "permission to read the file is denied".to_owned(),
        ErrorKind::FileTooLarge => format!("the file is larger than {limit} bytes"),
        kind => format!("the file cannot be read ({kind})"),
    };
    let regular = |metadata: Metadata| {
        let is_file = metadata.is_file();
        if is_file { Ok(()) } else { Err("it is not a regular file".to_owned()) }
    };
    // Opening a named pipe would block until its other end is opened.
    regular(std::fs::metadata(path).map_err(unreadable)?)?;
    let file = File::open(path).map_err(unreadable)?;
    regular(file.metadata().map_err(unreadable)?)?;
    text::read_bounded(file, limit).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_regular_file_within_the_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, [7; 100]).expect("written");
        assert_eq!(read(&path, 100).map(|content| content.len()), Ok(100));
        assert!(read(&path, 99).expect_err("too large").contains("larger than 99"));
        assert!(read(folder.path(), 100).expect_err("a folder").contains("regular"));
        assert!(read(&folder.path().join("none"), 100).expect_err("none").contains("not exist"));
    }

    #[cfg(unix)]
    #[test]
    fn does_not_wait_for_a_pipe_or_read_a_device() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        for path in [pipe.as_path(), Path::new("/dev/zero")] {
            assert!(read(path, 100).expect_err("refused").contains("regular"), "{path:?}");
        }
    }
}

//! Files for secrets.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a new file that only its owner can read: mode 0600, or on Windows an ACL for the owner
/// alone.
///
/// # Errors
///
/// If the file exists, or cannot be created or protected.
pub fn create_for_owner(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let created = options.open(file)?;
    #[cfg(windows)]
    if let Err(error) = protect(file) {
        drop(created);
        // Whether this succeeds or not, the file is empty.
        let _ = std::fs::remove_file(file);
        return Err(error);
    }
    Ok(created)
}

/// Removes the inherited permissions, and permits everything to the owner (SID `S-1-3-4`).
#[cfg(windows)]
fn protect(file: &Path) -> io::Result<()> {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    let icacls = Path::new(&root).join(r"System32\icacls.exe");
    let output = std::process::Command::new(icacls)
        // A path that begins with a slash would be read as an option.
        .arg(std::path::absolute(file)?)
        .args(["/inheritance:r", "/grant:r", "*S-1-3-4:F"])
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = format!("icacls cannot restrict it to its owner ({})", output.status);
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use super::create_for_owner;

    #[test]
    fn existing_file_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("state.json");
        std::fs::write(&file, "before").expect("written");
        assert!(create_for_owner(&file).is_err());
        assert_eq!(std::fs::read_to_string(&file).expect("text"), "before");
    }

    #[cfg(windows)]
    #[test]
    fn only_the_owner_can_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("state.json");
        create_for_owner(&file).expect("a file");
        let output = std::process::Command::new("icacls").arg(&file).output().expect("icacls");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text.matches(":(").count(), 1, "{text}");
        assert!(text.contains(":(F)") && !text.contains("(I)"), "{text}");
    }
}

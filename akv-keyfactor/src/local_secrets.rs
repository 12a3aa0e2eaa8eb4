//! Secrets of the local machine that its operator makes available to jobs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use akv_core::text::{decode, read_bounded, without_line_end, without_mark};
use akv_core::{Secret, setters};
use async_trait::async_trait;
use tracing::warn;
use zeroize::Zeroizing;

use crate::document::Document;
use crate::pam::{SecretResolver, UnresolvedSecret};

/// Resolves `{"file":"/path/of/the/file"}` and `{"env":"NAME"}`. The default makes neither
/// available to jobs.
///
/// ```
/// use akv_keyfactor::LocalSecrets;
/// let secrets = LocalSecrets::default()
///     .with_directory(std::path::PathBuf::from("/run/secrets/akv"))
///     .with_variable_prefix("AKV_SECRET_".to_owned());
/// ```
///
/// A failing reference reveals nothing about the machine: the error is always the same. Only the
/// log contains the reason.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LocalSecrets {
    /// The directory whose regular files a job may name, by an absolute path. Links are followed if
    /// they end inside the directory. Write access to it decides which files jobs can read.
    pub directory: Option<PathBuf>,
    /// The prefix of the environment variables that a job may name.
    pub variable_prefix: Option<String>,
}

setters! {
    LocalSecrets {
        with_directory(directory: impl Into<Option<PathBuf>>),
        with_variable_prefix(variable_prefix: impl Into<Option<String>>),
    }
}

#[async_trait]
impl SecretResolver for LocalSecrets {
    async fn resolve(&self, reference: &str) -> Result<Option<Secret>, UnresolvedSecret> {
        let Some((kind, name)) = Kind::of(reference) else { return Ok(None) };
        let secret = match kind {
            Kind::File => self.file(Path::new(&name)),
            Kind::Variable => self.variable(&name),
        };
        // An empty secret would select a managed identity, which the job did not ask for.
        let secret = secret.and_then(|secret| {
            let blank = secret.trim().is_empty();
            if blank { Err("it is empty".to_owned()) } else { Ok(secret) }
        });
        match secret {
            Ok(secret) => Ok(Some(Secret::from(without_line_end(&secret)))),
            Err(reason) => {
                warn!(reference = name, "cannot resolve the job's reference to a secret: {reason}");
                Err(UnresolvedSecret::new(NOT_GIVEN))
            }
        }
    }
}

impl LocalSecrets {
    fn variable(&self, name: &str) -> Result<Zeroizing<String>, String> {
        let prefix = self.variable_prefix.as_deref().filter(|prefix| !prefix.is_empty());
        let prefix = prefix.ok_or("references to environment variables are disabled")?;
        // The standard library panics on some invalid variable names.
        if !name.starts_with(prefix) || name.contains(['=', '\0']) {
            return Err(format!("the name does not begin with {prefix}"));
        }
        match std::env::var(name) {
            Ok(secret) => {
                let secret = Zeroizing::new(secret);
                Ok(Zeroizing::new(without_mark(&secret).to_owned()))
            }
            Err(std::env::VarError::NotPresent) => Err("the variable is not set".into()),
            Err(std::env::VarError::NotUnicode(_)) => Err("its value is not UTF-8 text".into()),
        }
    }

    fn file(&self, path: &Path) -> Result<Zeroizing<String>, String> {
        let directory = self.directory.as_deref().ok_or("references to files are disabled")?;
        if !path.is_absolute() {
            return Err("the path is not absolute".into());
        }
        let file = open_inside(directory, path)?;
        let content = read_bounded(file, LARGEST).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => "the file is larger than 64 KiB".to_owned(),
            kind => format!("the file cannot be read: {kind}"),
        })?;
        decode(&content).map_err(|error| error.to_string())
    }
}

/// Opens a regular file whose real path is inside the directory. Kubernetes replaces mounted
/// secrets by switching a link, so a path that disappears during the check is resolved again.
fn open_inside(directory: &Path, path: &Path) -> Result<File, String> {
    let directory = fs::canonicalize(directory)
        .map_err(|error| format!("the secret directory cannot be read: {}", error.kind()))?;
    let mut tries = 3;
    loop {
        tries -= 1;
        let real = fs::canonicalize(path)
            .map_err(|error| format!("the file cannot be found: {}", error.kind()))?;
        if !real.starts_with(&directory) {
            return Err("the file is outside the secret directory".into());
        }
        match open_without_waiting(&real) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries > 0 => {}
            Err(error) => return Err(format!("the file cannot be opened: {}", error.kind())),
            Ok(file) => {
                let metadata = file.metadata().map_err(|error| error.kind().to_string())?;
                return if metadata.is_file() { Ok(file) } else { Err("it is not a file".into()) };
            }
        }
    }
}

/// An ordinary open of a pipe or a device would block until its other end is opened.
#[cfg(unix)]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags =
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[derive(Clone, Copy)]
enum Kind {
    File,
    Variable,
}

impl Kind {
    /// The kind and the name of a reference: the only member of a JSON object, a string.
    fn of(reference: &str) -> Option<(Self, String)> {
        if !reference.trim_start().starts_with('{') {
            return None;
        }
        let document = Document::read(reference.as_bytes()).ok()?;
        let object = document.root().ok()?;
        let mut members = object.members();
        let (name, value) = members.next().filter(|_| members.next().is_none())?;
        let kind = match name {
            "file" => Self::File,
            "env" => Self::Variable,
            _ => return None,
        };
        Some((kind, value.secret().ok()?.filter(|text| !text.starts_with('{'))?.to_string()))
    }
}

/// The largest secret, in bytes.
const LARGEST: usize = 64 << 10;
const NOT_GIVEN: &str = "it is a reference to a secret that this machine did not resolve (see its \
                         log; enable references with --secret-dir and --secret-env-prefix of akv \
                         job)";

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolved(
        secrets: &LocalSecrets,
        reference: &str,
    ) -> Result<Option<String>, UnresolvedSecret> {
        let secret = secrets.resolve(reference).await?;
        Ok(secret.map(|secret| secret.expose().to_owned()))
    }

    fn reference(path: &Path) -> String {
        serde_json::json!({ "file": path }).to_string()
    }

    fn open() -> (tempfile::TempDir, LocalSecrets) {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = folder.path().join("secrets");
        fs::create_dir(&directory).expect("a folder");
        let variable_prefix = Some("CARGO_PKG_".into());
        (
            folder,
            LocalSecrets::default().with_directory(directory).with_variable_prefix(variable_prefix),
        )
    }

    #[tokio::test]
    async fn resolves_files_and_variables_that_are_open_to_jobs() {
        let (folder, secrets) = open();
        let file = folder.path().join("secrets/one");
        for (content, expected) in [
            (&b"from a file \r\n"[..], "from a file "),
            (b"\xef\xbb\xbffrom a file", "from a file"),
            (b"\xff\xfef\0\n\0", "f"),
        ] {
            fs::write(&file, content).expect("written");
            assert_eq!(resolved(&secrets, &reference(&file)).await, Ok(Some(expected.into())));
        }
        let variable = r#" {"env":"CARGO_PKG_NAME"} "#;
        assert_eq!(resolved(&secrets, variable).await, Ok(Some("akv-keyfactor".into())));
        for other in [
            "a password",
            "",
            "{",
            r#"{"SecretId":"x"}"#,
            r#"{"env":1}"#,
            "[\"env\"]",
            "{}",
            r#"{"env":"A","file":"B"}"#,
            r#"{"env":{"a":1}}"#,
        ] {
            assert_eq!(resolved(&secrets, other).await, Ok(None), "{other}");
        }
    }

    #[tokio::test]
    async fn one_message_for_every_failure() {
        let (folder, secrets) = open();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("outside"), "secret").expect("written");
        fs::write(path("secrets/large"), vec![b'x'; LARGEST + 1]).expect("written");
        fs::write(path("secrets/ansi"), b"p\xe4ss").expect("written");
        fs::write(path("secrets/empty"), "\u{feff}\r\n").expect("written");
        fs::create_dir(path("secrets/folder")).expect("a folder");
        fs::create_dir(path("secrets-of-others")).expect("a folder");
        fs::write(path("secrets-of-others/one"), "secret").expect("written");
        let mut references: Vec<String> = [
            "outside",
            "secrets/large",
            "secrets/ansi",
            "secrets/empty",
            "secrets/folder",
            "secrets/missing",
            "secrets/../outside",
            "secrets-of-others/one",
        ]
        .iter()
        .map(|name| reference(&path(name)))
        .collect();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(path("outside"), path("secrets/link")).expect("a link");
            references.push(reference(&path("secrets/link")));
            let made = std::process::Command::new("mkfifo").arg(path("secrets/pipe")).status();
            assert!(made.expect("mkfifo runs").success());
            references.push(reference(&path("secrets/pipe")));
        }
        references.extend(
            [
                r#"{"file":"secrets/one"}"#,
                r#"{"file":""}"#,
                r#"{"file":"/dev/stdin"}"#,
                r#"{"file":"/proc/self/environ"}"#,
                r#"{"env":"PATH"}"#,
                r#"{"env":""}"#,
                r#"{"env":"CARGO_PKG_NO_SUCH"}"#,
                r#"{"env":"CARGO_PKG_=x"}"#,
                r#"{"file":"/a\u0000b"}"#,
            ]
            .map(str::to_owned),
        );
        let off = [LocalSecrets::default(), secrets.clone().with_variable_prefix(String::new())];
        for reference in &references {
            let error = resolved(&secrets, reference).await.expect_err(reference);
            assert_eq!(error.to_string(), NOT_GIVEN, "{reference}");
        }
        for secrets in off {
            let error = resolved(&secrets, r#"{"env":"CARGO_PKG_NAME"}"#).await.expect_err("off");
            assert_eq!(error.to_string(), NOT_GIVEN);
        }
        let error = resolved(&LocalSecrets::default(), &reference(&path("outside"))).await;
        assert_eq!(error.expect_err("off").to_string(), NOT_GIVEN);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn follows_links_that_stay_inside() {
        use std::os::unix::fs::symlink;
        let (folder, secrets) = open();
        let mounted = folder.path().join("secrets");
        fs::create_dir(mounted.join("..2026")).expect("a folder");
        fs::write(mounted.join("..2026/password"), "kept").expect("written");
        symlink("..2026", mounted.join("..data")).expect("a link");
        symlink("..data/password", mounted.join("password")).expect("a link");
        let reference = reference(&mounted.join("password"));
        assert_eq!(resolved(&secrets, &reference).await, Ok(Some("kept".into())));
        // The directory itself may be a link.
        symlink(&mounted, folder.path().join("linked")).expect("a link");
        let linked = secrets.with_directory(folder.path().join("linked"));
        assert_eq!(resolved(&linked, &reference).await, Ok(Some("kept".into())));
    }
}

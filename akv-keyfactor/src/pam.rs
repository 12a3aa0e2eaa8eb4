//! Secrets that a job names instead of holding them.

use std::path::Path;
use std::{env, fs, io::Read};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Turns a reference to a secret into the secret: the counterpart of an orchestrator's PAM
/// provider.
///
/// It is asked about every value that is not blank in `ServerUsername`, `ServerPassword` and
/// `JobCertificate.PrivateKeyPassword`. A value in braces that no resolver knows fails the job: it
/// is a reference, so it is never used as a password.
///
/// Two resolvers in a pair are one, of which the first that knows a reference answers:
///
/// ```
/// use std::sync::Arc;
/// use akv_keyfactor::{EnvironmentSecrets, FileSecrets, Options};
/// let options = Options { secrets: Arc::new((EnvironmentSecrets, FileSecrets)), ..Options::default() };
/// ```
#[async_trait]
pub trait SecretResolver: Send + Sync {
    /// The secret behind `reference`; `None` where this is not a reference that it knows.
    async fn resolve(&self, reference: &str) -> Result<Option<SecretString>, UnresolvedSecret>;
}

/// A reference that was understood, and the secret behind it could not be had. The text goes into
/// the job's message, so it says what was wrong without the reference's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnresolvedSecret(String);

impl UnresolvedSecret {
    /// What was wrong, as a lower-case fragment.
    pub fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}

/// Knows no reference: every value is what it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainSecrets;

#[async_trait]
impl SecretResolver for PlainSecrets {
    async fn resolve(&self, _: &str) -> Result<Option<SecretString>, UnresolvedSecret> {
        Ok(None)
    }
}

/// Knows `{"env":"NAME"}`: the value of an environment variable.
#[derive(Debug, Clone, Copy, Default)]
pub struct EnvironmentSecrets;

#[async_trait]
impl SecretResolver for EnvironmentSecrets {
    async fn resolve(&self, reference: &str) -> Result<Option<SecretString>, UnresolvedSecret> {
        let Some(name) = named(reference, "env") else { return Ok(None) };
        // The standard library panics on some names that no variable can have.
        let possible = !name.is_empty() && !name.contains(['=', '\0']);
        match possible.then(|| env::var(&name)) {
            Some(Ok(secret)) => Ok(Some(secret.into())),
            _ => Err(UnresolvedSecret::new(
                "the environment variable that it names is not set, or is not text",
            )),
        }
    }
}

/// Knows `{"file":"/path/of/the/file"}`: the content of a file of at most 64 KiB, without the line
/// end at its end.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileSecrets;

#[async_trait]
impl SecretResolver for FileSecrets {
    async fn resolve(&self, reference: &str) -> Result<Option<SecretString>, UnresolvedSecret> {
        let Some(path) = named(reference, "file") else { return Ok(None) };
        let content = read(path.as_ref())?;
        let line = content.strip_suffix('\n').unwrap_or(&content);
        Ok(Some(line.strip_suffix('\r').unwrap_or(line).into()))
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, UnresolvedSecret> {
    let unreadable = |error: std::io::Error| {
        UnresolvedSecret::new(format!("the file that it names cannot be read: {}", error.kind()))
    };
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_FILE + 1));
    let limit = u64::try_from(MAX_FILE).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut content))
        .map_err(unreadable)?;
    if content.len() > MAX_FILE {
        return Err(UnresolvedSecret::new("the file that it names is larger than 64 KiB"));
    }
    match std::str::from_utf8(&content) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(UnresolvedSecret::new("the file that it names is not UTF-8 text")),
    }
}

#[async_trait]
impl<A: SecretResolver, B: SecretResolver> SecretResolver for (A, B) {
    async fn resolve(&self, reference: &str) -> Result<Option<SecretString>, UnresolvedSecret> {
        match self.0.resolve(reference).await? {
            Some(secret) => Ok(Some(secret)),
            None => self.1.resolve(reference).await,
        }
    }
}

/// The text of the only member of a JSON object, where it has that name.
fn named(reference: &str, name: &str) -> Option<String> {
    let members: Map<String, Value> = serde_json::from_str(reference).ok()?;
    match (members.len(), members.get(name)) {
        (1, Some(Value::String(text))) => Some(text.clone()),
        _ => None,
    }
}

const MAX_FILE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    async fn resolved(reference: &str) -> Result<Option<String>, UnresolvedSecret> {
        let secret = (EnvironmentSecrets, FileSecrets).resolve(reference).await?;
        Ok(secret.map(|secret| secret.expose_secret().to_owned()))
    }

    #[tokio::test]
    async fn a_variable_and_a_file_are_resolved_and_all_else_is_left_alone() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), "from a file \r\n").expect("written");
        let reference = serde_json::json!({ "file": file.path() }).to_string();
        assert_eq!(resolved(&reference).await, Ok(Some("from a file ".into())));

        let cargo = r#"{"env":"CARGO_PKG_NAME"}"#;
        assert_eq!(resolved(cargo).await, Ok(Some("akv-keyfactor".into())));
        for other in ["a password", "", "{", r#"{"SecretId":"x"}"#, r#"{"env":1}"#, "[\"env\"]"] {
            assert_eq!(resolved(other).await, Ok(None), "{other}");
        }
    }

    #[tokio::test]
    async fn a_secret_that_is_not_there_is_an_error_without_the_name() {
        let large = tempfile::NamedTempFile::new().expect("a file");
        fs::write(large.path(), vec![b'x'; MAX_FILE + 1]).expect("written");
        let large = serde_json::json!({ "file": large.path() }).to_string();
        for (reference, says) in [
            (r#"{"env":"NO_SUCH_VARIABLE_MARKER"}"#, "not set"),
            (r#"{"env":""}"#, "not set"),
            (r#"{"env":"MARKER=x"}"#, "not set"),
            (r#"{"file":"/no/such/MARKER"}"#, "cannot be read"),
            (large.as_str(), "larger than 64 KiB"),
        ] {
            let error = resolved(reference).await.expect_err(reference).to_string();
            assert!(error.contains(says) && !error.contains("MARKER"), "{error}");
        }
    }
}

//! Secrets that a job names instead of holding them.

use akv_core::Secret;
use async_trait::async_trait;

/// Turns a reference to a secret into the secret: the counterpart of an orchestrator's PAM
/// provider.
///
/// It is asked about every value that is not blank in `ServerUsername`, `ServerPassword` and
/// `JobCertificate.PrivateKeyPassword`. A value in braces that no resolver knows fails the job: it
/// is a reference, so it is never used as a password.
///
/// Two resolvers in a pair are one, of which the first that knows a reference answers.
#[async_trait]
pub trait SecretResolver: Send + Sync {
    /// The secret behind `reference`; `None` where this is not a reference that it knows.
    async fn resolve(&self, reference: &str) -> Result<Option<Secret>, UnresolvedSecret>;
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

#[async_trait]
impl<A: SecretResolver, B: SecretResolver> SecretResolver for (A, B) {
    async fn resolve(&self, reference: &str) -> Result<Option<Secret>, UnresolvedSecret> {
        match self.0.resolve(reference).await? {
            Some(secret) => Ok(Some(secret)),
            None => self.1.resolve(reference).await,
        }
    }
}

//! Resolves secrets that a job references.

use akv_core::Secret;
use async_trait::async_trait;

/// Resolves a reference to a secret: the counterpart of an orchestrator's PAM provider.
///
/// It is called for every value that is not blank in `ServerUsername`, `ServerPassword` and
/// `JobCertificate.PrivateKeyPassword`. A value in braces that no resolver recognizes fails the
/// job: it is a reference, so it is never used as a password.
///
/// A pair of resolvers is one resolver: the first one that recognizes a reference answers.
#[async_trait]
pub trait SecretResolver: Send + Sync {
    /// The secret behind `reference`; `None` if the resolver does not recognize it.
    async fn resolve(&self, reference: &str) -> Result<Option<Secret>, UnresolvedSecret>;
}

/// A recognized reference whose secret is not available. The text becomes part of the job's
/// message, so it must state the problem without the text of the reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnresolvedSecret(String);

impl UnresolvedSecret {
    /// Takes the problem as a lower-case fragment.
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

//! An outcome: what was done, what was not, and why. Never a bare error, because a partial result
//! is a real answer.

use crate::bundle::CertificateRequest;
use crate::certificate::{CertificateName, Thumbprint, Version};
use crate::error::Error;
use crate::store::Deletion;
use crate::store_path::StorePath;

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an orchestrator knows these three ends")]
pub enum Status {
    /// Everything that was asked for is so now.
    Success,
    /// Something that was asked for is not so, and nothing is broken.
    Warning,
    /// It could not be done.
    Failure,
}

/// The outcome of a management job.
#[derive(Debug, Clone)]
pub struct Outcome {
    status: Status,
    effect: Effect,
    summary: String,
    notes: Vec<String>,
    error: Option<Error>,
}

/// What a management job changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing.
    #[default]
    Nothing,
    /// There is a new version.
    Imported {
        /// Under this name.
        name: CertificateName,
        /// The version.
        version: Version,
        /// The leaf's thumbprint.
        thumbprint: Thumbprint,
    },
    /// The certificate was the current one already; at most its tags changed.
    Unchanged {
        /// Under this name.
        name: CertificateName,
        /// The version that stays.
        version: Version,
        /// The leaf's thumbprint.
        thumbprint: Thumbprint,
    },
    /// A certificate that was in soft delete is live again; if the job failed, it may be.
    Recovered {
        /// Under this name.
        name: CertificateName,
    },
    /// All versions are deleted.
    Removed {
        /// Under this name.
        name: CertificateName,
        /// How it was seen to end.
        deletion: Deletion,
    },
    /// The certificate was removed and purged.
    Purged {
        /// Under this name.
        name: CertificateName,
    },
    /// There is a key in the vault and a request for it, which waits to be signed.
    Requested {
        /// Under this name.
        name: CertificateName,
        /// The request. `None`: the job ran against a plan, which has no key made.
        csr: Option<CertificateRequest>,
    },
    /// A request and its key are gone.
    RequestCancelled {
        /// Under this name.
        name: CertificateName,
    },
    /// There is a new vault.
    Created {
        /// Its path.
        path: StorePath,
    },
}

impl Outcome {
    /// It was done.
    pub fn success(effect: Effect, summary: impl Into<String>) -> Self {
        Self::new(Status::Success, effect, summary.into())
    }

    /// It was not done, or not as asked, and nothing is broken.
    pub fn warning(effect: Effect, summary: impl Into<String>) -> Self {
        Self::new(Status::Warning, effect, summary.into())
    }

    /// It could not be done.
    pub fn failure(error: Error) -> Self {
        let mut outcome = Self::new(Status::Failure, Effect::Nothing, error.to_string());
        outcome.error = Some(error);
        outcome
    }

    fn new(status: Status, effect: Effect, summary: String) -> Self {
        Self { status, effect, summary, notes: Vec::new(), error: None }
    }

    /// Adds what else a person should know.
    #[must_use]
    pub fn with_notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// Says what was changed all the same.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Puts other words in the place of what happened.
    #[must_use]
    pub(super) fn with_summary(mut self, summary: String) -> Self {
        self.summary = summary;
        self
    }

    /// Tells first of another step of the same job that was done before this.
    #[must_use]
    pub(super) fn after(mut self, step: &Self) -> Self {
        self.summary = format!("{}; {}", step.message(), self.summary);
        if self.effect == Effect::Nothing {
            self.effect = step.effect.clone();
        }
        self
    }

    /// How the job ended.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What it changed. A failed job can have changed something too.
    pub fn effect(&self) -> &Effect {
        &self.effect
    }

    /// What else a person should know: findings about the certificate, what happened on the way.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Why it failed, where it did.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// What happened, on one line. Of a failure the service's own words and the hints are not in it:
    /// [`error`](Self::error) has them.
    pub fn summary(&self) -> String {
        let told = self.error.as_ref().and_then(|error| {
            let before = self.summary.strip_suffix(&error.to_string())?;
            Some(format!("{before}{}", error.summary()))
        });
        told.unwrap_or_else(|| self.summary.clone())
    }

    /// The outcome in words: what happened, then the notes.
    pub fn message(&self) -> String {
        std::iter::once(&self.summary)
            .chain(&self.notes)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// `1 vault`, `2 vaults`.
pub(super) fn counted(number: usize, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

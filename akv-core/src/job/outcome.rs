//! An outcome: what was done, what was not done, and why. It is never only an error, because a
//! partial result is a valid answer.

use crate::bundle::CertificateRequest;
use crate::certificate::{CertificateName, Thumbprint, Version};
use crate::error::Error;
use crate::store::Deletion;
use crate::store_path::StorePath;

/// The status of a finished job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the orchestrator has exactly these three results")]
pub enum Status {
    /// Everything that was requested is in effect.
    Success,
    /// Part of the request is not in effect; nothing was damaged.
    Warning,
    /// The job failed.
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

/// The change that a management job made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing.
    #[default]
    Nothing,
    /// A new version was imported.
    Imported {
        /// The certificate name.
        name: CertificateName,
        /// The version.
        version: Version,
        /// The leaf's thumbprint.
        thumbprint: Thumbprint,
    },
    /// The certificate was already the current one; at most its tags changed.
    Unchanged {
        /// The certificate name.
        name: CertificateName,
        /// The current version.
        version: Version,
        /// The leaf's thumbprint.
        thumbprint: Thumbprint,
    },
    /// A soft-deleted certificate was recovered; if the job failed, it may have been.
    Recovered {
        /// The certificate name.
        name: CertificateName,
    },
    /// All versions are deleted.
    Removed {
        /// The certificate name.
        name: CertificateName,
        /// The observed state after the deletion.
        deletion: Deletion,
    },
    /// The certificate was removed and purged.
    Purged {
        /// The certificate name.
        name: CertificateName,
    },
    /// The vault contains a key and a pending request for it.
    Requested {
        /// The certificate name.
        name: CertificateName,
        /// The request. `None`: the job ran as a plan, which generates no key.
        csr: Option<CertificateRequest>,
    },
    /// A request and its key were deleted.
    RequestCancelled {
        /// The certificate name.
        name: CertificateName,
    },
    /// A vault was created.
    Created {
        /// Its path.
        path: StorePath,
    },
}

impl Outcome {
    /// The job succeeded.
    pub fn success(effect: Effect, summary: impl Into<String>) -> Self {
        Self::new(Status::Success, effect, summary.into())
    }

    /// The job did not do everything that was requested; nothing was damaged.
    pub fn warning(effect: Effect, summary: impl Into<String>) -> Self {
        Self::new(Status::Warning, effect, summary.into())
    }

    /// The job failed.
    pub fn failure(error: Error) -> Self {
        let mut outcome = Self::new(Status::Failure, Effect::Nothing, error.to_string());
        outcome.error = Some(error);
        outcome
    }

    fn new(status: Status, effect: Effect, summary: String) -> Self {
        Self { status, effect, summary, notes: Vec::new(), error: None }
    }

    /// Adds notes for the reader.
    #[must_use]
    pub fn with_notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// Adds a change that was made anyway.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Replaces the summary.
    #[must_use]
    pub(super) fn with_summary(mut self, summary: String) -> Self {
        self.summary = summary;
        self
    }

    /// Prefixes the outcome of an earlier step of the same job.
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

    /// The change. A failed job can have made a change too.
    pub fn effect(&self) -> &Effect {
        &self.effect
    }

    /// Notes for the reader: findings about the certificate, events of the job.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The error of a failed job.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The summary on one line. For a failure it does not contain the service's own message and the
    /// hints: use [`error`](Self::error).
    pub fn summary(&self) -> String {
        let message = self.error.as_ref().and_then(|error| {
            let before = self.summary.strip_suffix(&error.to_string())?;
            Some(format!("{before}{}", error.summary()))
        });
        message.unwrap_or_else(|| self.summary.clone())
    }

    /// The message: the summary, then the notes.
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

//! One event of an audit.

use serde::Serialize;
use time::OffsetDateTime;

use crate::certificate::{Certificate, Thumbprint, Version};
use crate::change::Action;

/// A change that is about to be made, or its result. It holds names and ids and never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuditEvent {
    /// When (UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// The change: the same in both of its events, and in no other.
    pub id: String,
    /// How far the change has come.
    pub outcome: AuditOutcome,
    /// Command's id of the job; `null` for a command of a person.
    pub job_history_id: Option<i64>,
    /// Which of Command's jobs; `null` for a command of a person.
    pub capability: Option<String>,
    /// The application id, or else the object id, of who makes the change.
    pub identity: Option<String>,
    /// The vault.
    pub vault: String,
    /// The certificate; `null` where the change is of the vault itself.
    pub name: Option<String>,
    /// What is done.
    pub action: Action,
    /// The newest version before the change, where it is known.
    pub version_before: Option<Version>,
    /// Its thumbprint.
    pub thumbprint_before: Option<Thumbprint>,
    /// The newest version after the change; `null` before it is known and where there is none.
    pub version_after: Option<Version>,
    /// Its thumbprint.
    pub thumbprint_after: Option<Thumbprint>,
    /// The service's id of the last request for this change that it answered.
    pub request_id: Option<String>,
    /// How long the change took, with all its requests.
    pub milliseconds: Option<u64>,
}

/// How far a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuditOutcome {
    /// It is made after this event.
    Attempted,
    /// It was made, or the service accepted it.
    Done,
    /// It was not made.
    Rejected,
    /// It may or may not have been made.
    Unknown,
}

impl AuditOutcome {
    /// The name that events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attempted => "attempted",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}

/// A version as the audit knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct State {
    pub(super) version: Option<Version>,
    pub(super) thumbprint: Option<Thumbprint>,
}

impl From<&Certificate> for State {
    fn from(certificate: &Certificate) -> Self {
        Self { version: Some(certificate.version.clone()), thumbprint: certificate.thumbprint }
    }
}

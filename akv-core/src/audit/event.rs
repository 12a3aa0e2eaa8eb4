//! One event of an audit.

use serde::Serialize;
use time::OffsetDateTime;

use crate::certificate::{Certificate, Thumbprint, Version};
use crate::change::Action;

/// A change before it is made, or its result. It contains names and IDs, and never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuditEvent {
    /// The time of the event (UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// The ID of the change: the same in both of its events, and unique otherwise.
    pub id: String,
    /// The progress of the change.
    pub outcome: AuditOutcome,
    /// Command's job history ID; `null` for an interactive command.
    pub job_history_id: Option<i64>,
    /// The capability of Command's job; `null` for an interactive command.
    pub capability: Option<String>,
    /// The application ID, or otherwise the object ID, of the identity that makes the change.
    pub identity: Option<String>,
    /// The vault.
    pub vault: String,
    /// The certificate; `null` if the change is to the vault itself.
    pub name: Option<String>,
    /// The action.
    pub action: Action,
    /// The newest version before the change, if known.
    pub version_before: Option<Version>,
    /// Its thumbprint.
    pub thumbprint_before: Option<Thumbprint>,
    /// The newest version after the change; `null` if it is unknown or there is none.
    pub version_after: Option<Version>,
    /// Its thumbprint.
    pub thumbprint_after: Option<Thumbprint>,
    /// The service's ID of the last answered request of this change.
    pub request_id: Option<String>,
    /// The duration of the change in milliseconds, including all its requests.
    pub milliseconds: Option<u64>,
}

/// The progress of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuditOutcome {
    /// The change follows this event.
    Attempted,
    /// It was made, or the service accepted it.
    Done,
    /// It was not made.
    Rejected,
    /// It may or may not have been made.
    Unknown,
}

impl AuditOutcome {
    /// The name in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attempted => "attempted",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}

/// A version, as far as the audit knows it.
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

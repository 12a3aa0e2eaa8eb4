//! Storage of audit events.

use async_trait::async_trait;

use super::event::AuditEvent;

/// Stores audit events.
///
/// ```
/// use akv_core::audit::{AuditEvent, AuditSink, NotRecorded};
///
/// struct Discarding;
///
/// #[async_trait::async_trait]
/// impl AuditSink for Discarding {
///     async fn record(&self, _event: &AuditEvent) -> Result<(), NotRecorded> {
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait AuditSink: Send + Sync {
    /// Returns when the event is stored durably. The change is made only after that.
    async fn record(&self, event: &AuditEvent) -> Result<(), NotRecorded>;
}

/// An event that could not be recorded: the cause, as a lower-case fragment without a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotRecorded(String);

impl NotRecorded {
    /// Takes the cause.
    pub fn new(cause: impl Into<String>) -> Self {
        Self(cause.into())
    }
}

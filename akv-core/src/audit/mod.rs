//! Audits: every change of a job is recorded before it is made, and again when its result is known.
//!
//! An [`Audit`] is a [`Layer`](crate::Layer) in front of the ports. An [`AuditSink`] stores the
//! events; if it cannot store an event, the change is not made.

mod directory;
mod event;
mod receipt;
mod record;
mod requests;
mod sink;
mod store;

pub use event::{AuditEvent, AuditOutcome};
pub use receipt::{Attempt, note_attempt};
pub use record::Audit;
pub use sink::{AuditSink, NotRecorded};

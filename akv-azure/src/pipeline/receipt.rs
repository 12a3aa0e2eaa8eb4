//! Reports each change request to the audit.

use akv_core::audit::{Attempt, note_attempt};

use super::call::Call;
use crate::exchange::{Answer, Failure};

/// A successful answer may still turn out to be unreadable.
pub(super) fn note(call: &Call, outcome: &Result<Answer, Failure>) {
    if !call.api.changes() {
        return;
    }
    note_attempt(match outcome {
        Ok(answer) => Attempt::default()
            .with_request_id(answer.request_id())
            .with_perhaps_done(matches!(answer.status(), 200..=299 | 408 | 500..)),
        Err(failure) => Attempt::default().with_perhaps_done(failure.may_have_happened()),
    });
}

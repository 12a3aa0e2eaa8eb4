//! A change of which it is not known whether it was made: its reply was lost, or cannot be read.

use std::time::Duration;

use akv_core::{Error, ErrorKind, Result};

use crate::pipeline::{Call, Failure, Pipeline, Retry};

/// What is known of a change while it is tried.
pub(crate) struct Lost {
    /// What may have happened: `the service took the deletion`.
    done: &'static str,
    /// What a person looks at before trying again.
    look: String,
    /// Whether an attempt was made that perhaps had its effect.
    perhaps: bool,
}

/// Whether the change may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    Yes,
    No,
}

impl Lost {
    pub(crate) fn new(done: &'static str, look: String) -> Self {
        Self { done, look, perhaps: false }
    }

    /// Whether it may have been made by now.
    pub(crate) fn perhaps_done(&self) -> bool {
        self.perhaps
    }

    /// Waits before the service is asked what became of the change; without a `failure` it was an
    /// answer that cannot be read. The service may still be at work, so that takes a while at least.
    pub(crate) async fn wait(
        &mut self,
        pipeline: &Pipeline,
        call: &Call,
        retry: &mut Retry,
        failure: Option<&Failure>,
        error: &Error,
    ) -> Result<Again> {
        self.perhaps = true;
        let again = failure.and_then(|failure| retry.after(failure));
        let wait = again.unwrap_or_default().max(POLL);
        if !retry.deadline().allows(wait) {
            return Err(self.unknown(error));
        }
        let slept = pipeline.sleep(&call.tried, wait).await;
        slept.map_err(|cancelled| self.unknown(&cancelled))?;
        Ok(if again.is_some() { Again::Yes } else { Again::No })
    }

    /// That it is not known.
    pub(crate) fn unknown(&self, error: &Error) -> Error {
        let kind = match error.kind() {
            ErrorKind::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::TimedOut,
        };
        let problem = format!("it is not known whether {}", self.done);
        Error::new(kind, error.to_string(), problem).with_advice(&*self.look)
    }

    /// What a later attempt's failure says of the whole: a refusal speaks for the attempt before
    /// it too, as the same was asked for; everything else leaves open what became of that.
    pub(crate) fn told(&self, error: Error) -> Error {
        let refused = matches!(
            error.kind(),
            ErrorKind::Denied(_)
                | ErrorKind::Absent
                | ErrorKind::SoftDeleted
                | ErrorKind::BeingDeleted
                | ErrorKind::BeingRecovered
                | ErrorKind::Conflict
                | ErrorKind::Invalid
        );
        if self.perhaps && !refused { self.unknown(&error) } else { error }
    }
}

/// Between looks at what the service is at work on: as often as Microsoft's own clients look.
pub(crate) const POLL: Duration = Duration::from_secs(2);

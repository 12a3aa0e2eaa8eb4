//! Sends a change that is not idempotent until its outcome is known, even if the reply was lost or
//! cannot be read.

use std::time::Duration;

use akv_core::{Error, ErrorKind, Result};
use async_trait::async_trait;

use crate::exchange::{Answer, Deadline, Failure, Retry};
use crate::pipeline::{Call, Failed, Pipeline};

/// Interprets the service's answers to one change.
#[async_trait]
pub(crate) trait Change: Send {
    /// The result of the change.
    type Outcome;

    /// The service answered with a success; `Err` if the answer is too large. An error means that
    /// the answer proves nothing, so the service's state is checked.
    fn accepted(&mut self, answer: Result<Answer>) -> Result<Self::Outcome>;

    /// The service rejected the change. An earlier attempt may have been executed.
    async fn rejected(
        &mut self,
        error: Error,
        may_have_happened: bool,
        deadline: Deadline,
    ) -> Rejected<Self::Outcome>;

    /// Whether the change was made. `None`: not visibly.
    async fn look(&mut self, retry: Retry) -> Result<Option<Self::Outcome>>;
}

/// What a rejection means for a change.
pub(crate) enum Rejected<T> {
    /// The desired state is reached, or there is nothing to do.
    Settled(T),
    /// The service is busy with the name: a transient state.
    Busy(Error),
    /// The change is not made.
    Failed(Error),
}

impl<T> Rejected<T> {
    /// Waits if `passes` says that waiting helps.
    pub(crate) fn busy_if(passes: bool, error: Error) -> Self {
        if passes { Self::Busy(error) } else { Self::Failed(error) }
    }
}

/// The knowledge about a change during its attempts.
pub(crate) struct UncertainOutcome {
    /// What may have happened: `the service took the deletion`.
    done: &'static str,
    /// What a person should check before a retry.
    look: String,
    /// Whether an attempt may have had its effect.
    may_have_happened: bool,
}

/// Whether the change may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MayRetry {
    Yes,
    No,
}

impl UncertainOutcome {
    pub(crate) fn new(done: &'static str, look: String) -> Self {
        Self { done, look, may_have_happened: false }
    }

    /// Sends the change until its outcome is known. Once it may have been made, it continues over
    /// `finishing`.
    pub(crate) async fn settle<C: Change>(
        &mut self,
        pipeline: &Pipeline,
        finishing: &Pipeline,
        call: &Call,
        retry: &mut Retry,
        change: &mut C,
    ) -> Result<C::Outcome> {
        loop {
            let pipeline = if self.may_have_happened { finishing } else { pipeline };
            let (accepted, failure) = match pipeline.send(call, retry).await {
                Ok(answer) => (change.accepted(Ok(answer)), None),
                Err(Failed::Uncertain(error, Failure::TooLarge { .. })) => {
                    (change.accepted(Err(error)), None)
                }
                Err(Failed::Uncertain(error, failure)) => (Err(error), Some(failure)),
                Err(Failed::NoEffect(error)) => {
                    let before = self.may_have_happened;
                    match change.rejected(error, before, retry.deadline()).await {
                        Rejected::Settled(outcome) => return Ok(outcome),
                        Rejected::Failed(error) => return Err(self.refused(error)),
                        Rejected::Busy(error) => {
                            let waited = wait_while_busy(pipeline, call, retry, error).await;
                            waited.map_err(|stopped| self.refused(stopped))?;
                            continue;
                        }
                    }
                }
            };
            let error = match accepted {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            let again = self.wait(finishing, call, retry, failure.as_ref(), &error).await?;
            match change.look(Retry::new(retry.deadline())).await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) if again == MayRetry::Yes => {}
                Ok(None) => return Err(self.unknown(&error)),
                Err(looking) => return Err(self.unknown(&error).with_source(looking)),
            }
        }
    }

    /// Waits before the state is checked; `failure` is `None` after an answer that cannot be read.
    /// The service may still be working, so the wait has a minimum.
    async fn wait(
        &mut self,
        pipeline: &Pipeline,
        call: &Call,
        retry: &mut Retry,
        failure: Option<&Failure>,
        error: &Error,
    ) -> Result<MayRetry> {
        self.may_have_happened = true;
        let again = failure.and_then(|failure| retry.after(failure));
        let wait = again.unwrap_or_default().max(POLL);
        if !retry.deadline().allows(wait) {
            return Err(self.unknown(error));
        }
        let slept = pipeline.sleep(&call.operation, wait).await;
        slept.map_err(|cancelled| self.unknown(&cancelled))?;
        Ok(if again.is_some() { MayRetry::Yes } else { MayRetry::No })
    }

    /// The error of an unknown outcome.
    pub(crate) fn unknown(&self, error: &Error) -> Error {
        let kind = match error.kind() {
            ErrorKind::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::TimedOut,
        };
        let problem = format!("akv cannot tell whether {}", self.done);
        Error::new(kind, error.to_string(), problem).with_advice(&*self.look)
    }

    /// The error of a later attempt. A rejection also covers the earlier attempt, because both
    /// requests are the same; any other failure leaves the outcome unknown.
    fn refused(&self, error: Error) -> Error {
        if self.may_have_happened && !error.rejects_the_change() {
            self.unknown(&error)
        } else {
            error
        }
    }
}

/// Waits while the service is busy, or returns its error at the deadline.
pub(crate) async fn wait_while_busy(
    pipeline: &Pipeline,
    call: &Call,
    retry: &Retry,
    error: Error,
) -> Result<()> {
    if !retry.deadline().allows(POLL) {
        return Err(error);
    }
    pipeline.sleep(&call.operation, POLL).await
}

/// The polling interval of Microsoft's own clients.
pub(crate) const POLL: Duration = Duration::from_secs(2);

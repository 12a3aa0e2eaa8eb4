//! A change that may not simply be sent again: sent until it is known what became of it, also where
//! its reply was lost or cannot be read.

use std::time::Duration;

use akv_core::{Error, ErrorKind, Result};
use async_trait::async_trait;

use crate::exchange::{Answer, Deadline, Failure, Retry};
use crate::pipeline::{Call, Failed, Pipeline};

/// What the service's answers say of one change.
#[async_trait]
pub(crate) trait Change: Send {
    /// What became of it.
    type Outcome;

    /// The service answered with a success; `Err` where the answer is too large to be read. An error
    /// says that the answer proves nothing, so the change is looked for.
    fn accepted(&mut self, answer: Result<Answer>) -> Result<Self::Outcome>;

    /// The service refused it. An attempt before may have been carried out.
    async fn rejected(
        &mut self,
        error: Error,
        may_have_happened: bool,
        deadline: Deadline,
    ) -> Rejected<Self::Outcome>;

    /// Whether it was made. `None`: not as far as can be seen.
    async fn look(&mut self, retry: Retry) -> Result<Option<Self::Outcome>>;
}

/// What a refusal means for a change.
pub(crate) enum Rejected<T> {
    /// The end is as it was to be, or there is nothing to do.
    Settled(T),
    /// The service is busy with what is under the name: that passes by itself.
    Busy(Error),
    /// It is not made.
    Failed(Error),
}

impl<T> Rejected<T> {
    /// Waits where `passes` says that waiting helps.
    pub(crate) fn busy_if(passes: bool, error: Error) -> Self {
        if passes { Self::Busy(error) } else { Self::Failed(error) }
    }
}

/// What is known of a change while it is tried.
pub(crate) struct UncertainOutcome {
    /// What may have happened: `the service took the deletion`.
    done: &'static str,
    /// What a person looks at before trying again.
    look: String,
    /// Whether an attempt was made that perhaps had its effect.
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

    /// Sends the change until it is known what became of it. From the moment at which it may have
    /// been made it goes on over `finishing`.
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
                Err(Failed::Unknown(error, Failure::TooLarge { .. })) => {
                    (change.accepted(Err(error)), None)
                }
                Err(Failed::Unknown(error, failure)) => (Err(error), Some(failure)),
                Err(Failed::Known(error)) => {
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

    /// Waits before the service is asked what became of the change; without a `failure` it was an
    /// answer that cannot be read. The service may still be at work, so that takes a while at least.
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

    /// That it is not known.
    pub(crate) fn unknown(&self, error: &Error) -> Error {
        let kind = match error.kind() {
            ErrorKind::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::TimedOut,
        };
        let problem = format!("akv cannot tell whether {}", self.done);
        Error::new(kind, error.to_string(), problem).with_advice(&*self.look)
    }

    /// What a later attempt's failure says of the whole: a refusal speaks for the attempt before
    /// it too, as the same was asked for; everything else leaves open what became of that.
    fn refused(&self, error: Error) -> Error {
        if self.may_have_happened && !error.rejects_the_change() {
            self.unknown(&error)
        } else {
            error
        }
    }
}

/// Waits for what the service is busy with, or gives its error back where time is up.
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

/// Between looks at what the service is at work on: as often as Microsoft's own clients look.
pub(crate) const POLL: Duration = Duration::from_secs(2);

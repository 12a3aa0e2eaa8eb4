//! The steps of every request: authorize, rate-limit, send, read, and retry where that may help.

use std::sync::Arc;
use std::time::Duration;

use akv_core::{Error, ErrorKind};
use azure_core::http::HttpClient;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call::Call;
use super::quota::Quota;
use super::rate_limiter::{Permit, RateLimiter};
use super::receipt;
use crate::auth::{Token, TokenCache};
use crate::classify::{cancelled, classify};
use crate::exchange::{
    Answer, Deadline, ErrorResponse, Failure, Origin, Rest, Retry, trace_request, trace_throttling,
};

/// The path of requests to one host with one identity.
#[derive(Clone)]
pub(crate) struct Pipeline {
    pub(crate) transport: Arc<dyn HttpClient>,
    pub(crate) origin: Origin,
    /// `None` for requests that need no token.
    pub(crate) tokens: Option<Arc<TokenCache>>,
    /// The only audience that a challenge may name. `None`: the service names none.
    pub(crate) audience: Option<String>,
    pub(crate) pacing: Pacing,
    pub(crate) cancellation: CancellationToken,
}

/// The rate limit that a request counts against.
#[derive(Clone)]
pub(crate) enum Pacing {
    /// The vault's limit and the limit of all vaults together.
    Vault { vault: Arc<RateLimiter>, all: Arc<RateLimiter> },
    /// A quota of Resource Manager.
    ResourceManager { quota: Arc<Quota>, budget: String },
    /// No limit.
    Free,
}

/// How a request ended without success.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The request had no effect.
    NoEffect(Error),
    /// The request may have had an effect: the service's state must be checked before a retry.
    Uncertain(Error, Failure),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::NoEffect(error)
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NoEffect(error) | Failed::Uncertain(error, _) => error,
        }
    }
}

impl Pipeline {
    /// Sends the request until it succeeds, fails permanently or reaches the deadline.
    pub(crate) async fn send(&self, call: &Call, retry: &mut Retry) -> Result<Answer, Failed> {
        // Whichever link led here, a token goes only to this host.
        if !self.origin.owns(&call.url) {
            return Err(call
                .error(ErrorKind::UntrustedHost, "its URL is not on the configured host")
                .into());
        }
        let mut renewed = false;
        let mut last = None;
        loop {
            let token = self.token(call, retry.deadline()).await?;
            let mut places = match self.places(call, retry.deadline()).await {
                // The service's own error says more than a missing slot.
                Err(error) if error.kind() == ErrorKind::Throttled => {
                    return Err(last.unwrap_or(error).into());
                }
                places => places?,
            };
            if self.cancellation.is_cancelled() {
                return Err(cancelled(&call.operation).into());
            }
            places.iter_mut().for_each(Permit::sent);
            let started = Instant::now();
            let outcome = self.attempt(call, token.as_ref(), retry.deadline()).await?;
            let sent = (call.method, &call.url);
            trace_request(call.api, sent, retry.attempt(), started.elapsed(), &outcome);
            receipt::note(call, &outcome);
            let failure = match outcome {
                Ok(answer) if call.api.accepts(answer.status()) => {
                    self.heed(&answer);
                    return Ok(answer);
                }
                Ok(answer) => {
                    self.heed(&answer);
                    let carries_a_key = call.api.carries_a_key();
                    let audience = self.audience.as_deref();
                    Failure::Refused(Box::new(ErrorResponse::read(
                        &answer,
                        audience,
                        carries_a_key,
                    )))
                }
                Err(failure) => failure,
            };
            self.give_back(places, &failure);
            if let (Some(tokens), Some(token), false) = (&self.tokens, &token, renewed)
                && wants_another_token(&failure)
            {
                tokens.refused(token);
                renewed = true;
                continue;
            }
            let said = classify(call.api, &call.operation, &self.origin.host(), &failure);
            if !call.api.repeats_freely() && failure.may_have_happened() {
                return Err(Failed::Uncertain(said, failure));
            }
            self.pause(call, retry, &failure, said.clone()).await?;
            last = Some(said);
        }
    }

    /// Waits before the next attempt, or returns the failure if there is none.
    async fn pause(
        &self,
        call: &Call,
        retry: &mut Retry,
        failure: &Failure,
        said: Error,
    ) -> Result<(), Error> {
        match retry.after(failure) {
            Some(wait) => {
                if failure.is_throttling() {
                    trace_throttling(wait);
                }
                self.sleep(&call.operation, wait).await
            }
            None => Err(said),
        }
    }

    /// Waits; `Err` if the caller cancelled.
    pub(crate) async fn sleep(&self, operation: &str, wait: Duration) -> Result<(), Error> {
        self.cancellation
            .run_until_cancelled(tokio::time::sleep(wait))
            .await
            .ok_or_else(|| cancelled(operation))
    }

    async fn token(&self, call: &Call, deadline: Deadline) -> Result<Option<Token>, Error> {
        let Some(tokens) = &self.tokens else { return Ok(None) };
        self.cancellation
            .run_until_cancelled(tokens.token(deadline))
            .await
            .ok_or_else(|| cancelled(&call.operation))?
            .map(Some)
            .map_err(|denied| denied.into_error(&call.operation))
    }

    async fn places(&self, call: &Call, deadline: Deadline) -> Result<Vec<Permit>, Error> {
        let places = async {
            Ok(match &self.pacing {
                Pacing::Vault { vault, all } => {
                    vec![vault.permit(deadline).await?, all.permit(deadline).await?]
                }
                Pacing::ResourceManager { quota, budget } => {
                    quota.permit(budget, deadline).await?;
                    Vec::new()
                }
                Pacing::Free => Vec::new(),
            })
        };
        self.cancellation
            .run_until_cancelled(deadline.bound(places))
            .await
            .ok_or_else(|| cancelled(&call.operation))?
            .ok_or_else(|| {
                let seconds = deadline.total().as_secs();
                let problem = format!(
                    "throttled: the request limit left no capacity within {seconds} seconds"
                );
                call.error(ErrorKind::Throttled, problem)
            })?
            .map_err(|rest: Rest| {
                let problem = format!(
                    "throttled: the service asked to wait {rest}, which exceeds the remaining \
                     deadline"
                );
                call.error(ErrorKind::Throttled, problem)
                    .with_advice("run later, or reduce the requests of other clients")
                    .with_retry_after(rest.length())
            })
    }

    /// One attempt. Cancellation aborts a read; a change under way is awaited, so that its outcome
    /// is known.
    async fn attempt(
        &self,
        call: &Call,
        token: Option<&Token>,
        deadline: Deadline,
    ) -> Result<Result<Answer, Failure>, Error> {
        let request = call.request(token);
        let exchange = async {
            let response =
                self.transport.execute_request(&request).await.map_err(Failure::of_transport)?;
            Answer::read(response, call.limit, call.redactor(token)).await
        };
        let started = Instant::now();
        let bounded = async {
            let exchanged = deadline.within(ATTEMPT).bound(exchange).await;
            exchanged.unwrap_or_else(|| Err(Failure::Stalled { after: started.elapsed() }))
        };
        if call.api.changes() {
            return Ok(bounded.await);
        }
        self.cancellation
            .run_until_cancelled(bounded)
            .await
            .ok_or_else(|| cancelled(&call.operation))
    }

    fn heed(&self, answer: &Answer) {
        if let Pacing::ResourceManager { quota, budget } = &self.pacing {
            quota.heed(budget, answer.headers());
        }
    }

    fn give_back(&self, places: Vec<Permit>, failure: &Failure) {
        let mut places = places.into_iter();
        if failure.is_throttling() {
            if let Pacing::ResourceManager { quota, budget } = &self.pacing {
                quota.spent(budget, failure.retry_after());
            }
            if let Some(place) = places.next() {
                place.refused(failure.retry_after());
            }
            places.for_each(Permit::unused);
        } else if matches!(failure, Failure::NotSent { .. }) {
            places.for_each(Permit::unused);
        }
    }
}

/// Whether a new token for the same audience may help.
fn wants_another_token(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Refused(response)
            if response.reply.status == 401 && response.other_audience.is_none()
    )
}

/// The deadline of one attempt, including reading the answer.
pub(super) const ATTEMPT: Duration = Duration::from_secs(30);

//! The one way every request goes: authorise, pace, send, read, and again where that may help.

mod answer;
mod deadline;
mod failure;
mod origin;
mod pace;
mod quota;
mod receipt;
mod retry;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use akv_core::{Error, ErrorKind};
use azure_core::http::headers::HeaderValue;
use azure_core::http::{HttpClient, Method, Request};
use bytes::Bytes;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::auth::{Token, TokenCache};
use crate::error;
use crate::operation::Operation;
use crate::redact::Redactor;
use crate::wire;
use crate::wire::challenge::Challenge;

pub(crate) use answer::Answer;
pub(crate) use deadline::{Deadline, Rest};
pub(crate) use failure::{Failure, NoConnection, Refusal};
pub(crate) use origin::Origin;
pub(crate) use pace::{Pacer, Permit};
pub(crate) use quota::Quota;
pub(crate) use retry::{Retry, wish};

/// The way to one host as one identity.
#[derive(Clone)]
pub(crate) struct Pipeline {
    pub(crate) transport: Arc<dyn HttpClient>,
    pub(crate) origin: Origin,
    /// None where nothing is asked that needs a token.
    pub(crate) tokens: Option<Arc<TokenCache>>,
    /// The only audience that a challenge may name, where the service names one.
    pub(crate) audience: Option<String>,
    pub(crate) pacing: Pacing,
    pub(crate) cancellation: CancellationToken,
}

/// Whose budget a request uses.
#[derive(Clone)]
pub(crate) enum Pacing {
    /// A vault's, and that of all vaults together.
    Vault { vault: Arc<Pacer>, all: Arc<Pacer> },
    /// One of Resource Manager's.
    ResourceManager { quota: Arc<Quota>, budget: String },
    /// Nobody's.
    Free,
}

/// One request, and what to say of it if it fails.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Bytes>,
    /// `import certificate web-01 into vault contoso`.
    pub(crate) tried: String,
    /// The largest answer that makes sense, in bytes.
    pub(crate) limit: usize,
}

/// How a request ended without success.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It had no effect.
    Known(Error),
    /// Perhaps it had: the service has to be asked before it is sent again.
    Unknown(Error, Failure),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Known(error)
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Known(error) | Failed::Unknown(error, _) => error,
        }
    }
}

impl Call {
    /// A request without a body, for an answer of a certificate's size.
    pub(crate) fn new(operation: Operation, method: Method, url: Url, tried: String) -> Self {
        Self { operation, method, url, body: None, tried, limit: ONE_OBJECT }
    }

    #[must_use]
    pub(crate) fn with_body(self, body: Bytes) -> Self {
        Self { body: Some(body), ..self }
    }

    #[must_use]
    pub(crate) fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    fn error(&self, kind: ErrorKind, problem: impl Into<String>) -> Error {
        Error::new(kind, &self.tried, problem)
    }

    fn redactor(&self, token: Option<&Token>) -> Redactor {
        let body = self.body.as_deref().filter(|_| self.operation.carries_a_key());
        match (body.and_then(|body| std::str::from_utf8(body).ok()), token) {
            (None, Some(token)) => token.redactor(),
            (body, token) => Redactor::new(token.map(Token::secret).into_iter().chain(body)),
        }
    }

    fn request(&self, token: Option<&Token>) -> Request {
        let mut request = Request::new(self.url.clone(), self.method);
        request.insert_header("accept", "application/json");
        request.insert_header("user-agent", USER_AGENT);
        if let Some(token) = token {
            request.insert_header("authorization", HeaderValue::from(token.bearer()));
        }
        match &self.body {
            Some(body) => {
                request.insert_header("content-type", "application/json");
                request.set_body(body.clone());
            }
            None if self.method == Method::Post => request.insert_header("content-length", "0"),
            None => {}
        }
        request
    }
}

impl Pipeline {
    /// Sends the request until it succeeds, cannot, or may no longer.
    pub(crate) async fn send(&self, call: &Call, retry: &mut Retry) -> Result<Answer, Failed> {
        // Whatever link was followed to here, a token goes to this host alone.
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
                // The service's own words say more than that there was no room.
                Err(error) if error.kind() == ErrorKind::Throttled => {
                    return Err(last.unwrap_or(error).into());
                }
                places => places?,
            };
            if self.cancellation.is_cancelled() {
                return Err(error::cancelled(&call.tried).into());
            }
            places.iter_mut().for_each(Permit::sent);
            let started = Instant::now();
            let outcome = self.attempt(call, token.as_ref(), retry.deadline()).await?;
            log(call, retry.attempt(), started.elapsed(), &outcome);
            receipt::note(call, &outcome);
            let failure = match outcome {
                Ok(answer) if call.operation.accepts(answer.status()) => {
                    self.heed(&answer);
                    return Ok(answer);
                }
                Ok(answer) => {
                    self.heed(&answer);
                    Failure::Refused(Box::new(self.refusal(call, &answer)))
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
            let said = error::meaning(call.operation, &call.tried, &self.origin.host(), &failure);
            if !call.operation.repeats_freely() && failure.may_have_happened() {
                return Err(Failed::Unknown(said, failure));
            }
            self.pause(call, retry, &failure, said.clone()).await?;
            last = Some(said);
        }
    }

    /// Waits before the next attempt, or gives the failure back where there is to be none.
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
                    let seconds =
                        u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
                    tracing::info!(target: "akv_azure::throttling", seconds, "throttled: waiting");
                }
                self.sleep(&call.tried, wait).await
            }
            None => Err(said),
        }
    }

    /// Waits; `Err` if the caller cancelled meanwhile.
    pub(crate) async fn sleep(&self, tried: &str, wait: Duration) -> Result<(), Error> {
        self.cancellation
            .run_until_cancelled(tokio::time::sleep(wait))
            .await
            .ok_or_else(|| error::cancelled(tried))
    }

    async fn token(&self, call: &Call, deadline: Deadline) -> Result<Option<Token>, Error> {
        let Some(tokens) = &self.tokens else { return Ok(None) };
        self.cancellation
            .run_until_cancelled(tokens.token(deadline))
            .await
            .ok_or_else(|| error::cancelled(&call.tried))?
            .map(Some)
            .map_err(|denied| denied.into_error(&call.tried))
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
            .ok_or_else(|| error::cancelled(&call.tried))?
            .ok_or_else(|| {
                let seconds = deadline.total().as_secs();
                let problem = format!(
                    "within {seconds} seconds the service's budget of requests left no room for it"
                );
                call.error(ErrorKind::Throttled, problem)
            })?
            .map_err(|rest: Rest| {
                let problem = format!(
                    "the service refused requests as too many and is left alone for {rest}, longer \
                     than this may take"
                );
                call.error(ErrorKind::Throttled, problem)
                    .with_advice("find out who else uses its budget, or run later")
            })
    }

    /// One attempt. A read is torn off when the caller cancels; a change that is under way is
    /// awaited, so that it is known what was done.
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
        if call.operation.changes() {
            return Ok(bounded.await);
        }
        self.cancellation
            .run_until_cancelled(bounded)
            .await
            .ok_or_else(|| error::cancelled(&call.tried))
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
                quota.spent(budget, failure.wish());
            }
            if let Some(place) = places.next() {
                place.refused(failure.wish());
            }
            places.for_each(Permit::unused);
        } else if matches!(failure, Failure::NotSent { .. }) {
            places.for_each(Permit::unused);
        }
    }
}

impl Pipeline {
    fn refusal(&self, call: &Call, answer: &Answer) -> Refusal {
        let (mut reply, foreign) = wire::refusal::read(answer);
        if call.operation.carries_a_key() {
            // Whoever wrote it could repeat the key, and nobody knows in which spelling.
            reply.message = None;
        }
        let redactor = answer.redactor();
        let challenge = answer.header("www-authenticate").map(Challenge::read).unwrap_or_default();
        Refusal {
            reply,
            foreign,
            location: answer.header("location").and_then(|it| whither(it, redactor)),
            tenant: challenge.tenant.filter(|tenant| redactor.identifier(tenant) == *tenant),
            other_audience: challenge
                .audience
                .filter(|audience| self.is_other_audience(audience))
                .map(|audience| redactor.line(&audience)),
            insufficient_claims: challenge.insufficient_claims,
            wish: wish(answer.headers(), SystemTime::now()),
        }
    }

    fn is_other_audience(&self, audience: &str) -> bool {
        let own = self.audience.as_deref().map(|own| own.trim_end_matches('/'));
        own.is_some_and(|own| !own.eq_ignore_ascii_case(audience))
    }
}

/// The host that a redirect leads to.
fn whither(location: &str, redactor: &Redactor) -> Option<String> {
    let url = Url::parse(location).ok()?;
    Some(redactor.line(url.host_str()?))
}

/// Whether a new token for the same audience may be taken.
fn wants_another_token(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Refused(refusal)
            if refusal.reply.status == 401 && refusal.other_audience.is_none()
    )
}

/// Never the query, which can hold paging tokens, nor any header or body.
fn log(call: &Call, attempt: u32, took: Duration, outcome: &Result<Answer, Failure>) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let (status, request_id) = match outcome {
        Ok(answer) => (answer.status(), answer.request_id()),
        Err(_) => (0, None),
    };
    tracing::debug!(
        method = %call.method,
        host = call.url.host_str(),
        path = call.url.path(),
        status,
        attempt,
        milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        request_id,
        failed = outcome.is_err(),
        "request"
    );
}

/// The bound of one attempt, the reading of the answer included.
const ATTEMPT: Duration = Duration::from_secs(30);
/// A certificate of at most 64 KiB in base64 with its policy and tags, a secret of 25 KB.
const ONE_OBJECT: usize = 256 << 10;
const USER_AGENT: &str = concat!("akv/", env!("CARGO_PKG_VERSION"));

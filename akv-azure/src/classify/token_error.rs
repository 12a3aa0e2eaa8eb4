//! Why no token could be obtained, and what to check.

use std::fmt;
use std::time::Duration;

use akv_core::{Error, ErrorKind, Reply};

use super::classification::Classification;
use super::connection::{self, Peer};
use super::{entra, managed_identity};
use crate::exchange::{Deadline, FailedExchange, Failure, TokenErrorResponse};

/// A failure to obtain a token.
#[derive(Debug, Clone)]
pub(crate) struct TokenError {
    classification: Classification,
    reply: Option<Box<Reply>>,
    /// Whether a retry can help.
    may_pass: bool,
    /// The pause that the authority requires.
    retry_after: Option<Duration>,
}

impl From<Classification> for TokenError {
    fn from(classification: Classification) -> Self {
        Self { classification, reply: None, may_pass: false, retry_after: None }
    }
}

impl TokenError {
    /// The credential itself is unusable: a file or a tool.
    pub(crate) fn unusable(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Classification::new(ErrorKind::Unauthenticated, problem).advised(advice).into()
    }

    pub(crate) fn timed_out(deadline: Deadline) -> Self {
        let seconds = deadline.total().as_secs();
        Classification::new(ErrorKind::TimedOut, format!("no token within {seconds} seconds"))
            .advised(
                "check whether the proxy and the firewall allow connections to the token \
                      authority",
            )
            .into()
    }

    /// Classifies the answer of Entra ID or of a metadata service, or its absence.
    pub(crate) fn of_exchange(failed: FailedExchange, authority: Peer<'_>) -> Self {
        match failed {
            FailedExchange::Failed(failure) => Self::of_failure(&failure, authority),
            FailedExchange::Unusable(fault) => Classification::new(
                ErrorKind::Protocol,
                format!("{} gave no usable token: {fault}", authority.name()),
            )
            .advised("check for an intercepting proxy")
            .into(),
            FailedExchange::Answered { status, body, request_id, retry_after, redactor } => {
                let response = TokenErrorResponse::read(&body);
                let not_from_service = response.is_none();
                let response = response.unwrap_or_default();
                let code = response.code();
                let classification = code
                    .and_then(entra::classify)
                    .unwrap_or_else(|| of_status(status, not_from_service, authority, &response));
                let named = || Some(redactor.identifier(response.error.as_deref()?));
                let trace_id = response.trace_id.as_deref().map(|id| redactor.identifier(id));
                let reply = Reply::new(status)
                    .with_code(code.map(|code| format!("AADSTS{code}")).or_else(named))
                    .with_message(response.message().map(|message| redactor.line(message)))
                    .with_request_id(trace_id.or(request_id));
                let passing =
                    matches!(status, 408 | 429 | 500..=599) || code.is_some_and(entra::may_pass);
                Self {
                    classification,
                    reply: Some(Box::new(reply)),
                    // azure_identity has already retried the failures of a metadata service.
                    may_pass: passing && authority != Peer::ManagedIdentity,
                    retry_after: retry_after.filter(|_| passing),
                }
            }
        }
    }

    fn of_failure(failure: &Failure, authority: Peer<'_>) -> Self {
        let not_sent = matches!(failure, Failure::NotSent { .. });
        let may_pass = failure.may_pass() && (not_sent || authority != Peer::ManagedIdentity);
        Self { may_pass, ..connection::classify(authority, failure).into() }
    }

    pub(crate) fn is_throttling(&self) -> bool {
        self.classification.kind == ErrorKind::Throttled
    }

    pub(crate) fn may_pass(&self) -> bool {
        self.may_pass
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Prefixes the sign-in that failed: `sign in to tenant contoso as application …`.
    #[must_use]
    pub(crate) fn during(mut self, what: &str) -> Self {
        self.classification.problem = format!("{what}: {}", self.classification.problem);
        self
    }

    pub(crate) fn into_error(self, operation: &str) -> Error {
        let mut error = self.classification.into_error(operation);
        if let Some(reply) = self.reply {
            error = error.with_reply(*reply);
        }
        match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }
}

fn of_status(
    status: u16,
    not_from_service: bool,
    authority: Peer<'_>,
    response: &TokenErrorResponse,
) -> Classification {
    let name = authority.name();
    match status {
        200..=299 => Classification::new(
            ErrorKind::Protocol,
            format!(
                "the response of {name} contains no \
                 token"
            ),
        ),
        300..=399 => Classification::new(
            ErrorKind::UntrustedHost,
            format!("{name} answered with a redirect, which was not followed"),
        )
        .advised("check the authority URL, and check for an intercepting proxy"),
        407 => connection::proxy_sign_in(),
        429 => Classification::new(
            ErrorKind::Throttled,
            format!(
                "throttled: {name} received too \
                 many requests"
            ),
        )
        .advised("run later, or reduce the sign-ins of other clients with this identity"),
        400 if managed_identity::is_unassigned(response.words()) => managed_identity::unassigned(),
        404 | 410 if authority == Peer::ManagedIdentity => managed_identity::unavailable(),
        500..=599 => {
            Classification::new(ErrorKind::Unavailable, format!("{name} failed to issue a token"))
        }
        _ if not_from_service => Classification::new(
            ErrorKind::Protocol,
            format!(
                "the response did not come from \
                 {name}"
            ),
        )
        .advised("check for an intercepting proxy, and check the cloud's authority URL"),
        _ => Classification::new(
            ErrorKind::Unauthenticated,
            format!(
                "{name} rejected the token \
                 request"
            ),
        )
        .advised(if authority == Peer::ManagedIdentity {
            "check which managed identities are assigned to this machine"
        } else {
            "look up the code in Microsoft's list of AADSTS error codes"
        }),
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.classification.problem)?;
        match &self.reply {
            Some(reply) => write!(f, "; {reply}"),
            None => Ok(()),
        }
    }
}

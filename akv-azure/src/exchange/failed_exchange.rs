//! How a request for a token failed.

use std::time::Duration;

use super::failure::Failure;
use crate::redact::Redactor;

/// An exchange that returned no token.
pub(crate) enum FailedExchange {
    /// The answer is not a success, or cannot be parsed.
    Answered {
        status: u16,
        body: Vec<u8>,
        request_id: Option<String>,
        retry_after: Option<Duration>,
        redactor: Redactor,
    },
    /// The token cannot be used.
    Unusable(&'static str),
    /// There was no answer.
    Failed(Failure),
}

//! How a request for a token failed.

use std::time::Duration;

use super::failure::Failure;
use crate::redact::Redactor;

/// An exchange that gave no token.
pub(crate) enum FailedExchange {
    /// With an answer that is not a success, or is none that can be read.
    Answered {
        status: u16,
        body: Vec<u8>,
        request_id: Option<String>,
        retry_after: Option<Duration>,
        redactor: Redactor,
    },
    /// With a token that cannot be used.
    Unusable(&'static str),
    /// Without an answer.
    Failed(Failure),
}

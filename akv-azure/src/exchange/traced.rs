//! Trace events of requests, for logs, progress and telemetry.

use std::fmt;
use std::time::Duration;

use azure_core::http::{Method, Url};

use super::answer::Answer;
use super::failure::Failure;

/// Traces one request and its answer, but never the query, which can contain paging tokens, a
/// header or a body.
pub(crate) fn trace_request(
    operation: impl fmt::Debug,
    (method, url): (Method, &Url),
    attempt: u32,
    took: Duration,
    outcome: &Result<Answer, Failure>,
) {
    if !tracing::enabled!(target: "akv_azure::request", tracing::Level::DEBUG) {
        return;
    }
    let (status, request_id) = match outcome {
        Ok(answer) => (answer.status(), answer.request_id()),
        Err(_) => (0, None),
    };
    tracing::debug!(
        target: "akv_azure::request",
        ?operation,
        %method,
        host = url.host_str(),
        path = url.path(),
        status,
        attempt,
        milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        request_id,
        failed = outcome.is_err(),
        "request"
    );
}

/// Traces a wait because of throttling.
pub(crate) fn trace_throttling(wait: Duration) {
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
    tracing::info!(target: "akv_azure::throttling", seconds, "throttled: waiting");
}

//! A transport that records how the last exchange failed: `azure_identity` reports too little of
//! it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::HeaderName;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use tokio::time::Instant;

use crate::exchange::{Answer, Deadline, FailedExchange, Failure, retry_after, trace_request};
use crate::redact::Redactor;
use crate::wire;

/// Forwards requests, reads the answers within bounds and keeps the last failed exchange.
pub(super) struct RecordingTransport {
    transport: Arc<dyn HttpClient>,
    last: Mutex<Option<FailedExchange>>,
}

impl RecordingTransport {
    pub(super) fn new(transport: Arc<dyn HttpClient>) -> Arc<Self> {
        Arc::new(Self { transport, last: Mutex::default() })
    }

    pub(super) fn take(&self) -> Option<FailedExchange> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, failed: Option<FailedExchange>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, Failure> {
        let exchange = async {
            let response =
                self.transport.execute_request(request).await.map_err(Failure::of_transport)?;
            Answer::read(response, LIMIT, redactor(request)).await
        };
        Deadline::after(ATTEMPT)
            .bound(exchange)
            .await
            .unwrap_or(Err(Failure::Stalled { after: ATTEMPT }))
    }
}

#[async_trait]
impl HttpClient for RecordingTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let started = Instant::now();
        let exchanged = self.exchange(request).await;
        let sent = (request.method(), request.url());
        trace_request(GetToken, sent, 1, started.elapsed(), &exchanged);
        let answer = match exchanged {
            Ok(answer) => answer,
            Err(failure) => {
                // If no answer came at all, this crate decides when to retry.
                let sent = !matches!(failure, Failure::NotSent { .. });
                self.keep(Some(FailedExchange::Failed(failure)));
                let kind = if sent { ErrorKind::Io } else { ErrorKind::Other };
                return Err(azure_core::Error::with_message(kind, "no answer"));
            }
        };
        // A success that cannot be parsed is a failure too, so it is kept without its secret.
        self.keep(Some(FailedExchange::Answered {
            status: answer.status(),
            body: if answer.is_success() { Vec::new() } else { answer.body().to_vec() },
            request_id: answer.request_id(),
            retry_after: retry_after(answer.headers(), SystemTime::now()),
            redactor: answer.redactor().clone(),
        }));
        if answer.is_success()
            && let Some(fault) = wire::entra::fault_of_token(answer.body())
        {
            self.keep(Some(FailedExchange::Unusable(fault)));
            return Err(azure_core::Error::with_message(ErrorKind::Other, fault));
        }
        let (status, body) = (answer.status().into(), answer.body().to_vec());
        Ok(AsyncRawResponse::from_bytes(status, answer.headers().clone(), body))
    }
}

impl fmt::Debug for RecordingTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordingTransport")
    }
}

/// The operation name in request traces.
#[derive(Debug)]
struct GetToken;

/// Redacts the secrets that prove the identity in this request.
fn redactor(request: &Request) -> Redactor {
    let header = |name: &&'static str| {
        let value = request.headers().get_optional_str(&HeaderName::from_static(name))?;
        Some(value.strip_prefix("Bearer ").unwrap_or(value))
    };
    let headers: Vec<&str> = SECRET_HEADERS.iter().filter_map(header).collect();
    let form: &[u8] = match request.body() {
        Body::Bytes(form) => form,
        Body::SeekableStream(_) => &[],
    };
    Redactor::of_token_request(form, &headers)
}

/// Includes the headers of the App Service and Service Fabric endpoints.
const SECRET_HEADERS: &[&str] = &["authorization", "x-identity-header", "secret"];
/// A token response has a few kilobytes, and more if it lists hundreds of groups.
const LIMIT: usize = 64 << 10;
/// The deadline of one exchange: a token endpoint answers at once or not at all.
const ATTEMPT: Duration = Duration::from_secs(20);

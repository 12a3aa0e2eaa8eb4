//! A service's answer, read within bounds.

use azure_core::http::AsyncRawResponse;
use azure_core::http::headers::{HeaderName, Headers};
use futures::StreamExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use zeroize::Zeroizing;

use super::failure::Failure;
use crate::redact::Redactor;

/// A complete answer. The body is zeroized on drop, because it can contain a private key.
///
/// At most a few answers larger than [`LARGE`] are read at the same time: the others wait within
/// their deadlines.
pub(crate) struct Answer {
    status: u16,
    headers: Headers,
    body: Zeroizing<Vec<u8>>,
    redactor: Redactor,
    _large: Option<SemaphorePermit<'static>>,
}

static LARGE_ANSWERS: Semaphore = Semaphore::const_new(MOST_LARGE);

impl Answer {
    /// Reads the answer and stops as soon as it exceeds `limit` bytes. The body of an error
    /// response is truncated instead, because its beginning says enough.
    pub(crate) async fn read(
        response: AsyncRawResponse,
        limit: usize,
        redactor: Redactor,
    ) -> Result<Self, Failure> {
        let (status, headers, mut stream) = response.deconstruct();
        let status = u16::from(status);
        let success = (200..300).contains(&status);
        let announced = header(&headers, "content-length").and_then(|it| it.parse::<usize>().ok());
        let limit = if success { limit } else { limit.min(REFUSAL) };
        if success && announced.is_some_and(|length| length > limit) {
            return Err(Failure::TooLarge { limit });
        }
        let room = announced.unwrap_or(USUAL).min(limit).min(USUAL);
        let mut large = None;
        let mut body = Zeroizing::new(Vec::with_capacity(room));
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(Failure::of_transport)?;
            let free = limit - body.len();
            if chunk.len() > free {
                if success {
                    return Err(Failure::TooLarge { limit });
                }
                body.extend_from_slice(chunk.get(..free).unwrap_or_default());
                break;
            }
            if large.is_none() && body.len() + chunk.len() > LARGE {
                large = LARGE_ANSWERS.acquire().await.ok();
            }
            grow(&mut body, chunk.len(), limit);
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, headers, body, redactor, _large: large })
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        header(&self.headers, name)
    }

    pub(crate) fn headers(&self) -> &Headers {
        &self.headers
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Redacts every text of this answer before it is shown.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The request ID that Microsoft support asks for.
    pub(crate) fn request_id(&self) -> Option<String> {
        self.header("x-ms-request-id").map(|id| self.redactor.identifier(id))
    }
}

/// A growing `Vec` would leave its old buffer in memory without zeroizing it.
fn grow(body: &mut Zeroizing<Vec<u8>>, by: usize, limit: usize) {
    if body.capacity() - body.len() < by {
        let room = ((body.len() + by) * 2).min(limit);
        let mut larger = Zeroizing::new(Vec::with_capacity(room));
        larger.extend_from_slice(body);
        *body = larger;
    }
}

fn header<'a>(headers: &'a Headers, name: &'static str) -> Option<&'a str> {
    headers.get_optional_str(&HeaderName::from_static(name))
}

/// Only a few answers above this size are read at a time, in bytes.
const LARGE: usize = 512 << 10;
const MOST_LARGE: usize = 2;
/// The largest part of an error response that is read, in bytes.
const REFUSAL: usize = 64 << 10;
/// The initial capacity for an answer of unknown length: a certificate, a secret, a page of 25.
const USUAL: usize = 32 << 10;

//! A service's answer, read within bounds.

use azure_core::http::AsyncRawResponse;
use azure_core::http::headers::{HeaderName, Headers};
use futures::StreamExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use zeroize::Zeroizing;

use super::failure::Failure;
use crate::redact::Redactor;

/// A whole answer. The body is wiped when dropped, as it can be a private key.
///
/// However many requests run side by side, only a few answers at a time are larger than
/// [`LARGE`]: the others wait, within their deadlines.
pub(crate) struct Answer {
    status: u16,
    headers: Headers,
    body: Zeroizing<Vec<u8>>,
    redactor: Redactor,
    _large: Option<SemaphorePermit<'static>>,
}

static LARGE_ANSWERS: Semaphore = Semaphore::const_new(MOST_LARGE);

impl Answer {
    /// Reads the answer; one of more than `limit` bytes is given up as soon as that is known. The
    /// body of a refusal is cut instead, as its beginning tells enough.
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

    /// What everything that is shown of this answer passes through.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// What Microsoft's support asks for.
    pub(crate) fn request_id(&self) -> Option<String> {
        self.header("x-ms-request-id").map(|id| self.redactor.identifier(id))
    }
}

/// `Vec` would leave its old buffer unwiped when it grows.
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

/// Answers of more bytes are read by a few at a time.
const LARGE: usize = 512 << 10;
const MOST_LARGE: usize = 2;
/// As much as is read of an answer that is not a success.
const REFUSAL: usize = 64 << 10;
/// Room for an answer of unknown length: a certificate, a secret, a page of 25.
const USUAL: usize = 32 << 10;

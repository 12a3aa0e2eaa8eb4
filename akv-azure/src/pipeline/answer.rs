//! A service's answer, read within bounds.

use azure_core::http::AsyncRawResponse;
use azure_core::http::headers::{HeaderName, Headers};
use futures::StreamExt;
use zeroize::Zeroizing;

use super::failure::Failure;

/// A whole answer. The body is wiped when dropped, as it can be a private key.
pub(crate) struct Answer {
    status: u16,
    headers: Headers,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// Reads the answer; one of more than `limit` bytes is given up as soon as that is known. The
    /// body of a refusal is cut instead, as its beginning tells enough.
    pub(crate) async fn read(response: AsyncRawResponse, limit: usize) -> Result<Self, Failure> {
        let (status, headers, mut stream) = response.deconstruct();
        let status = u16::from(status);
        let success = (200..300).contains(&status);
        let announced = header(&headers, "content-length").and_then(|it| it.parse::<usize>().ok());
        let limit = if success { limit } else { limit.min(REFUSAL) };
        if success && announced.is_some_and(|length| length > limit) {
            return Err(Failure::TooLarge { limit });
        }
        let room = announced.unwrap_or(USUAL).min(limit);
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
            grow(&mut body, chunk.len());
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, headers, body })
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
}

/// `Vec` would leave its old buffer unwiped when it grows.
fn grow(body: &mut Zeroizing<Vec<u8>>, by: usize) {
    if body.capacity() - body.len() < by {
        let mut larger = Zeroizing::new(Vec::with_capacity((body.len() + by) * 2));
        larger.extend_from_slice(body);
        *body = larger;
    }
}

fn header<'a>(headers: &'a Headers, name: &'static str) -> Option<&'a str> {
    headers.get_optional_str(&HeaderName::from_static(name))
}

/// As much as is read of an answer that is not a success.
const REFUSAL: usize = 64 << 10;
/// Room for an answer of unknown length: a certificate, a secret, a page of 25.
const USUAL: usize = 32 << 10;

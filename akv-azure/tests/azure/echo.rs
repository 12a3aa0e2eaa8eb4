//! A transport that echoes the request in its answer, as debug pages of proxies and gateways do.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};

/// A request as a TLS-terminating proxy sees it.
pub(crate) struct Seen {
    pub(crate) path: String,
    /// The bearer token, without its scheme.
    pub(crate) token: String,
    pub(crate) body: String,
}

/// Status, headers and body.
pub(crate) type Answer = (u16, Vec<(&'static str, String)>, String);

/// Answers some requests; the others are forwarded.
type Answering = Box<dyn Fn(&Seen) -> Option<Answer> + Send + Sync>;

pub(crate) struct Echo {
    inner: Arc<dyn HttpClient>,
    answer: Answering,
    secrets: Mutex<Vec<String>>,
}

impl Echo {
    pub(crate) fn new(
        inner: Arc<dyn HttpClient>,
        answer: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { inner, answer: Box::new(answer), secrets: Mutex::default() })
    }

    /// The tokens and bodies of the requests that this transport answered.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.secrets.lock().expect("no panic").clone()
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echo")
    }
}

#[async_trait]
impl HttpClient for Echo {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let body = match request.body() {
            Body::Bytes(body) => String::from_utf8_lossy(body).into_owned(),
            Body::SeekableStream(_) => String::new(),
        };
        let header = request.headers().get_optional_str(&"authorization".into());
        let token = header.unwrap_or_default().trim_start_matches("Bearer ").to_owned();
        let seen = Seen { path: request.url().path().to_owned(), token, body };
        let Some((status, headers, answer)) = (self.answer)(&seen) else {
            return self.inner.execute_request(request).await;
        };
        self.secrets.lock().expect("no panic").extend([seen.token, seen.body]);
        let mut all = Headers::new();
        for (name, value) in headers {
            all.insert(name, value);
        }
        Ok(AsyncRawResponse::from_bytes(status.into(), all, answer))
    }
}

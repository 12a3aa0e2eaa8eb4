//! A transport that answers one path itself and records the requests to it: for faults that the
//! fake does not have.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};

#[derive(Debug)]
pub(crate) struct Tap {
    inner: Arc<dyn HttpClient>,
    /// The end of the path.
    path: &'static str,
    /// Status and body; `None`: no connection.
    answer: Option<(u16, &'static str)>,
    sent: Mutex<Vec<String>>,
}

impl Tap {
    pub(crate) fn new(
        inner: Arc<dyn HttpClient>,
        path: &'static str,
        answer: Option<(u16, &'static str)>,
    ) -> Arc<Self> {
        Arc::new(Self { inner, path, answer, sent: Mutex::default() })
    }

    /// The bodies that were sent to the path.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.sent.lock().expect("no panic").clone()
    }
}

#[async_trait]
impl HttpClient for Tap {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if !request.url().path().ends_with(self.path) {
            return self.inner.execute_request(request).await;
        }
        if let Body::Bytes(body) = request.body() {
            let body = String::from_utf8_lossy(body).into_owned();
            self.sent.lock().expect("no panic").push(body);
        }
        match self.answer {
            Some((status, body)) => {
                Ok(AsyncRawResponse::from_bytes(status.into(), Headers::new(), body.as_bytes()))
            }
            None => Err(azure_core::Error::with_message(ErrorKind::Connection, "no connection")),
        }
    }
}

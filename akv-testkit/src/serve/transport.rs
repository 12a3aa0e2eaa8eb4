//! In process: a transport that answers the clouds' real URLs from the fake.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::{self, AsyncRawResponse, HttpClient, StatusCode};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};

use crate::cloud::FakeCloud;
use crate::exchange::{Delivery, Request, Response};
use crate::serve::pieces::pieces_of;

impl FakeCloud {
    /// A transport for the same process: for the pipelines of `azure_core`, or for any client of
    /// its `HttpClient`. It answers the real URLs of the three built-in clouds, Entra ID, Resource
    /// Manager and the instance metadata service; no other host resolves.
    pub fn transport(&self) -> Arc<dyn HttpClient> {
        Arc::new(RoutingTransport { cloud: self.clone() })
    }
}

/// The `HttpClient` of `azure_core`, with the fake behind it.
///
/// It sleeps only for a latency, a delay or a slow body, and then in tokio's time.
#[derive(Debug)]
struct RoutingTransport {
    cloud: FakeCloud,
}

#[async_trait]
impl HttpClient for RoutingTransport {
    async fn execute_request(
        &self,
        request: &http::Request,
    ) -> azure_core::Result<AsyncRawResponse> {
        let _under_way = self.cloud.journal().depart();
        let request = received(request).await?;
        let answer = self.cloud.handle(&request);
        if !answer.delay().is_zero() {
            tokio::time::sleep(answer.delay()).await;
        }
        delivered(&answer)
    }
}

async fn received(request: &http::Request) -> azure_core::Result<Request> {
    let body = match request.body().clone() {
        http::Body::Bytes(bytes) => bytes,
        http::Body::SeekableStream(stream) => {
            let pieces: Vec<Bytes> = stream.map_err(io_error).try_collect().await?;
            pieces.concat().into()
        }
    };
    let headers = request.headers().iter();
    let seen = Request::new(request.method().as_str(), request.url()).body(body);
    Ok(headers.fold(seen, |seen, (name, value)| seen.header(name.as_str(), value.as_str())))
}

fn delivered(answer: &Response) -> azure_core::Result<AsyncRawResponse> {
    let mut headers = Headers::new();
    for (name, value) in answer.headers() {
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let status = StatusCode::from(answer.status());
    match answer.delivery() {
        Delivery::Unreachable => {
            Err(Error::with_message(ErrorKind::Connection, "the name does not resolve"))
        }
        Delivery::Closed => Err(broken("the connection was closed before an answer")),
        _ => Ok(match pieces_of(answer, Duration::ZERO) {
            None => AsyncRawResponse::from_bytes(status, headers, answer.bytes().clone()),
            Some(pieces) => {
                AsyncRawResponse::new(status, headers, pieces.map_err(io_error).boxed())
            }
        }),
    }
}

fn broken(what: &'static str) -> Error {
    Error::with_error(ErrorKind::Io, io::Error::new(io::ErrorKind::ConnectionReset, what), what)
}

fn io_error(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Io, error)
}

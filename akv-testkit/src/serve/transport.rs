//! In process: a transport that answers the clouds' real URLs from the fake.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::response::PinnedStream;
use azure_core::http::{self, AsyncRawResponse, HttpClient, StatusCode};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::cloud::FakeCloud;
use crate::exchange::{Delivery, Request, Response};

/// azure_core's `HttpClient`, with the fake behind it.
///
/// Nothing sleeps unless a latency, a delay or a slow body is asked for; then it is tokio's time.
#[derive(Debug)]
pub(crate) struct RoutingTransport {
    cloud: FakeCloud,
}

impl RoutingTransport {
    pub(crate) fn new(cloud: FakeCloud) -> Self {
        Self { cloud }
    }
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
        delivered(answer)
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

fn delivered(answer: Response) -> azure_core::Result<AsyncRawResponse> {
    let mut headers = Headers::new();
    for (name, value) in answer.headers() {
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let status = StatusCode::from(answer.status());
    let body = answer.bytes().clone();
    let stream: PinnedStream = match *answer.delivery() {
        Delivery::Whole => return Ok(AsyncRawResponse::from_bytes(status, headers, body)),
        Delivery::Unreachable => {
            return Err(Error::with_message(ErrorKind::Connection, "the name does not resolve"));
        }
        Delivery::Closed => return Err(broken("the connection was closed before an answer")),
        Delivery::Torn => {
            let half = body.slice(..body.len() / 2);
            let error = broken("the connection was closed in the middle of the body");
            stream::iter([Ok(half), Err(error)]).boxed()
        }
        Delivery::Drip { piece, pause } => drip(body, piece, pause),
        Delivery::Flood { bytes } => flood(body, bytes),
    };
    Ok(AsyncRawResponse::new(status, headers, stream))
}

fn drip(body: Bytes, piece: usize, pause: Duration) -> PinnedStream {
    stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let next = rest.split_to(piece.min(rest.len()));
        Some((Ok(next), rest))
    })
    .boxed()
}

fn flood(body: Bytes, bytes: u64) -> PinnedStream {
    let left = bytes.saturating_sub(body.len() as u64);
    let blanks = stream::unfold(left, |left| async move {
        let next = left.min(BLANKS.len() as u64);
        let piece = BLANKS.get(..usize::try_from(next).ok()?)?;
        (next > 0).then(|| (Ok(Bytes::from_static(piece)), left - next))
    });
    stream::once(async move { Ok(body) }).chain(blanks).boxed()
}

fn broken(what: &'static str) -> Error {
    Error::with_error(ErrorKind::Io, io::Error::new(io::ErrorKind::ConnectionReset, what), what)
}

fn io_error(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Io, error)
}

/// What a flood is made of: JSON may end in blanks.
const BLANKS: &[u8] = &[b' '; 64 * 1024];

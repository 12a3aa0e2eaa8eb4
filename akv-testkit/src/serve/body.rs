//! Bodies over HTTP.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};

use crate::exchange::Response;
use crate::serve::pieces::pieces_of;

/// The body of a response over HTTP.
pub(super) type Body = BoxBody<Bytes, io::Error>;

/// The body of a response, with its delivery.
pub(super) fn body_of(answer: &Response) -> Body {
    match pieces_of(answer, BEFORE_A_BREAK) {
        None => Full::new(answer.bytes().clone()).map_err(|never| match never {}).boxed(),
        Some(pieces) => BodyExt::boxed(StreamBody::new(pieces.map_ok(Frame::data))),
    }
}

/// Resetting an HTTP/2 stream discards data that the client has not read yet. A short wait lets it
/// read the head and the first half, as on a slow line.
const BEFORE_A_BREAK: Duration = Duration::from_millis(20);

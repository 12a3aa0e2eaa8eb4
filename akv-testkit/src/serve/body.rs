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

/// The body of an answer over HTTP.
pub(super) type Body = BoxBody<Bytes, io::Error>;

/// The body of an answer, delivered as it is told to be.
pub(super) fn body_of(answer: &Response) -> Body {
    match pieces_of(answer, BEFORE_A_BREAK) {
        None => Full::new(answer.bytes().clone()).map_err(|never| match never {}).boxed(),
        Some(pieces) => BodyExt::boxed(StreamBody::new(pieces.map_ok(Frame::data))),
    }
}

/// An HTTP/2 stream that is reset loses what the client has not read yet. A moment lets it read the
/// head and the first half, as it would on a slow line.
const BEFORE_A_BREAK: Duration = Duration::from_millis(20);

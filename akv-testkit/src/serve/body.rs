//! Bodies that come whole, torn, slowly or without an end in sight.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};

use crate::exchange::{Delivery, Response};

/// The body of an answer over HTTP.
pub(super) type Body = BoxBody<Bytes, io::Error>;

/// The body of an answer, delivered as it is told to be.
pub(super) fn body_of(answer: &Response) -> Body {
    match pieces_of(answer, BEFORE_A_BREAK) {
        None => Full::new(answer.bytes().clone()).map_err(|never| match never {}).boxed(),
        Some(pieces) => BodyExt::boxed(StreamBody::new(pieces.map_ok(Frame::data))),
    }
}

type Pieces = std::pin::Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send + Sync>>;

/// The pieces in which a body comes; `None` where it comes whole. A body that breaks waits so long
/// before it does.
pub(super) fn pieces_of(answer: &Response, before_break: Duration) -> Option<Pieces> {
    let body = answer.bytes().clone();
    match *answer.delivery() {
        Delivery::Torn => {
            let half = body.slice(..body.len() / 2);
            let end = stream::once(async move {
                if !before_break.is_zero() {
                    tokio::time::sleep(before_break).await;
                }
                Err(io::ErrorKind::ConnectionReset.into())
            });
            Some(Box::pin(stream::iter([Ok(half)]).chain(end)))
        }
        Delivery::Drip { piece, pause } => {
            Some(Box::pin(stream::unfold(body, move |mut rest| async move {
                if rest.is_empty() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                let next = rest.split_to(piece.min(rest.len()));
                Some((Ok(next), rest))
            })))
        }
        Delivery::Flood { bytes } => {
            let left = bytes.saturating_sub(body.len() as u64);
            let blanks = stream::unfold(left, |left| async move {
                let next = left.min(BLANKS.len() as u64);
                let piece = BLANKS.get(..usize::try_from(next).ok()?)?;
                (next > 0).then(|| (Ok(Bytes::from_static(piece)), left - next))
            });
            Some(Box::pin(stream::iter([Ok(body)]).chain(blanks)))
        }
        Delivery::Whole | Delivery::Closed | Delivery::Unreachable => None,
    }
}

/// An HTTP/2 stream that is reset loses what the client has not read yet. A moment lets it read the
/// head and the first half, as it would on a slow line.
const BEFORE_A_BREAK: Duration = Duration::from_millis(20);

/// What a flood is made of: JSON may end in blanks.
const BLANKS: &[u8] = &[b' '; 64 * 1024];

//! Bodies that are sent completely, torn, slowly or endlessly.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};

use crate::exchange::{Delivery, Response};

type Pieces = std::pin::Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send + Sync>>;

/// The pieces of a body; `None` if it is sent completely. A torn body waits for `before_break`
/// before it breaks.
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

/// The content of a flood: JSON may end in spaces.
const BLANKS: &[u8] = &[b' '; 64 * 1024];

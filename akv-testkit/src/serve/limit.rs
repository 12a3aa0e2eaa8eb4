//! The resources of a server on loopback: connections, memory and time.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The limits for all clients together.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    connections: Arc<Semaphore>,
    /// In blocks.
    memory: Arc<Semaphore>,
}

/// A complete body, and its reserved memory.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) body: Bytes,
    pub(super) memory: Vec<OwnedSemaphorePermit>,
}

/// Why a body is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    TooLarge,
    TooSlow,
    /// Other bodies use all the memory.
    NoMemory,
    /// It broke off, or is endless.
    Broken,
}

impl Limits {
    pub(super) fn new() -> Self {
        Self {
            connections: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
            memory: Arc::new(Semaphore::new(MEMORY_FOR_BODIES / BLOCK)),
        }
    }

    /// One of the connections, unless all are in use.
    pub(super) fn connection(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).try_acquire_owned().ok()
    }

    /// Reads a body to its end, even if it is too large: a client that is still writing does not
    /// read a response.
    pub(super) async fn whole<B>(&self, body: B) -> Result<Held, Refused>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let read = tokio::time::timeout(TIME_FOR_A_BODY, self.read(body));
        read.await.unwrap_or(Err(Refused::TooSlow))
    }

    async fn read<B>(&self, mut body: B) -> Result<Held, Refused>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (mut kept, mut length, mut memory) = (BytesMut::new(), 0, Vec::new());
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Refused::Broken)?.into_data() else { continue };
            length += data.len();
            if length > ENDLESS_BODY {
                return Err(Refused::Broken);
            }
            if length > LARGEST_BODY {
                (kept, memory) = (BytesMut::new(), Vec::new());
                continue;
            }
            while memory.len() * BLOCK < length {
                let block = Arc::clone(&self.memory).try_acquire_owned();
                memory.push(block.map_err(|_| Refused::NoMemory)?);
            }
            kept.extend_from_slice(&data);
        }
        if length > LARGEST_BODY {
            return Err(Refused::TooLarge);
        }
        Ok(Held { body: kept.freeze(), memory })
    }
}

/// Below the usual limit of open files; each connection uses one.
const MOST_CONNECTIONS: usize = 768;

/// The deadline for the first byte, for the handshake and for the head of the first request, each
/// separately.
pub(super) const TIME_FOR_A_HEAD: Duration = Duration::from_secs(20);

const TIME_FOR_A_BODY: Duration = Duration::from_secs(30);

/// Far larger than the largest import.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// Longer bodies are not read, not even for an error response.
const ENDLESS_BODY: usize = 256 * 1024 * 1024;

/// For all bodies that are being received or answered.
const MEMORY_FOR_BODIES: usize = 64 * 1024 * 1024;

/// Memory is reserved in blocks of this many bytes.
const BLOCK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use http_body::Frame;
    use http_body_util::StreamBody;
    use std::convert::Infallible;

    fn endless(first: usize) -> impl Body<Data = Bytes> + Unpin {
        let bytes = Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b' '; first])));
        let rest = stream::pending::<Result<Frame<Bytes>, Infallible>>();
        StreamBody::new(Box::pin(futures::StreamExt::chain(stream::iter([bytes]), rest)))
    }

    #[tokio::test(start_paused = true)]
    async fn endless_body_is_aborted() {
        let read = Limits::new().whole(endless(10)).await;
        assert_eq!(read.err(), Some(Refused::TooSlow));
    }

    #[tokio::test(start_paused = true)]
    async fn unfinished_bodies_take_no_more_than_their_memory() {
        let limits = Limits::new();
        let most = MEMORY_FOR_BODIES / LARGEST_BODY;
        let read = |_| limits.whole(endless(LARGEST_BODY));
        let read = futures::future::join_all((0..most + 4).map(read)).await;
        let refused = read.iter().filter(|read| read.as_ref().err() == Some(&Refused::NoMemory));
        assert_eq!(refused.count(), 4);
        let after = limits.whole(http_body_util::Full::new(Bytes::from_static(b"{}"))).await;
        assert_eq!(after.expect("memory that was given back").body, "{}");
    }

    #[tokio::test]
    async fn connections_are_counted_and_given_back() {
        let limits = Limits::new();
        let held: Vec<_> = std::iter::from_fn(|| limits.connection()).collect();
        assert_eq!(held.len(), MOST_CONNECTIONS);
        drop(held);
        assert!(limits.connection().is_some());
    }
}

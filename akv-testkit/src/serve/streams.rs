//! The streams of an HTTP/2 connection.

use std::future::Future;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use hyper::rt::Executor;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Where a connection starts the streams that a client opens.
#[derive(Clone)]
pub(super) struct Streams(UnboundedSender<BoxFuture<'static, ()>>);

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        // If the connection has ended, so have its streams.
        let _ = self.0.send(Box::pin(stream));
    }
}

/// Streams that run as part of the returned future, and so on the task of their connection: answers
/// that are due at the same time leave together, and no thread wakes another one for each of them.
///
/// The future ends after the last stream, when nothing can start another one.
pub(super) fn streams() -> (Streams, impl Future<Output = ()>) {
    let (sender, mut started) = unbounded_channel();
    let running = async move {
        let mut open = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(()) = open.next() => {}
                Some(stream) = started.recv() => open.push(stream),
                else => break,
            }
        }
    };
    (Streams(sender), running)
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn streams_run_side_by_side_until_the_last_one_ends() {
        let (streams, running) = streams();
        let (send, receive) = oneshot::channel();
        let (done, mut is_done) = oneshot::channel();
        // The first stream waits for the second one.
        streams.execute(async move {
            receive.await.expect("the second stream runs");
            done.send(()).expect("the test waits");
        });
        streams.execute(async move { send.send(()).expect("the first stream waits") });
        drop(streams);
        running.await;
        assert_eq!(is_done.try_recv(), Ok(()));
    }
}

//! Sleeps with a resolution of a tenth of a millisecond.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use tokio::sync::oneshot;

/// Sleeps until `then`.
///
/// tokio's timer counts in milliseconds and rounds up, so a response with a latency of 20 ms would
/// take 21 ms or more. A dedicated thread wakes up in time.
pub(super) async fn until(then: Instant) {
    if then <= Instant::now() {
        return;
    }
    let (waker, woken) = oneshot::channel();
    WAITING.enter(Entry { then: Reverse(then), waker });
    // The thread never ends, so this can only mean that it is time.
    let _ = woken.await;
}

static WAITING: LazyLock<&'static Waiting> = LazyLock::new(|| {
    let waiting: &'static Waiting = Box::leak(Box::default());
    thread::spawn(|| waiting.wake_each_in_time());
    waiting
});

#[derive(Default)]
struct Waiting {
    entries: Mutex<BinaryHeap<Entry>>,
    entered: Condvar,
}

struct Entry {
    then: Reverse<Instant>,
    waker: oneshot::Sender<()>,
}

impl Waiting {
    fn enter(&self, entry: Entry) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        self.entered.notify_one();
    }

    fn wake_each_in_time(&self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = Instant::now();
            while entries.peek().is_some_and(|next| next.then.0 <= now) {
                // The waiting task may be gone.
                let _ = entries.pop().map(|next| next.waker.send(()));
            }
            entries = match entries.peek().map(|next| next.then.0 - now) {
                Some(wait) => {
                    let waited = self.entered.wait_timeout(entries, wait);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.entered.wait(entries).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.then.cmp(&other.then)
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.then == other.then
    }
}

impl Eq for Entry {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn until_is_never_early() {
        let start = Instant::now();
        let waits = [3, 1, 2].map(|milliseconds| async move {
            let then = start + Duration::from_millis(milliseconds);
            until(then).await;
            assert!(Instant::now() >= then);
        });
        futures::future::join_all(waits).await;
    }

    #[test]
    fn the_earliest_entry_comes_first() {
        let start = Instant::now();
        let mut entries = BinaryHeap::from([3, 1, 2].map(|seconds| Entry {
            then: Reverse(start + Duration::from_secs(seconds)),
            waker: oneshot::channel().0,
        }));
        let order = std::iter::from_fn(|| Some((entries.pop()?.then.0 - start).as_secs()));
        assert_eq!(order.collect::<Vec<_>>(), [1, 2, 3]);
    }
}

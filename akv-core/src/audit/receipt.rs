//! Reports the requests of a change from the store to the audit.
//!
//! Only an audit needs this information, so it bypasses the ports: it goes from the code that sends
//! requests to the code that waits for the change in the same task.

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};

thread_local! {
    /// The receipt of the change that is being polled on this thread.
    static CURRENT: RefCell<Option<Receipt>> = const { RefCell::new(None) };
}

/// One request of a change.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Attempt {
    /// The service's ID of the request, if the service answered.
    pub request_id: Option<String>,
    /// Whether it may have had its effect although it failed.
    pub perhaps_done: bool,
}

setters! {
    Attempt {
        with_request_id(request_id: impl Into<Option<String>>),
        with_perhaps_done(perhaps_done: bool),
    }
}

/// Records a request of the change in the current task. Without an audit it does nothing.
pub fn note_attempt(attempt: Attempt) {
    CURRENT.with_borrow(|current| {
        if let Some(receipt) = current {
            receipt.note(attempt);
        }
    });
}

/// The requests of one change. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Receipt(Arc<Mutex<Noted>>);

#[derive(Debug, Clone, Default)]
pub(super) struct Noted {
    pub(super) attempts: u32,
    pub(super) perhaps_done: bool,
    pub(super) request_id: Option<String>,
}

impl Receipt {
    /// Runs a change and records its requests here.
    pub(super) async fn of<T>(&self, change: impl Future<Output = T>) -> T {
        let mut change = Box::pin(change);
        poll_fn(|context| {
            let _scope = Scope::enter(self.clone());
            change.as_mut().poll(context)
        })
        .await
    }

    pub(super) fn noted(&self) -> Noted {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, attempt: Attempt) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.attempts += 1;
        noted.perhaps_done |= attempt.perhaps_done;
        if attempt.request_id.is_some() {
            noted.request_id = attempt.request_id;
        }
    }
}

/// Redirects requests to its receipt until it is dropped, then back to the previous one.
struct Scope(Option<Receipt>);

impl Scope {
    fn enter(receipt: Receipt) -> Self {
        Self(CURRENT.replace(Some(receipt)))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::future::join;

    use super::*;

    fn note(id: &str) {
        note_attempt(Attempt { request_id: Some(id.to_owned()), perhaps_done: false });
    }

    #[test]
    fn changes_side_by_side_keep_their_receipts_apart() {
        let (one, other) = (Receipt::default(), Receipt::default());
        let (sender, receiver) = futures::channel::oneshot::channel::<()>();
        let first = one.of(async {
            note("a");
            receiver.await.expect("sent");
            note("b");
        });
        let second = other.of(async {
            note("c");
            sender.send(()).expect("heard");
        });
        block_on(join(first, second));
        note("no audit");
        assert_eq!((one.noted().attempts, one.noted().request_id.as_deref()), (2, Some("b")));
        assert_eq!((other.noted().attempts, other.noted().request_id.as_deref()), (1, Some("c")));
    }
}

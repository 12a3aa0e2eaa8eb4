//! What a store tells, beside its result, of the requests that a change took.
//!
//! The ports do not carry it: it is for an audit alone, so it goes past them, from whoever sends
//! requests to whoever waits for the change in the same task.

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};

thread_local! {
    /// The receipt of the change that is being polled on this thread.
    static CURRENT: RefCell<Option<Receipt>> = const { RefCell::new(None) };
}

/// One request for a change.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Attempt {
    /// The service's id of the request, where the service answered.
    pub request_id: Option<String>,
    /// Whether it may have had its effect although it did not succeed.
    pub perhaps_done: bool,
}

setters! {
    Attempt {
        with_request_id(request_id: impl Into<Option<String>>),
        with_perhaps_done(perhaps_done: bool),
    }
}

/// Notes a request for the change that the caller's task is making. Without an audit it does
/// nothing.
pub fn note_attempt(attempt: Attempt) {
    CURRENT.with_borrow(|current| {
        if let Some(receipt) = current {
            receipt.note(attempt);
        }
    });
}

/// The requests of one change. Clones are one receipt.
#[derive(Debug, Clone, Default)]
pub(super) struct Receipt(Arc<Mutex<Noted>>);

#[derive(Debug, Clone, Default)]
pub(super) struct Noted {
    pub(super) attempts: u32,
    pub(super) perhaps_done: bool,
    pub(super) request_id: Option<String>,
}

impl Receipt {
    /// Runs a change whose requests are noted here.
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

/// While it lives, requests are noted in its receipt; then in the one before.
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
        note("nobody's");
        assert_eq!((one.noted().attempts, one.noted().request_id.as_deref()), (2, Some("b")));
        assert_eq!((other.noted().attempts, other.noted().request_id.as_deref()), (1, Some("c")));
    }
}

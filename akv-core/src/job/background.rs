//! Runs CPU-bound work.

use futures::channel::oneshot;

/// Runs CPU-bound work of up to a second or two, such as opening a PKCS#12 file, outside the async
/// threads. The domain has no runtime of its own, so a program with a runtime passes this to
/// [`StoreJobs`](super::StoreJobs).
pub trait Background: Send + Sync {
    /// Starts the work, or runs it at once.
    fn run(&self, work: Box<dyn FnOnce() + Send>);
}

/// Runs everything at once, on the caller's thread.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AtOnce;

impl Background for AtOnce {
    fn run(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

/// The result of the work; `None` if it did not finish.
pub(super) async fn done<T: Send + 'static>(
    background: &dyn Background,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = oneshot::channel();
    // The receiver may be gone.
    background.run(Box::new(move || drop(done.send(work()))));
    result.await.ok()
}

//! Where work is done that takes computing time.

use futures::channel::oneshot;

/// Runs work that computes for up to a second or two, such as opening a PKCS#12 file, away from
/// the threads that wait for others. The domain has no runtime of its own, so the program that has
/// one gives it to [`StoreJobs`](super::StoreJobs).
pub trait Background: Send + Sync {
    /// Begins the work, or does it at once.
    fn run(&self, work: Box<dyn FnOnce() + Send>);
}

/// Does everything at once, on the caller's thread.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AtOnce;

impl Background for AtOnce {
    fn run(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

/// What the work gives; `None` where it came to no end.
pub(super) async fn done<T: Send + 'static>(
    background: &dyn Background,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = oneshot::channel();
    // Whoever waited may have gone meanwhile.
    background.run(Box::new(move || drop(done.send(work()))));
    result.await.ok()
}

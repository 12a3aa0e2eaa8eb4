//! Blocking input: a person at a keyboard, a pipe, a slow file.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Reads on another thread, so that signals are handled in the meantime. Nothing has been changed
/// yet, so only the read has to be abandoned.
pub(crate) async fn blocking<T: Send + 'static>(
    cancellation: &CancellationToken,
    read: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (done, answer) = oneshot::channel();
    // After a signal, the receiver is gone.
    std::thread::spawn(move || done.send(read()).is_ok());
    let given_up = async {
        cancellation.cancelled().await;
        tokio::time::sleep(MOMENT).await;
    };
    tokio::select! {
        answer = answer => answer.context("reading the input was interrupted")?,
        () = given_up => anyhow::bail!("cancelled before the input was read; nothing was changed"),
    }
}

/// Available input is still read, because the result of a job must contain the job's ID.
const MOMENT: Duration = Duration::from_millis(200);

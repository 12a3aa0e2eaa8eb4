//! Input that may keep us waiting: a person at a keyboard, a pipe, a slow file.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Reads beside the runtime, so that a signal is heard meanwhile. Nothing has been done by then, so
/// there is nothing to be ended but the waiting.
pub(crate) async fn blocking<T: Send + 'static>(
    cancellation: &CancellationToken,
    read: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (done, answer) = oneshot::channel();
    // Nobody takes the answer any more where a signal came first.
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

/// What is there is read all the same: the result of a job is to carry the job's id.
const MOMENT: Duration = Duration::from_millis(200);

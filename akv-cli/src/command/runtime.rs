//! The asynchronous runtime, and the context of commands in it.

use std::future::Future;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use super::signal;
use crate::args::Common;
use crate::blocking::blocking;
use crate::wiring::Wiring;

pub(super) fn in_runtime<F, T>(
    common: &Common,
    command: impl FnOnce(Result<Wiring>, CancellationToken) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let cancellation = CancellationToken::new();
    signal::cancel(cancellation.clone()).context("cannot listen for signals")?;
    runtime()?.block_on(async {
        let (common, own) = (common.clone(), cancellation.clone());
        let wiring = blocking(&cancellation, move || Wiring::new(&common, own)).await;
        command(wiring, cancellation).await
    })
}

/// One thread: the work is waiting for services, and threads that wake each other up cost more than
/// they decode. Files are opened, and signals are awaited, on threads of their own.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")
}

//! The asynchronous runtime, and the context of commands in it.

use std::future::Future;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use super::signal::Signals;
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
    runtime()?.block_on(async {
        let cancellation = CancellationToken::new();
        let signals = Signals::listen().context("cannot listen for signals")?;
        tokio::spawn(signals.cancel(cancellation.clone()));
        let (common, own) = (common.clone(), cancellation.clone());
        let wiring = blocking(&cancellation, move || Wiring::new(&common, own)).await;
        command(wiring, cancellation).await
    })
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")
}

/// The work mostly waits for a service; with two threads, decoding does not delay it.
const WORKERS: usize = 2;

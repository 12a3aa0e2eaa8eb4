//! Signals: the first asks for an end at a safe point, the second is not asked.

use std::io;

use tokio_util::sync::CancellationToken;

/// What asks a process to end. They are heard from the moment they are listened for.
pub(super) struct Signals(Listening);

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        listen().map(Self)
    }

    /// The first signal cancels, so that the job ends at a safe point and tells what was done; the
    /// second ends the process.
    pub(super) async fn cancel(mut self, cancellation: CancellationToken) {
        next(&mut self.0).await;
        crate::render::say("akv: interrupted, ending at the next safe point");
        cancellation.cancel();
        next(&mut self.0).await;
        std::process::exit(INTERRUPTED);
    }
}

#[cfg(unix)]
type Listening = [tokio::signal::unix::Signal; 2];

#[cfg(unix)]
fn listen() -> io::Result<Listening> {
    use tokio::signal::unix::{SignalKind, signal};
    Ok([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?])
}

#[cfg(unix)]
async fn next([interrupt, terminate]: &mut Listening) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(windows)]
type Listening = tokio::signal::windows::CtrlC;

#[cfg(windows)]
fn listen() -> io::Result<Listening> {
    tokio::signal::windows::ctrl_c()
}

#[cfg(windows)]
async fn next(listening: &mut Listening) {
    let _ = listening.recv().await;
}

/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

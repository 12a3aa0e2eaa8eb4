//! Signals: the first one requests an end at a safe point, the second one ends the process.

use std::io;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// Handles the termination signals from now on, on a thread of its own: a command that waits for the
/// reader of its output does not keep a signal waiting.
///
/// The first signal cancels, so that the job ends at a safe point and reports its changes; the second
/// one ends the process. A terminal and its shells can deliver one Ctrl-C several times, so signals
/// within a second count as one.
pub(super) fn cancel(cancellation: CancellationToken) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _entered = runtime.enter();
        Listening::begin()?
    };
    let listen = async move {
        signals.next().await;
        crate::render::say("interrupted: ending at the next safe point");
        cancellation.cancel();
        let first = Instant::now();
        while first.elapsed() < SAME {
            signals.next().await;
        }
        std::process::exit(INTERRUPTED);
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(listen))?;
    Ok(())
}

#[cfg(unix)]
struct Listening {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// The terminal was closed.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Listening {
    fn begin() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = if hangup_ends() { Some(signal(SignalKind::hangup())?) } else { None };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
        })
    }

    async fn next(&mut self) {
        let Self { interrupt, terminate, hangup } = self;
        let hung_up = async {
            match hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hung_up => {}
        }
    }
}

/// Whether a hangup ends the program: not if it should outlive its terminal (`nohup` ignores the
/// signal). If that is unknown, the system's default stays.
#[cfg(unix)]
fn hangup_ends() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 == 0)
}

#[cfg(windows)]
struct Listening {
    interrupt: tokio::signal::windows::CtrlC,
    /// A parent can send it to a separate process group.
    break_off: tokio::signal::windows::CtrlBreak,
    /// The window was closed.
    close: tokio::signal::windows::CtrlClose,
    /// The machine or the container is shutting down.
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Listening {
    fn begin() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
        Ok(Self {
            interrupt: ctrl_c()?,
            break_off: ctrl_break()?,
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    async fn next(&mut self) {
        let Self { interrupt, break_off, close, shutdown } = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = break_off.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    }
}

/// Within this time, another signal counts as the same one.
const SAME: Duration = Duration::from_secs(1);
/// The exit code of a program that Ctrl-C ended, as in shells.
const INTERRUPTED: i32 = 130;

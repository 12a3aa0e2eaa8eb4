//! Signals: the first asks for an end at a safe point, the second is not asked.

use std::io;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// What asks a process to end. They are heard from the moment they are listened for.
pub(super) struct Signals(Listening);

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Listening::begin().map(Self)
    }

    /// The first signal cancels, so that the job ends at a safe point and tells what was done; the
    /// second ends the process. A terminal and the shells above it pass one Ctrl-C on more than once,
    /// so what follows within a second is no second one.
    pub(super) async fn cancel(mut self, cancellation: CancellationToken) {
        self.0.next().await;
        crate::render::say("interrupted: ending at the next safe point");
        cancellation.cancel();
        let first = Instant::now();
        while first.elapsed() < SAME {
            self.0.next().await;
        }
        std::process::exit(INTERRUPTED);
    }
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

/// Whether a hangup is to end the program: not where it was started to outlive its terminal (`nohup`
/// lets it be ignored). Where that cannot be known, the system's own way stays.
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
    /// What a parent can send to a process group of its own.
    break_off: tokio::signal::windows::CtrlBreak,
    /// The window was closed.
    close: tokio::signal::windows::CtrlClose,
    /// The machine, or the container, goes down.
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

/// How long after the first signal another is taken for the same.
const SAME: Duration = Duration::from_secs(1);
/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

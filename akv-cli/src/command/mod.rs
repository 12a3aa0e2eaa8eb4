//! The commands, one a file.

mod add;
mod check;
mod contents;
mod create;
#[cfg(feature = "demo")]
mod demo;
mod discover;
mod inventory;
mod job;
mod remove;
mod store_type;

use std::fmt;
use std::future::Future;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use crate::args::{Cli, Command, Common};
use crate::exit::Exit;
use crate::wiring::Wiring;

pub(crate) fn run(cli: &Cli) -> Result<Exit> {
    let common = &cli.common;
    match &cli.command {
        // A job ends in a result document, whatever goes wrong on the way to Azure.
        Command::Job(args) => in_runtime(common, |azure| job::run(common, args, azure)),
        Command::Inventory(args) => {
            in_runtime(common, async |azure| inventory::run(common, args, azure?).await)
        }
        Command::Add(args) => {
            in_runtime(common, async |azure| add::run(common, args, azure?).await)
        }
        Command::Remove(args) => {
            in_runtime(common, async |azure| remove::run(common, args, azure?).await)
        }
        Command::Create(args) => {
            in_runtime(common, async |azure| create::run(common, args, azure?).await)
        }
        Command::Discover => in_runtime(common, async |azure| discover::run(common, azure?).await),
        Command::Check(args) => check::run(common, args),
        Command::StoreType(args) => store_type::run(args),
        #[cfg(feature = "demo")]
        Command::Demo => runtime()?.block_on(demo::run()),
        #[cfg(not(feature = "demo"))]
        Command::Demo => anyhow::bail!("this program was built without its feature \"demo\""),
    }
}

/// A command line that parses and still asks for something that cannot be.
#[derive(Debug)]
pub(crate) struct Usage(String);

impl Usage {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

fn in_runtime<F>(common: &Common, command: impl FnOnce(Result<Wiring>) -> F) -> Result<Exit>
where
    F: Future<Output = Result<Exit>>,
{
    runtime()?.block_on(async {
        let cancellation = CancellationToken::new();
        tokio::spawn(cancel_on_signal(cancellation.clone()));
        command(Wiring::new(common, cancellation)).await
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("start the asynchronous runtime")
}

/// The first signal asks the job to end at a safe point and tell what was done; the second is the
/// operating system's again.
async fn cancel_on_signal(cancellation: CancellationToken) {
    if interrupted().await.is_ok() {
        crate::render::say("akv: interrupted, ending at the next safe point");
        cancellation.cancel();
    }
    if interrupted().await.is_ok() {
        std::process::exit(INTERRUPTED);
    }
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// The work is waiting for a service; two threads keep decoding from holding it up.
const WORKERS: usize = 2;

/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

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
mod lifeline;
mod remove;
mod report;
mod signal;
mod store_type;

use std::collections::HashSet;
use std::future::Future;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use crate::args::{Cli, Command, Common, Output};
use crate::blocking::blocking;
use crate::command::signal::Signals;
use crate::exit::Exit;
use crate::usage::Usage;
use crate::wiring::Wiring;

/// Runs the command. Settings that cannot be used are a wrong command line, except for a job, which
/// ends in a result document.
pub(crate) fn run(cli: &Cli, settings: Result<()>) -> Result<Exit> {
    let common = &cli.common;
    if common.output == Output::Html && !matches!(cli.command, Command::Report(_)) {
        return Err(Usage::new("only `report` has --output html").into());
    }
    let settings = match (&cli.command, settings) {
        (Command::Job(_), settings) => settings,
        (_, settings) => settings.map_err(|error| Usage::new(format!("{error:#}")).into()),
    };
    match &cli.command {
        Command::Job(args) => job::run(common, args, settings),
        _ if settings.is_err() => settings.map(|()| Exit::Failure),
        Command::Inventory(args) => {
            in_runtime(common, async |azure, _| inventory::run(common, args, azure?).await)
        }
        Command::Add(args) => {
            in_runtime(common, async |azure, _| add::run(common, args, azure?).await)
        }
        Command::Remove(args) => {
            in_runtime(common, async |azure, _| remove::run(common, args, azure?).await)
        }
        Command::Create(args) => {
            in_runtime(common, async |azure, _| create::run(common, args, azure?).await)
        }
        Command::Discover => {
            in_runtime(common, async |azure, _| discover::run(common, azure?).await)
        }
        Command::Report(args) => report::run(common, args),
        Command::Check(args) => check::run(common, args),
        Command::StoreType(args) => store_type::run(args),
        #[cfg(feature = "demo")]
        Command::Demo => runtime()?.block_on(demo::run()),
        #[cfg(not(feature = "demo"))]
        Command::Demo => anyhow::bail!("this program was built without its feature \"demo\""),
    }
}

fn in_runtime<F, T>(
    common: &Common,
    command: impl FnOnce(Result<Wiring>, CancellationToken) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    runtime()?.block_on(async {
        let cancellation = CancellationToken::new();
        let signals = Signals::listen().context("listen for signals")?;
        tokio::spawn(signals.cancel(cancellation.clone()));
        let (common, own) = (common.clone(), cancellation.clone());
        let wiring = blocking(&cancellation, move || Wiring::new(&common, own)).await;
        command(wiring, cancellation).await
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("start the asynchronous runtime")
}

/// The tags as given, each name once: of two values nobody knows which is meant.
fn each_once(tags: &[(String, String)]) -> Result<Vec<(String, String)>> {
    let mut names = HashSet::new();
    match tags.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(Usage::new(format!("the tag {name:?} is given twice")).into()),
        None => Ok(tags.to_vec()),
    }
}

/// The work is waiting for a service; two threads keep decoding from holding it up.
const WORKERS: usize = 2;

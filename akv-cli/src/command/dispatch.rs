//! Selects and runs the command.

use anyhow::Result;

use super::runtime::in_runtime;
use super::{
    add, cancel, check, completions, create, discover, inventory, job, man, merge, remove, report,
    request, show, soft_delete, store_type,
};
use crate::args::{Cli, Command, Output};
use crate::doctor;
use crate::exit::Exit;
use crate::usage::Usage;

/// Runs the command. Invalid settings are a usage error, except for a job, which prints a result
/// document.
pub(crate) fn run(cli: &Cli, settings: Result<()>) -> Result<Exit> {
    let common = &cli.common;
    if let Some(only) = only_command_with(common.output, &cli.command) {
        return Err(Usage::new(format!("only `{only}` supports this --output format")).into());
    }
    let settings = match (&cli.command, settings) {
        (Command::Job(_) | Command::Doctor(_), settings) => settings,
        (_, settings) => settings.map_err(|error| Usage::new(format!("{error:#}")).into()),
    };
    match &cli.command {
        Command::Job(args) => job::run(common, args, settings),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
        Command::Doctor(args) => {
            in_runtime(common, async |wiring, _| doctor::run(common, args, settings, wiring).await)
        }
        _ if settings.is_err() => settings.map(|()| Exit::Failure),
        Command::Inventory(args) => {
            in_runtime(common, async |azure, _| inventory::run(common, args, azure?).await)
        }
        Command::Show(args) => {
            in_runtime(common, async |azure, _| show::run(common, args, azure?).await)
        }
        Command::ListDeleted(args) => {
            in_runtime(common, async |azure, _| soft_delete::list(common, args, azure?).await)
        }
        Command::Recover(args) => {
            in_runtime(common, async |azure, _| soft_delete::recover(common, args, azure?).await)
        }
        Command::Purge(args) => {
            in_runtime(common, async |azure, _| soft_delete::purge(common, args, azure?).await)
        }
        Command::Add(args) => {
            in_runtime(common, async |azure, _| add::run(common, args, azure?).await)
        }
        Command::Remove(args) => {
            in_runtime(common, async |azure, _| remove::run(common, args, azure?).await)
        }
        Command::Request(args) => {
            in_runtime(common, async |azure, _| request::run(common, args, azure?).await)
        }
        Command::Merge(args) => {
            in_runtime(common, async |azure, _| merge::run(common, args, azure?).await)
        }
        Command::Cancel(args) => {
            in_runtime(common, async |azure, _| cancel::run(common, args, azure?).await)
        }
        Command::Create(args) => {
            in_runtime(common, async |azure, _| create::run(common, args, azure?).await)
        }
        Command::Discover(args) => {
            in_runtime(common, async |azure, _| discover::run(common, *args, azure?).await)
        }
        Command::Report(args) if args.from.is_empty() => {
            in_runtime(common, async |azure, _| report::live(common, args, azure?).await)
        }
        Command::Report(args) => report::of_files(common, args),
        Command::Check(args) => check::run(common, args),
        Command::StoreType(args) => store_type::run(args),
        #[cfg(feature = "demo")]
        Command::Demo => super::runtime::runtime()?.block_on(super::demo::run()),
    }
}

/// The only command with this format, if it is not the given one.
fn only_command_with(output: Output, command: &Command) -> Option<&'static str> {
    match (output, command) {
        (Output::Wide, Command::Inventory(_))
        | (Output::Pem | Output::Der, Command::Show(_))
        | (Output::Html, Command::Report(_)) => None,
        (Output::Wide, _) => Some("inventory"),
        (Output::Pem | Output::Der, _) => Some("show"),
        (Output::Html, _) => Some("report"),
        _ => None,
    }
}

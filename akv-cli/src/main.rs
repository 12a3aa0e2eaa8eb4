//! `akv`: certificates in Azure Key Vault for Keyfactor Command, from the command line.

mod args;
mod aside;
mod command;
mod exit;
mod logging;
mod render;
mod report;
mod wiped;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(&cli.common);
    match command::run(&cli) {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => Exit::Failure.into(),
        Err(error) => {
            render::say(&format!("akv: {error:#}"));
            match error.downcast_ref::<command::Usage>() {
                Some(_) => ExitCode::from(exit::USAGE),
                None => Exit::Failure.into(),
            }
        }
    }
}

/// Whoever read our output has gone (`akv inventory … | head`): nobody is left to tell.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

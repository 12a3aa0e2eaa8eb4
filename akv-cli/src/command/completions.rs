//! `akv completions`

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::exit::Exit;
use crate::render;

pub(super) fn run(args: &CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "akv", &mut script);
    let script = String::from_utf8(script).context("cannot generate the completion script")?;
    render::print(script.trim_end())?;
    Ok(Exit::Success)
}

//! `akv man`

use std::fs;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::args::{Cli, ManArgs};
use crate::exit::Exit;

pub(super) fn run(args: &ManArgs) -> Result<Exit> {
    let context = || format!("cannot write the man pages to {}", args.dir.display());
    fs::create_dir_all(&args.dir).with_context(context)?;
    clap_mangen::generate_to(Cli::command(), &args.dir).with_context(context)?;
    Ok(Exit::Success)
}

//! The options of the shell tools.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The directory to write to: akv.1, akv-inventory.1 and so on; created if it does not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

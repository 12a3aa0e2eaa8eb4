//! The options of `akv job`.

use std::path::PathBuf;

use akv_core::EndpointSuffix;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::{ChangeArgs, IssuersArgs, SoftDeletedArgs, ViaChoice};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate option")]
pub(crate) struct JobArgs {
    /// The job configuration as JSON; standard input if omitted or -
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Include the full certificate chain in an inventory
    #[arg(long)]
    pub(crate) chain: bool,
    /// Create the keys of Reenrollment jobs in the HSM of a premium vault; such a job must request a
    /// non-exportable key
    #[arg(long)]
    pub(crate) hsm_keys: bool,
    /// How discovery finds vaults
    #[arg(long, value_name = "CHOICE", default_value = "lists")]
    pub(crate) via: ViaChoice,
    /// Skip certificates with the same thumbprint as in the job's last inventory
    #[arg(long)]
    pub(crate) skip_unchanged: bool,
    #[command(flatten)]
    pub(crate) soft_deleted: SoftDeletedArgs,
    #[command(flatten)]
    pub(crate) issuers: IssuersArgs,
    /// Allow private endpoints of jobs under this DNS suffix to receive tokens of this machine's identity;
    /// repeatable [variable: AKV_ALLOWED_ENDPOINTS, comma-separated]
    #[arg(long = "allow-endpoint", value_name = "SUFFIX")]
    pub(crate) allowed_endpoints: Vec<EndpointSuffix>,
    /// Resolve {"file":"/path"} in a job from this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) secret_dir: Option<PathBuf>,
    /// Resolve {"env":"NAME"} in a job from environment variables with this prefix
    #[arg(long, value_name = "PREFIX", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) secret_env_prefix: Option<String>,
    /// Deadline for the whole job, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3600",
          value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub(crate) job_deadline: u64,
    /// Cancel the job, as SIGTERM does, when the parent process ends. On Windows, the configuration is
    /// then one line of standard input, and standard input must stay open
    #[arg(long)]
    pub(crate) exit_with_parent: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

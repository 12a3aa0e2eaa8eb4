//! The command line.

#![expect(clippy::doc_markdown, reason = "clap prints these comments verbatim")]

mod common;
mod fleet;
mod job;
mod objects;
mod option_hints;
mod requests;
mod tools;

use std::path::PathBuf;

use akv_core::job::Concurrency;
use akv_core::report::FailOn;
use akv_core::{CertificateName, Region, RetentionDays, Sku, StorePath};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

pub(crate) use common::{Common, Identity, LogFormat, Output};
pub(crate) use fleet::{SelectionArgs, ViaArgs, ViaChoice};
pub(crate) use job::JobArgs;
pub(crate) use objects::{DeletedArgs, ListDeletedArgs, ShowArgs};
pub(crate) use option_hints::with_option_hint;
pub(crate) use requests::{CancelArgs, MergeArgs, RequestArgs};
pub(crate) use tools::{CompletionsArgs, ManArgs};

/// Certificates in Azure Key Vault for Keyfactor Command.
#[derive(Debug, Parser)]
#[command(name = "akv", bin_name = "akv", version, about, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The command name as given.
    #[cfg(feature = "otlp")]
    #[arg(skip)]
    pub(crate) command_name: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one Keyfactor job configuration and print its result as JSON
    Job(JobArgs),
    /// List the certificates of one or more vaults
    Inventory(InventoryArgs),
    /// Show one certificate in full
    Show(ShowArgs),
    /// Add a certificate to a vault, or replace one
    Add(AddArgs),
    /// Remove a certificate from a vault
    Remove(RemoveArgs),
    /// List the soft-deleted certificates of a vault
    ListDeleted(ListDeletedArgs),
    /// Recover a soft-deleted certificate with all its versions
    Recover(DeletedArgs),
    /// Purge a soft-deleted certificate: it cannot be recovered
    Purge(DeletedArgs),
    /// Create a key in a vault and print the certificate request as PEM
    Request(RequestArgs),
    /// Merge an issued certificate with the key of its pending request
    Merge(MergeArgs),
    /// Cancel a pending request and delete its key
    Cancel(CancelArgs),
    /// Report certificates that need attention, from vaults or an inventory
    Report(ReportArgs),
    /// Create a vault; an existing vault is not changed
    Create(CreateArgs),
    /// Find the vaults of one or more tenants
    Discover(ViaArgs),
    /// Check a certificate file as add does, without access to a vault
    Check(CheckArgs),
    /// Check what a job needs, from this machine to the vault, without changes
    Doctor(DoctorArgs),
    /// Print the store type definition for Command
    StoreType(StoreTypeArgs),
    /// Print the completion script for a shell
    Completions(CompletionsArgs),
    /// Write the man pages of akv and of each command
    Man(ManArgs),
    /// Run the main jobs against a fake Azure inside this program
    #[cfg(feature = "demo")]
    Demo,
}

/// How a command makes its changes.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Show the planned changes without making them; the exit code predicts that of the real run
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct IssuersArgs {
    /// CA certificates (PEM, or one in DER) to complete the chain if the certificate file does not contain it
    #[arg(long, value_name = "FILE")]
    pub(crate) chain_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SoftDeletedArgs {
    /// What to do if a soft-deleted certificate has this name
    #[arg(long, value_name = "CHOICE", default_value = "recover")]
    pub(crate) soft_deleted: SoftDeletedChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SoftDeletedChoice {
    /// Recover it and add the new version
    Recover,
    /// Fail without changes
    Refuse,
}

const STORE: &str = "The vault: subscription:resource-group:vault, a resource ID, a vault URL or a \
                     vault name";

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).multiple(true).args(["stores", "all"])))]
pub(crate) struct InventoryArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Include the full certificate chain; requires permission to read secrets
    #[arg(long)]
    pub(crate) chain: bool,
    /// A previous jsonl output; unchanged certificates are not fetched again
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// Number of certificates to fetch in parallel, 1 to 256
    #[arg(long, value_name = "NUMBER", default_value = "64")]
    pub(crate) concurrency: Concurrency,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["stores", "all", "from"])))]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Read this inventory in jsonl format instead of vaults; repeatable; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Vec<PathBuf>,
    /// Number of certificates to fetch in parallel, 1 to 256
    #[arg(long, value_name = "NUMBER", default_value = "64")]
    pub(crate) concurrency: Concurrency,
    /// Also report changes since this earlier inventory in jsonl format
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// Also report differences from Command's inventory in this job configuration
    #[arg(long, value_name = "FILE", conflicts_with = "since")]
    pub(crate) last_inventory: Option<PathBuf>,
    /// Report certificates that expire within this number of days
    #[arg(long, value_name = "DAYS", default_value = "30",
          value_parser = clap::value_parser!(u32).range(0..=36500))]
    pub(crate) within: u32,
    /// Report certificates that were not renewed within this number of days
    #[arg(long, value_name = "DAYS", default_value = "400",
          value_parser = clap::value_parser!(u32).range(0..=36500))]
    pub(crate) stale: u32,
    /// Report certificates without this tag; repeatable
    #[arg(long = "require-tag", value_name = "NAME", value_delimiter = ',')]
    pub(crate) required_tags: Vec<String>,
    /// The tag that names the owner of a certificate
    #[arg(long, value_name = "NAME", default_value = "owner")]
    pub(crate) owner_tag: String,
    /// Exit with code 6 if a finding has this code, or this severity or higher
    #[arg(long, value_name = "CODE|SEVERITY", value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOn>,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
    /// Name of the certificate in the vault; derived from its common name if omitted
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: Option<CertificateName>,
    #[command(flatten)]
    pub(crate) contents: ContentsArgs,
    #[command(flatten)]
    pub(crate) issuers: IssuersArgs,
    /// A tag of the certificate; repeatable, up to 15 tags
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    /// Add a new version if the name exists
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Keep the existing tags; --tag takes precedence
    #[arg(long)]
    pub(crate) preserve_tags: bool,
    /// Import the private key as non-exportable
    #[arg(long)]
    pub(crate) non_exportable: bool,
    #[command(flatten)]
    pub(crate) soft_deleted: SoftDeletedArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// A certificate in a file, and its password.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("certificate").required(true)))]
pub(crate) struct ContentsArgs {
    /// The certificate, its key and its chain as PKCS#12; - is standard input
    #[arg(long, value_name = "FILE", group = "certificate")]
    pub(crate) pfx: Option<PathBuf>,
    /// The certificate, its key and its chain as PEM; - is standard input
    #[arg(long, value_name = "FILE", group = "certificate")]
    pub(crate) pem: Option<PathBuf>,
    /// File containing the password (a trailing newline is ignored)
    #[arg(long, value_name = "FILE", group = "password")]
    pub(crate) password_file: Option<PathBuf>,
    /// Environment variable containing the password
    #[arg(long, value_name = "VARIABLE", group = "password")]
    pub(crate) password_env: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long, group = "password")]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
    /// Name of the certificate in the vault
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: CertificateName,
    /// Also purge the certificate; it cannot be recovered
    #[arg(long)]
    pub(crate) purge: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[arg(
        value_name = "STORE",
        help = "The vault: subscription:resource-group:vault or a resource ID"
    )]
    pub(crate) store: StorePath,
    /// The SKU: standard, or premium with HSM keys
    #[arg(long, default_value = "standard")]
    pub(crate) sku: Sku,
    /// The region; the region of the resource group if omitted
    #[arg(long)]
    pub(crate) region: Option<Region>,
    /// Use access policies instead of Azure RBAC, for these comma-separated object IDs ("" for none)
    #[arg(long, value_name = "OBJECT_IDS", value_delimiter = ',')]
    pub(crate) access_policy: Option<Vec<String>>,
    /// Enable purge protection for the retention period; it cannot be disabled
    #[arg(long)]
    pub(crate) purge_protection: bool,
    /// Soft-delete retention in days, 7 to 90
    #[arg(long, value_name = "DAYS", default_value = "90")]
    pub(crate) retention: RetentionDays,
    /// Disable public network access; only private endpoints work
    #[arg(long)]
    pub(crate) no_public_access: bool,
    /// A tag of the vault; repeatable
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: Option<StorePath>,
    /// Also check the permission to read secrets, which an inventory with --chain requires
    #[arg(long)]
    pub(crate) chain: bool,
    /// Check that a Create job can use this region (default: the region of the resource group)
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<Region>,
    /// Check that a Create job can use this SKU: standard or premium
    #[arg(long, value_name = "SKU", default_value = "standard")]
    pub(crate) sku: Sku,
    /// Check the Universal Orchestrator extension that is installed in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) orchestrator: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) contents: ContentsArgs,
    #[command(flatten)]
    pub(crate) issuers: IssuersArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StoreTypeArgs {
    /// Format: for kfutil store-types create --from-file, or the request body of Command's API
    #[arg(long = "for", value_name = "READER", default_value = "kfutil", conflicts_with = "csv")]
    pub(crate) reader: Reader,
    /// Print the CSV header for kfutil stores import instead
    #[arg(long)]
    pub(crate) csv: bool,
    /// Enable Reenrollment: the vault creates the key, and Command requests the certificate
    #[arg(long, conflicts_with = "csv")]
    pub(crate) reenrollment: bool,
    /// Whether Command requires a private key: optional is compatible with the existing AKV store type;
    /// Key Vault rejects certificates without a private key in any case
    #[arg(long, value_name = "CHOICE", default_value = "optional", conflicts_with = "csv")]
    pub(crate) private_key: PrivateKeyChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrivateKeyChoice {
    Optional,
    Required,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reader {
    Kfutil,
    Command,
}

fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

const AFTER_HELP: &str = "\
Exit codes:
  0    success
  2    wrong command line
  3    completed with warnings; nothing was damaged (for example, the alias exists and --overwrite
       was not given)
  4    failure
  5    the change was made, but the result could not be written (see standard error)
  6    report: a finding matches --fail-on
  130  interrupted
Data goes to standard output, messages to standard error.";

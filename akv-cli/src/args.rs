//! The command line.

#![expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]

mod fleet;
mod meant;
mod objects;
mod requests;
mod tools;

use std::path::PathBuf;

use akv_core::job::Concurrency;
use akv_core::report::FailOn;
use akv_core::{
    CertificateName, ClientId, Cloud, EndpointSuffix, PrivateEndpoint, Region, RetentionDays, Sku,
    StorePath, TenantId,
};
use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

pub(crate) use fleet::{SelectionArgs, ViaArgs, ViaChoice};
pub(crate) use meant::with_meant;
pub(crate) use objects::{DeletedArgs, ListDeletedArgs, ShowArgs};
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
    /// As it was given.
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
    /// Have a key made in a vault and print the request for its certificate as PEM
    Request(RequestArgs),
    /// Merge an issued certificate with the key of its request
    Merge(MergeArgs),
    /// Cancel a pending request; its key is gone
    Cancel(CancelArgs),
    /// Report what needs attention among the certificates of vaults or of an inventory
    Report(ReportArgs),
    /// Create a vault; an existing one is never changed
    Create(CreateArgs),
    /// Find the vaults of one or more tenants
    Discover(ViaArgs),
    /// Check a certificate as an add would, without touching any vault
    Check(CheckArgs),
    /// Check everything that a job needs, from this machine to the vault, without changing anything
    Doctor(DoctorArgs),
    /// Print the definition of the store type for Command
    StoreType(StoreTypeArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Write the man pages of akv and of each command
    Man(ManArgs),
    /// Run the whole main job on a fake Azure inside this program
    #[cfg(feature = "demo")]
    Demo,
}

/// Where Azure is, who we are, and how to print.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// The Azure cloud: public (the default), government or china
    #[arg(long, global = true, value_name = "CLOUD", conflicts_with = "cloud_file")]
    pub(crate) cloud: Option<Cloud>,
    /// Another cloud, as a JSON file: authority, resource_manager, vault_suffix, audiences, ca_file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) cloud_file: Option<PathBuf>,
    /// Another cloud, asked of the Resource Manager at that https URL
    #[arg(long, global = true, value_name = "URL", conflicts_with_all = ["cloud", "cloud_file"])]
    pub(crate) resource_manager: Option<String>,
    /// Where vaults are reached instead of under their public name: a suffix, a host or a URL
    #[arg(long, global = true, value_name = "ENDPOINT")]
    pub(crate) private_endpoint: Option<PrivateEndpoint>,
    /// The tenant of Entra ID [variable: AZURE_TENANT_ID]; discover and --all take several
    #[arg(long = "tenant", global = true, value_name = "ID", value_delimiter = ',')]
    pub(crate) tenants: Vec<TenantId>,
    /// The client id of the service principal or user-assigned identity [variable: AZURE_CLIENT_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) client_id: Option<ClientId>,
    /// A file with the client secret [variable: AZURE_CLIENT_SECRET, with the secret itself]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Whom to be; without it, what the options and variables given can only mean
    #[arg(long, global = true, value_name = "KIND")]
    pub(crate) identity: Option<Identity>,
    /// More roots to trust, as a PEM file or one certificate in DER
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The proxy of all requests, "" for none [variable: HTTPS_PROXY, better where it has a password]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// What is reached without that proxy, with commas: hosts, domains, addresses [variable: NO_PROXY]
    #[arg(long, global = true, value_name = "LIST", value_delimiter = ',')]
    pub(crate) no_proxy: Vec<String>,
    /// How long one request with its retries may take, in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value = "120",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) deadline: u64,
    /// Read options from this TOML file; the command line and the environment come first
    #[arg(long, global = true, value_name = "FILE", env = "AKV_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// How data is printed to standard output
    #[arg(long, short, global = true, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Output,
    /// Tell more on standard error; -vv tells every request
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// How log lines are written to standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// Write log lines to this file too, at level info or more; at 10 MiB it is rotated, 4 old ones are kept
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// Append one JSON line to this file before each change and one after it; a change that cannot be
    /// recorded is not made
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) audit_file: Option<PathBuf>,
    /// Let core dumps and debuggers see the memory of this process, with its secrets
    #[arg(long, global = true, hide = true)]
    pub(crate) allow_core_dumps: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Columns for people
    Table,
    /// One JSON document
    Json,
    /// One JSON document a line, as soon as it is known
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// Columns for people, with all that is known (inventory only)
    Wide,
    /// The certificate as PEM (show only)
    Pem,
    /// The certificate as DER (show only)
    Der,
    /// A web page in one file (report only)
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Identity {
    /// A service principal with a secret (AZURE_CLIENT_SECRET or --client-secret-file)
    Secret,
    /// A service principal with a certificate (AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_CERTIFICATE_PASSWORD)
    Certificate,
    /// The managed identity of this machine; with --client-id the user-assigned one
    Managed,
    /// Workload identity federation (AZURE_FEDERATED_TOKEN_FILE)
    Workload,
    /// The login of the Azure CLI
    AzureCli,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct JobArgs {
    /// The job configuration as JSON; - or nothing is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Tell the whole chain of each certificate in an inventory
    #[arg(long)]
    pub(crate) chain: bool,
    /// Make the keys of Reenrollment jobs in the HSM of a premium vault; such a job has to ask for a
    /// non-exportable key
    #[arg(long)]
    pub(crate) hsm_keys: bool,
    /// How a discovery finds vaults
    #[arg(long, value_name = "CHOICE", default_value = "lists")]
    pub(crate) via: ViaChoice,
    /// Do not fetch a certificate whose thumbprint is that of the job's last inventory
    #[arg(long)]
    pub(crate) skip_unchanged: bool,
    #[command(flatten)]
    pub(crate) soft_deleted: SoftDeletedArgs,
    #[command(flatten)]
    pub(crate) issuers: IssuersArgs,
    /// A DNS suffix under which a job's private endpoint may get this machine's credentials; may be
    /// given several times [variable: AKV_ALLOWED_ENDPOINTS, with commas]
    #[arg(long = "allow-endpoint", value_name = "SUFFIX")]
    pub(crate) allowed_endpoints: Vec<EndpointSuffix>,
    /// Resolve {"file":"/path"} in a job to a file in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) secret_dir: Option<PathBuf>,
    /// Resolve {"env":"NAME"} in a job to a variable whose name begins with this prefix
    #[arg(long, value_name = "PREFIX", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) secret_env_prefix: Option<String>,
    /// How long the whole job may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3600",
          value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub(crate) job_deadline: u64,
    /// Cancel the job, as SIGTERM does, when the program that started this one ends. On Windows the
    /// configuration is then one line of standard input, which has to stay open
    #[arg(long)]
    pub(crate) exit_with_parent: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// How a command makes its changes.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Show what would be changed, without changing anything; the exit code is that of the real run
    /// as far as it can be known
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct IssuersArgs {
    /// CA certificates (PEM, or one in DER) that complete a certificate's chain where its file does not
    #[arg(long, value_name = "FILE")]
    pub(crate) chain_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SoftDeletedArgs {
    /// What an add does where the name is in soft delete
    #[arg(long, value_name = "CHOICE", default_value = "recover")]
    pub(crate) soft_deleted: SoftDeletedChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SoftDeletedChoice {
    /// Recover it and give it the new version
    Recover,
    /// Fail and change nothing
    Refuse,
}

const STORE: &str = "The vault: subscription:resource-group:vault, a resource id, a vault URL or a \
                     vault name";

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).multiple(true).args(["stores", "all"])))]
pub(crate) struct InventoryArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Tell the whole chain of each certificate; needs permission to read secrets
    #[arg(long)]
    pub(crate) chain: bool,
    /// A previous jsonl output: certificates that did not change since are not fetched again
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// How many certificates are fetched side by side, 1 to 256
    #[arg(long, value_name = "NUMBER", default_value = "64")]
    pub(crate) concurrency: Concurrency,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["stores", "all", "from"])))]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// An inventory in jsonl format instead of vaults; can be given several times; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Vec<PathBuf>,
    /// How many certificates are read side by side, 1 to 256
    #[arg(long, value_name = "NUMBER", default_value = "64")]
    pub(crate) concurrency: Concurrency,
    /// Also report the changes since this earlier inventory in jsonl format
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// Also report the differences from what Command has, according to this job configuration
    #[arg(long, value_name = "FILE", conflicts_with = "since")]
    pub(crate) last_inventory: Option<PathBuf>,
    /// Report certificates that expire within this number of days
    #[arg(long, value_name = "DAYS", default_value = "30",
          value_parser = clap::value_parser!(u32).range(0..=36500))]
    pub(crate) within: u32,
    /// Report certificates that were not renewed for this number of days
    #[arg(long, value_name = "DAYS", default_value = "400",
          value_parser = clap::value_parser!(u32).range(0..=36500))]
    pub(crate) stale: u32,
    /// Report certificates without this tag; can be given several times
    #[arg(long = "require-tag", value_name = "NAME", value_delimiter = ',')]
    pub(crate) required_tags: Vec<String>,
    /// The tag that names the owner of a certificate
    #[arg(long, value_name = "NAME", default_value = "owner")]
    pub(crate) owner_tag: String,
    /// Exit with code 6 if there is a finding with this code, or of this severity or higher
    #[arg(long, value_name = "CODE|SEVERITY", value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOn>,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
    /// The certificate's name; derived from its common name where none is given
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: Option<CertificateName>,
    #[command(flatten)]
    pub(crate) contents: ContentsArgs,
    #[command(flatten)]
    pub(crate) issuers: IssuersArgs,
    /// A tag; may be given up to 15 times
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    /// Make a new version where the name is taken
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Keep the tags that are there; those given win
    #[arg(long)]
    pub(crate) preserve_tags: bool,
    /// The key can never be taken out of the vault again
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
    /// A file with the password, without a line end or with one
    #[arg(long, value_name = "FILE", group = "password")]
    pub(crate) password_file: Option<PathBuf>,
    /// The environment variable with the password
    #[arg(long, value_name = "VARIABLE", group = "password")]
    pub(crate) password_env: Option<String>,
    /// The password is the first line of standard input
    #[arg(long, group = "password")]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
    /// The certificate's name
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: CertificateName,
    /// Purge it as well: it cannot be recovered
    #[arg(long)]
    pub(crate) purge: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[arg(
        value_name = "STORE",
        help = "The vault: subscription:resource-group:vault or a resource id"
    )]
    pub(crate) store: StorePath,
    /// standard, or premium with HSM keys
    #[arg(long, default_value = "standard")]
    pub(crate) sku: Sku,
    /// The region; the resource group's own where none is given
    #[arg(long)]
    pub(crate) region: Option<Region>,
    /// Access by access policy instead of by Azure role, for these object ids, separated by commas ("" for none)
    #[arg(long, value_name = "OBJECT_IDS", value_delimiter = ',')]
    pub(crate) access_policy: Option<Vec<String>>,
    /// Nobody can purge before the retention has passed; cannot be undone
    #[arg(long)]
    pub(crate) purge_protection: bool,
    /// Days of soft delete, 7 to 90
    #[arg(long, value_name = "DAYS", default_value = "90")]
    pub(crate) retention: RetentionDays,
    /// The vault answers through private endpoints only
    #[arg(long)]
    pub(crate) no_public_access: bool,
    /// A tag of the vault; may be given several times
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: Option<StorePath>,
    /// Check the permission to read secrets too, which an inventory with --chain needs
    #[arg(long)]
    pub(crate) chain: bool,
    /// Check that a Create job can use this region; the resource group's own where none is given
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<Region>,
    /// Check that a Create job can use this SKU: standard or premium
    #[arg(long, value_name = "SKU", default_value = "standard")]
    pub(crate) sku: Sku,
    /// Check the extension of the Universal Orchestrator that is installed in this directory
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
    /// For whom: kfutil store-types create --from-file, or the body of Command's API
    #[arg(long = "for", value_name = "READER", default_value = "kfutil", conflicts_with = "csv")]
    pub(crate) reader: Reader,
    /// The header of the file that kfutil stores import takes
    #[arg(long)]
    pub(crate) csv: bool,
    /// The store type offers Reenrollment too: keys are made in the vault, Command has them certified
    #[arg(long, conflicts_with = "csv")]
    pub(crate) reenrollment: bool,
    /// Whether Command takes certificates without a private key: optional, as the incumbent's store type
    /// has it, or required; Key Vault rejects them in any case
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
Exit codes: 0 success, 3 warning (something asked for is not so, nothing is broken), 4 failure,
2 wrong command line, 5 the result could not be written (standard error says what was done),
6 report findings that match --fail-on.
Data goes to standard output, messages to standard error.";

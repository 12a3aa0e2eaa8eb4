//! Options of every command.

use std::path::PathBuf;

use akv_core::{ClientId, Cloud, PrivateEndpoint, TenantId};
use clap::{Args, ValueEnum};

/// Options of every command: cloud, identity, network and output.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// The Azure cloud: public (the default), government or china
    #[arg(long, global = true, value_name = "CLOUD", conflicts_with = "cloud_file")]
    pub(crate) cloud: Option<Cloud>,
    /// Load the cloud's endpoints from this JSON file: authority, resource_manager, vault_suffix, audiences, ca_file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) cloud_file: Option<PathBuf>,
    /// Load the cloud's endpoints from this Resource Manager URL
    #[arg(long, global = true, value_name = "URL", conflicts_with_all = ["cloud", "cloud_file"])]
    pub(crate) resource_manager: Option<String>,
    /// Connect to vaults at this endpoint instead of the public name: a DNS suffix, a host or a URL
    #[arg(long, global = true, value_name = "ENDPOINT")]
    pub(crate) private_endpoint: Option<PrivateEndpoint>,
    /// The Entra ID tenant [variable: AZURE_TENANT_ID]; discover and --all accept several
    #[arg(long = "tenant", global = true, value_name = "ID", value_delimiter = ',')]
    pub(crate) tenants: Vec<TenantId>,
    /// The client ID of the service principal or user-assigned identity [variable: AZURE_CLIENT_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) client_id: Option<ClientId>,
    /// File containing the client secret [variable: AZURE_CLIENT_SECRET, the secret itself]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// How to authenticate. If omitted, inferred from the credential options and environment variables that are set
    #[arg(long, global = true, value_name = "KIND")]
    pub(crate) identity: Option<Identity>,
    /// Additional trust anchors: a PEM file, or one certificate in DER
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Proxy for all requests, "" for none [variable: HTTPS_PROXY; use it if the URL contains a password]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Connect to these hosts, domains and addresses without the proxy [variable: NO_PROXY]
    #[arg(long, global = true, value_name = "LIST", value_delimiter = ',')]
    pub(crate) no_proxy: Vec<String>,
    /// Deadline for one request including its retries, in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value = "120",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) deadline: u64,
    /// Read options from this TOML file; the command line and the environment take precedence
    #[arg(long, global = true, value_name = "FILE", env = "AKV_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// Output format of the data on standard output
    #[arg(long, short, global = true, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Output,
    /// Increase log verbosity: -v info, -vv debug, including every HTTP request
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Format of the log lines on standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// Also write log lines of level info and above to this file; rotated at 10 MiB, 4 old files are kept
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// Append one JSON line to this audit file before and after each change; a change that cannot be
    /// recorded is not made
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) audit_file: Option<PathBuf>,
    /// Allow core dumps and debuggers to read the memory of this process, including secrets
    #[arg(long, global = true, hide = true)]
    pub(crate) allow_core_dumps: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A table
    Table,
    /// One JSON document
    Json,
    /// One JSON document per line, printed as soon as it is known
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// A table with all columns (inventory only)
    Wide,
    /// The certificate as PEM (show only)
    Pem,
    /// The certificate as DER (show only)
    Der,
    /// A self-contained web page (report only)
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
    /// The managed identity of this machine; with --client-id a user-assigned identity
    Managed,
    /// Workload identity federation (AZURE_FEDERATED_TOKEN_FILE)
    Workload,
    /// The account that is signed in to the Azure CLI
    AzureCli,
}

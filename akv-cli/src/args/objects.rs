//! The options of commands on one certificate, live or deleted.

use akv_core::{CertificateName, StorePath};
use clap::Args;

use super::{ChangeArgs, STORE};

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
    /// Name of the certificate in the vault
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: CertificateName,
    /// Include the full certificate chain; requires permission to read secrets
    #[arg(long)]
    pub(crate) chain: bool,
    /// List all versions, enabled or disabled, newest first
    #[arg(long)]
    pub(crate) versions: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListDeletedArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
}

/// A soft-deleted certificate.
#[derive(Debug, Args)]
pub(crate) struct DeletedArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
    /// Name of the certificate in the vault
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: CertificateName,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

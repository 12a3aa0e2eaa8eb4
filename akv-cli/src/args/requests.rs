//! The options of `akv request`, `akv merge` and `akv cancel`.

use std::path::PathBuf;

use akv_core::bundle::{AlternativeName, SubjectName};
use akv_core::{CertificateName, RequestedKey, StorePath};
use clap::{ArgGroup, Args};

use super::{ChangeArgs, IssuersArgs, STORE, tag};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("wanted").required(true).multiple(true)))]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate option")]
pub(crate) struct RequestArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
    /// Name of the certificate in the vault
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: CertificateName,
    /// The subject, for example 'CN=www.example.com,O="Example, Inc."' or CN=www.example.com,O=Example\, Inc.
    #[arg(long, value_name = "NAME", group = "wanted")]
    pub(crate) subject: Option<SubjectName>,
    /// A DNS name; repeatable
    #[arg(long, value_name = "NAME", value_parser = AlternativeName::dns, group = "wanted")]
    pub(crate) dns: Vec<AlternativeName>,
    /// An email address; repeatable
    #[arg(long, value_name = "ADDRESS", value_parser = AlternativeName::email, group = "wanted")]
    pub(crate) email: Vec<AlternativeName>,
    /// A user principal name; repeatable
    #[arg(long, value_name = "NAME", value_parser = AlternativeName::user_principal_name, group = "wanted")]
    pub(crate) upn: Vec<AlternativeName>,
    /// An IP address; repeatable
    #[arg(long, value_name = "ADDRESS", value_parser = AlternativeName::address, group = "wanted")]
    pub(crate) ip: Vec<AlternativeName>,
    /// A URI; repeatable
    #[arg(long, value_name = "URI", value_parser = AlternativeName::uri, group = "wanted")]
    pub(crate) uri: Vec<AlternativeName>,
    /// Renew: take subject, names, key type and tags from the newest version
    #[arg(long, group = "wanted", requires = "overwrite",
          conflicts_with_all = ["subject", "dns", "email", "upn", "ip", "uri", "key", "hsm", "non_exportable"])]
    pub(crate) like: bool,
    /// The key type: rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384 or ec-p521
    #[arg(long, value_name = "KIND", default_value = "rsa-2048")]
    pub(crate) key: RequestedKey,
    /// Create the key in the HSM of a premium vault; implies --non-exportable. If omitted, the key is a
    /// software key
    #[arg(long)]
    pub(crate) hsm: bool,
    /// Create a non-exportable private key
    #[arg(long)]
    pub(crate) non_exportable: bool,
    /// A tag of the certificate; repeatable, up to 15 tags
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    /// Request a new version if the name exists; the current version stays in use until the merge
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("issued").required(true)))]
pub(crate) struct MergeArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
    /// Name of the certificate in the vault
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: CertificateName,
    /// The issued certificate with its chain, PEM or DER; - is standard input
    #[arg(long, value_name = "FILE", group = "issued")]
    pub(crate) pem: Option<PathBuf>,
    /// The issued certificate with its chain, PKCS#7; - is standard input
    #[arg(long, value_name = "FILE", group = "issued")]
    pub(crate) p7b: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) issuers: IssuersArgs,
    /// Replace the tags of the request; repeatable, up to 15 tags
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    #[arg(value_name = "STORE", help = STORE)]
    pub(crate) store: StorePath,
    /// Name of the certificate in the vault
    #[arg(long, value_name = "NAME")]
    pub(crate) alias: CertificateName,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

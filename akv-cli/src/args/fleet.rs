//! Options that select stores.

use std::convert::Infallible;
use std::str::FromStr;

use akv_core::job::Via;
use akv_core::{ResourceGroupName, StorePath, SubscriptionId, VaultName};
use clap::{Args, ValueEnum};
use wildmatch::WildMatch;

/// Vaults by their store paths, or all vaults of a discovery.
#[derive(Debug, Clone, Args)]
pub(crate) struct SelectionArgs {
    #[arg(
        value_name = "STORE",
        help = "Vaults: subscription:resource-group:vault, a resource ID, a vault URL or a vault name"
    )]
    pub(crate) stores: Vec<StorePath>,
    /// All vaults of --tenant that are visible to this identity
    #[arg(long, conflicts_with = "stores")]
    pub(crate) all: bool,
    /// With --all: only vaults in this subscription; repeatable
    #[arg(long = "subscription", value_name = "ID", value_delimiter = ',')]
    pub(crate) subscriptions: Vec<SubscriptionId>,
    /// With --all: only vaults in resource groups with this name; repeatable
    #[arg(long = "resource-group", value_name = "NAME", value_delimiter = ',')]
    pub(crate) resource_groups: Vec<ResourceGroupName>,
    /// With --all: only vaults with a matching name (wildcards * and ?); repeatable
    #[arg(long = "vault", value_name = "GLOB", value_delimiter = ',')]
    pub(crate) vaults: Vec<Pattern>,
    /// With --all: skip vaults with a matching name; repeatable
    #[arg(long = "exclude", value_name = "GLOB", value_delimiter = ',')]
    pub(crate) exclude: Vec<Pattern>,
    #[command(flatten)]
    pub(crate) via: ViaArgs,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ViaArgs {
    /// How to find vaults; by default Resource Graph, and lists if its result is incomplete
    #[arg(long, value_name = "CHOICE")]
    pub(crate) via: Option<ViaChoice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViaChoice {
    /// Resource Manager: one request per subscription
    Lists,
    /// Resource Graph: one request per 1,000 vaults; new vaults appear with a delay
    Graph,
}

impl ViaArgs {
    pub(crate) fn resolved(self) -> Via {
        self.via.map_or(Via::QueryOrLists, ViaChoice::resolved)
    }
}

impl ViaChoice {
    pub(crate) fn resolved(self) -> Via {
        match self {
            Self::Lists => Via::Lists,
            Self::Graph => Via::Query,
        }
    }
}

/// A pattern for vault names: `*` is any text and `?` one character.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(WildMatch);

impl Pattern {
    pub(crate) fn matches(&self, vault: &VaultName) -> bool {
        self.0.matches(vault.as_str())
    }
}

impl FromStr for Pattern {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(WildMatch::new_case_insensitive(text.trim())))
    }
}

//! Options that select stores.

use std::convert::Infallible;
use std::str::FromStr;

use akv_core::job::Via;
use akv_core::{ResourceGroupName, StorePath, SubscriptionId, VaultName};
use clap::{Args, ValueEnum};
use wildmatch::WildMatch;

/// Stores by their paths, or all that can be found.
#[derive(Debug, Clone, Args)]
pub(crate) struct SelectionArgs {
    #[arg(
        value_name = "STORE",
        help = "Vaults: subscription:resource-group:vault, a resource id, a vault URL or a vault name"
    )]
    pub(crate) stores: Vec<StorePath>,
    /// Every vault that this identity can find in --tenant
    #[arg(long, conflicts_with = "stores")]
    pub(crate) all: bool,
    /// With --all: only vaults in this subscription; can be given several times
    #[arg(long = "subscription", value_name = "ID", value_delimiter = ',')]
    pub(crate) subscriptions: Vec<SubscriptionId>,
    /// With --all: only vaults in resource groups of this name; can be given several times
    #[arg(long = "resource-group", value_name = "NAME", value_delimiter = ',')]
    pub(crate) resource_groups: Vec<ResourceGroupName>,
    /// With --all: only vaults whose name matches, with * and ?; can be given several times
    #[arg(long = "vault", value_name = "GLOB", value_delimiter = ',')]
    pub(crate) vaults: Vec<Pattern>,
    /// With --all: no vaults whose name matches; can be given several times
    #[arg(long = "exclude", value_name = "GLOB", value_delimiter = ',')]
    pub(crate) exclude: Vec<Pattern>,
    #[command(flatten)]
    pub(crate) via: ViaArgs,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ViaArgs {
    /// How vaults are found; by default Resource Graph, and lists where its answer is not complete
    #[arg(long, value_name = "CHOICE")]
    pub(crate) via: Option<ViaChoice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViaChoice {
    /// Resource Manager: one request for each subscription
    Lists,
    /// Resource Graph: one request for a thousand vaults; new vaults appear with a delay
    Graph,
}

impl ViaArgs {
    pub(crate) fn meaning(self) -> Via {
        self.via.map_or(Via::QueryOrLists, ViaChoice::meaning)
    }
}

impl ViaChoice {
    pub(crate) fn meaning(self) -> Via {
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

//! The input of a report beside certificates.

use super::store::Store;
use crate::directory::{PublicAccess, PurgeProtection};

/// The settings of a vault; `None` if the source does not know them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VaultFacts {
    /// The vault.
    pub store: Store,
    /// Whether purging before the end of the retention period is impossible.
    pub purge_protection: Option<PurgeProtection>,
    /// Whether every network can reach it.
    pub public_access: Option<PublicAccess>,
}

impl VaultFacts {
    /// A vault without known settings.
    pub fn new(store: Store) -> Self {
        Self { store, purge_protection: None, public_access: None }
    }
}

setters! {
    VaultFacts {
        with_purge_protection(purge_protection: impl Into<Option<PurgeProtection>>),
        with_public_access(public_access: impl Into<Option<PublicAccess>>),
    }
}

/// A store that could not be read: its certificates are unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedStore {
    /// The store.
    pub store: Store,
    /// The reason, for people.
    pub error: String,
}

impl FailedStore {
    /// Takes the store and the reason.
    pub fn new(store: Store, error: impl Into<String>) -> Self {
        Self { store, error: error.into() }
    }
}

//! What a report takes beside certificates.

use super::store::Store;
use crate::directory::{PublicAccess, PurgeProtection};

/// The settings of a vault; `None` where the source does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VaultFacts {
    /// Which vault.
    pub store: Store,
    /// Whether nobody can purge before the retention has passed.
    pub purge_protection: Option<PurgeProtection>,
    /// Whether every network can reach it.
    pub public_access: Option<PublicAccess>,
}

impl VaultFacts {
    /// A vault of which no setting is known.
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

/// A store that could not be read: nothing is known of its certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedStore {
    /// Which store.
    pub store: Store,
    /// Why, for people.
    pub error: String,
}

impl FailedStore {
    /// This store, and why it could not be read.
    pub fn new(store: Store, error: impl Into<String>) -> Self {
        Self { store, error: error.into() }
    }
}

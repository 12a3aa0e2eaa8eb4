//! What a report takes beside certificates.

use super::store::Store;
use crate::directory::{PublicAccess, PurgeProtection};

/// The settings of a vault; `None` where the source does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultFacts {
    /// Which vault.
    pub store: Store,
    /// Whether nobody can purge before the retention has passed.
    pub purge_protection: Option<PurgeProtection>,
    /// Whether every network can reach it.
    pub public_access: Option<PublicAccess>,
}

/// A store that could not be read: nothing is known of its certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedStore {
    /// Which store.
    pub store: Store,
    /// Why, for people.
    pub error: String,
}

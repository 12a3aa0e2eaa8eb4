//! The state of a cloud that outlives its process.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::arm::{DeletedVault, Subscription};
use crate::cloud::state::State;
use crate::entra::{Principal, Tenant};
use crate::vault::Vault;

/// The persistent part of the state.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    tenants: Vec<Tenant>,
    principals: Vec<Principal>,
    subscriptions: BTreeMap<String, Subscription>,
    vaults: BTreeMap<String, Vault>,
    deleted_vaults: BTreeMap<String, DeletedVault>,
    ids_given: u64,
}

impl Saved {
    pub(super) fn of(state: &State) -> Self {
        Self {
            tenants: state.entra.tenants.clone(),
            principals: state.entra.principals.clone(),
            subscriptions: state.arm.subscriptions.clone(),
            vaults: state.vaults.clone(),
            deleted_vaults: state.arm.deleted.clone(),
            ids_given: state.ids_given,
        }
    }

    pub(super) fn put_into(self, state: &mut State) {
        state.entra.tenants = self.tenants;
        state.entra.principals = self.principals;
        state.arm.subscriptions.extend(self.subscriptions);
        state.arm.deleted = self.deleted_vaults;
        state.vaults = self.vaults;
        state.ids_given = self.ids_given;
    }
}

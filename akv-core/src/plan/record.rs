//! The recorded changes of a plan, and the planned state of each name.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::report::{Planned, PlannedChange};
use super::requests::PlannedRequests;
use super::store::PlannedStore;
use crate::certificate::{Certificate, CertificateName, DeletedCertificate};
use crate::certificate_requests::{CertificateRequests, PendingRequest};
use crate::change::Action;
use crate::directory::VaultDirectory;
use crate::layer::{Identity, Layer, LayeredDirectory};
use crate::store::CertificateStore;
use crate::vault::VaultName;

/// A plan in progress: ports behind it are read and never changed. Clones share one plan.
#[derive(Clone, Default)]
pub struct Plan(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    planned: Planned,
    names: HashMap<(VaultName, CertificateName), NameState>,
    requests: HashMap<(VaultName, CertificateName), RequestState>,
    /// Vaults that the plan creates: they cannot be read yet.
    new_vaults: HashSet<VaultName>,
}

/// The planned state of a name.
#[derive(Clone)]
pub(super) struct NameState {
    pub(super) live: Option<Certificate>,
    pub(super) deleted: Option<DeletedCertificate>,
    /// Whether the plan recovered it.
    pub(super) recovered: bool,
}

/// The planned request of a name.
#[derive(Clone)]
pub(super) enum RequestState {
    Pending(PendingRequest),
    Gone,
}

impl Plan {
    /// An empty plan.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the recorded changes and resets the plan.
    pub fn finish(&self) -> Planned {
        let mut planned = std::mem::take(&mut *self.state()).planned;
        if !planned.changes.is_empty() {
            planned.unknown.push(
                "whether the service accepts these changes (write permissions, policies and locks \
                 cannot be checked by reading)"
                    .to_owned(),
            );
        }
        planned
    }

    pub(super) fn record(
        &self,
        action: Action,
        vault: &VaultName,
        name: Option<&CertificateName>,
        detail: String,
    ) {
        self.state().planned.changes.push(PlannedChange {
            action,
            vault: vault.to_string(),
            name: name.map(ToString::to_string),
            detail,
        });
    }

    pub(super) fn cannot_know(&self, what: String) {
        let unknown = &mut self.state().planned.unknown;
        if !unknown.contains(&what) {
            unknown.push(what);
        }
    }

    pub(super) fn known(&self, vault: &VaultName, name: &CertificateName) -> Option<NameState> {
        let state = self.state();
        let known = state.names.get(&(vault.clone(), name.clone())).cloned();
        let nothing = || NameState { live: None, deleted: None, recovered: false };
        known.or_else(|| state.new_vaults.contains(vault).then(nothing))
    }

    pub(super) fn will_be(&self, vault: &VaultName, name: &CertificateName, known: NameState) {
        self.state().names.insert((vault.clone(), name.clone()), known);
    }

    /// The planned request of that name; `None`: the plan does not change it.
    pub(super) fn request(
        &self,
        vault: &VaultName,
        name: &CertificateName,
    ) -> Option<RequestState> {
        self.state().requests.get(&(vault.clone(), name.clone())).cloned()
    }

    pub(super) fn will_request(
        &self,
        vault: &VaultName,
        name: &CertificateName,
        request: RequestState,
    ) {
        self.state().requests.insert((vault.clone(), name.clone()), request);
    }

    pub(super) fn is_new(&self, vault: &VaultName) -> bool {
        self.state().new_vaults.contains(vault)
    }

    pub(super) fn will_have(&self, vault: VaultName) {
        self.state().new_vaults.insert(vault);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each method makes one change, so a panic elsewhere leaves nothing incomplete.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Layer for Plan {
    fn store(
        &self,
        store: Arc<dyn CertificateStore>,
        _identity: Arc<dyn Identity>,
    ) -> Arc<dyn CertificateStore> {
        Arc::new(PlannedStore::new(store, self.clone()))
    }

    fn directory(
        &self,
        directory: Arc<dyn VaultDirectory>,
        _identity: Arc<dyn Identity>,
    ) -> Arc<dyn VaultDirectory> {
        Arc::new(LayeredDirectory { inner: directory, layer: self.clone() })
    }

    fn requests(
        &self,
        store: Arc<dyn CertificateStore>,
        requests: Arc<dyn CertificateRequests>,
        _identity: Arc<dyn Identity>,
    ) -> (Arc<dyn CertificateStore>, Arc<dyn CertificateRequests>) {
        let store = PlannedStore::new(store, self.clone());
        let requests = PlannedRequests { inner: requests, store: store.clone() };
        (Arc::new(store), Arc::new(requests))
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plan").field(&self.state().planned.changes).finish()
    }
}

/// A placeholder for a version that the service would assign.
pub(super) const NEW_VERSION: &str = "00000000000000000000000000000000";

//! A vault in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bundle::{KeyKind, X509};
use crate::certificate_der::CertificateDer;
use crate::{
    Attributes, Certificate, CertificateName, CertificateStore, CertificateVersions,
    DeletedCertificate, Deletion, Error, ErrorKind, Import, KeyState, ListOptions,
    ListedCertificate, OperationState, Pending, Purged, Result, SoftDeletedCertificates, Tags,
    VaultName, Version,
};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use time::OffsetDateTime;

use crate::memory::script::Often;
use crate::memory::state::{Entry, Gone, RETENTION, State};
use crate::memory::store_call::StoreCall;

/// A [`CertificateStore`] in memory with the behavior of the service: case-insensitive names,
/// versions, soft delete, conflicts. It settles at once, and has failures on demand.
///
/// ```
/// use akv_core::{CertificateStore, Denial, Error, ErrorKind};
/// use akv_core::memory::{MemoryStore, StoreCall};
///
/// # futures::executor::block_on(async {
/// let store = MemoryStore::new("contoso")?;
/// let denied = Error::new(ErrorKind::Denied(Denial::Rbac), "get certificate web", "not allowed");
/// store.fail(StoreCall::Certificate, denied);
/// let found = store.certificate(&"web".parse()?).await;
/// assert_eq!(found.expect_err("a failure").kind(), ErrorKind::Denied(Denial::Rbac));
/// # Ok::<(), akv_core::InvalidValue>(())
/// # })?;
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
///
/// Clones share one vault.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    vault: VaultName,
    state: Arc<Mutex<State>>,
}

impl MemoryStore {
    /// An empty vault.
    pub fn new(vault: &str) -> std::result::Result<Self, crate::InvalidValue> {
        Ok(Self { vault: vault.parse()?, state: Arc::default() })
    }

    /// Sets the time for `created`, `updated` and `deleted`; by default the machine's time.
    pub fn set_now(&self, now: OffsetDateTime) {
        self.state().now = Some(now);
    }

    /// Makes a call fail from now on.
    pub fn fail(&self, call: StoreCall, error: Error) {
        self.state().script.fail(call, None, error, Often::Always);
    }

    /// Makes only the next such call fail.
    pub fn fail_once(&self, call: StoreCall, error: Error) {
        self.state().script.fail(call, None, error, Often::Once);
    }

    /// Makes a call fail for one certificate.
    pub fn fail_for(&self, call: StoreCall, name: &CertificateName, error: Error) {
        self.state().script.fail(call, Some(name.to_string()), error, Often::Always);
    }

    /// Makes the list end with an error after this many items.
    pub fn break_list_after(&self, items: usize, error: Error) {
        self.state().list_breaks = Some((items, error));
    }

    /// Removes all failures.
    pub fn heal(&self) {
        let mut state = self.state();
        state.script.heal();
        state.list_breaks = None;
    }

    /// Inserts a certificate unchanged, for example a pending one without a thumbprint.
    pub fn insert(&self, certificate: Certificate) {
        let mut state = self.state();
        let entry = state.live.entry(certificate.name.clone());
        let entry = entry.or_insert_with(|| Entry { versions: Vec::new() });
        entry.versions.push((certificate, Vec::new()));
    }

    /// Returns this certificate for the next read of its name, whatever the state: a read before a
    /// concurrent change.
    pub fn show_once(&self, certificate: Certificate) {
        self.state().shown_once = Some(certificate);
    }

    /// Yields to other tasks after each read, as a slow service does.
    pub fn yield_often(&self) {
        self.state().yields = true;
    }

    /// Disables the newest version of a certificate.
    pub fn disable(&self, name: &CertificateName) {
        let mut state = self.state();
        let newest = state.live.get_mut(name).and_then(|entry| entry.versions.last_mut());
        if let Some((newest, _)) = newest {
            newest.attributes.enabled = false;
        }
    }

    /// Sets the state of a certificate's creation.
    pub fn set_operation(&self, name: CertificateName, state: OperationState) {
        self.state().operations.insert(name, state);
    }

    /// A copy of this vault with its current contents and failures, and an empty log of calls.
    #[must_use]
    pub fn twin(&self) -> Self {
        let mut state = self.state().clone();
        state.script.forget_calls();
        Self { vault: self.vault.clone(), state: Arc::new(Mutex::new(state)) }
    }

    /// The calls that fail from now on.
    pub fn failing_calls(&self) -> Vec<StoreCall> {
        self.state().script.failing()
    }

    /// The calls so far, each with the certificate name.
    pub fn calls(&self) -> Vec<(StoreCall, String)> {
        self.state().script.calls()
    }

    /// The versions of a live certificate, oldest first.
    pub fn versions(&self, name: &CertificateName) -> Vec<Certificate> {
        let state = self.state();
        let versions = state.live.get(name).map(|entry| entry.versions.as_slice());
        versions.unwrap_or_default().iter().map(|(version, _)| version.clone()).collect()
    }

    fn enter(&self, call: StoreCall, name: &CertificateName) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.script.enter(call, name.as_str())?;
        Ok(state)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Every method leaves the state consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(
        &self,
        kind: ErrorKind,
        attempted: &str,
        name: &CertificateName,
        problem: &str,
    ) -> Error {
        Error::new(kind, format!("{attempted} certificate {name} in vault {}", self.vault), problem)
    }
}

#[async_trait]
impl CertificateStore for MemoryStore {
    fn vault(&self) -> &VaultName {
        &self.vault
    }

    fn finishing(&self) -> Arc<dyn CertificateStore> {
        Arc::new(self.clone())
    }

    fn list(&self, options: ListOptions) -> BoxStream<'_, Result<ListedCertificate>> {
        let mut state = self.state();
        if let Err(error) = state.script.enter(StoreCall::List, "") {
            return stream::iter([Err(error)]).boxed();
        }
        let counts = |one: &&Certificate| {
            options.pending == Pending::Include || !state.is_in_progress(&one.name)
        };
        let newest = state.live.values().filter_map(Entry::newest).filter(counts);
        let listed = newest.map(|newest| {
            Ok(ListedCertificate::new(newest.name.clone())
                .with_thumbprint(newest.thumbprint)
                .with_attributes(newest.attributes.clone())
                .with_tags(newest.tags.clone()))
        });
        let mut items: Vec<Result<ListedCertificate>> = listed.collect();
        if let Some((after, error)) = &state.list_breaks {
            items.truncate(*after);
            items.push(Err(error.clone()));
        }
        stream::iter(items).boxed()
    }

    async fn certificate(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        let (seen, yields) = {
            let mut state = self.enter(StoreCall::Certificate, name)?;
            let shown = state.shown_once.take_if(|shown| shown.name == *name);
            let newest = state.live.get(name).and_then(Entry::newest).cloned();
            (shown.or(newest), state.yields)
        };
        if yields {
            yield_now().await;
        }
        Ok(seen)
    }

    async fn chain(
        &self,
        name: &CertificateName,
        version: &Version,
    ) -> Result<Vec<CertificateDer>> {
        let state = self.enter(StoreCall::Chain, name)?;
        let versions = state.live.get(name).map(|entry| entry.versions.as_slice());
        let found = versions.unwrap_or_default().iter().find(|(c, _)| c.version == *version);
        found.map(|(_, chain)| chain.clone()).ok_or_else(|| {
            self.error(ErrorKind::Absent, "read the chain of", name, "there is no such version")
        })
    }

    async fn operation(&self, name: &CertificateName) -> Result<Option<OperationState>> {
        let state = self.enter(StoreCall::Operation, name)?;
        Ok(state.operations.get(name).copied())
    }

    async fn deleted(&self, name: &CertificateName) -> Result<Option<DeletedCertificate>> {
        let state = self.enter(StoreCall::Deleted, name)?;
        let found = state.deleted.get(name);
        Ok(found.and_then(|gone| {
            Some(
                DeletedCertificate::new(gone.entry.newest()?.clone())
                    .with_deleted(gone.at)
                    .with_scheduled_purge(gone.at + RETENTION),
            )
        }))
    }

    async fn import(&self, import: &Import) -> Result<Certificate> {
        let name = &import.name;
        let mut state = self.enter(StoreCall::Import, name)?;
        if state.deleted.contains_key(name) {
            let problem = "a certificate with this name is soft-deleted";
            return Err(self.error(ErrorKind::SoftDeleted, "import", name, problem));
        }
        if state.is_in_progress(name) {
            let problem = "an operation is in progress for this name";
            return Err(self.error(ErrorKind::Conflict, "import", name, problem));
        }
        let version = state.fresh_version()?;
        let now = state.now();
        let leaf = import.bundle.leaf();
        let entry = state.live.entry(name.clone());
        let entry = entry.or_insert_with(|| Entry { versions: Vec::new() });
        // The name keeps the letter case of its creation.
        let shown = entry.newest().map_or_else(|| name.clone(), |newest| newest.name.clone());
        let certificate = Certificate::new(shown, version)
            .with_der(CertificateDer::from(leaf.der()))
            .with_thumbprint(leaf.thumbprint())
            .with_attributes(
                Attributes::default()
                    .with_enabled(true)
                    .with_not_before(leaf.not_before())
                    .with_expires(leaf.not_after())
                    .with_created(now)
                    .with_updated(now),
            )
            .with_tags(import.tags.clone())
            .with_key(
                KeyState::default()
                    .with_exportable(import.exportable)
                    .with_kind(kind_of(&import.bundle.key_kind())),
            );
        let chain = std::iter::once(leaf).chain(import.bundle.chain()).map(X509::der);
        let chain = chain.map(CertificateDer::from).collect();
        entry.versions.push((certificate.clone(), chain));
        Ok(certificate)
    }

    async fn update_tags(&self, name: &CertificateName, tags: &Tags) -> Result<Certificate> {
        let mut state = self.enter(StoreCall::UpdateTags, name)?;
        let now = state.now();
        let newest = state.live.get_mut(name).and_then(|entry| entry.versions.last_mut());
        let Some((newest, _)) = newest else {
            let problem = "there is no such certificate";
            return Err(self.error(ErrorKind::Absent, "update tags of", name, problem));
        };
        newest.tags.clone_from(tags);
        newest.attributes.updated = Some(now);
        Ok(newest.clone())
    }

    async fn delete(&self, name: &CertificateName) -> Result<Option<Deletion>> {
        let mut state = self.enter(StoreCall::Delete, name)?;
        let Some((name, entry)) = state.live.remove_entry(name) else { return Ok(None) };
        let at = state.now();
        state.operations.remove(&name);
        state.deleted.insert(name, Gone { entry, at });
        Ok(Some(Deletion::SoftDeleted))
    }

    async fn recover(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        let mut state = self.enter(StoreCall::Recover, name)?;
        let Some((name, gone)) = state.deleted.remove_entry(name) else { return Ok(None) };
        let newest = gone.entry.newest().cloned();
        state.live.insert(name, gone.entry);
        Ok(newest)
    }

    async fn purge(&self, name: &CertificateName) -> Result<Purged> {
        let mut state = self.enter(StoreCall::Purge, name)?;
        let purged = state.deleted.remove(name);
        Ok(purged.map_or(Purged::NothingThere, |_| Purged::Done))
    }

    fn soft_deleted(&self) -> Option<&dyn SoftDeletedCertificates> {
        Some(self)
    }

    fn versions(&self) -> Option<&dyn CertificateVersions> {
        Some(self)
    }
}

/// Yields to other tasks once.
async fn yield_now() {
    let mut waited = false;
    futures::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// The service's name of a key type.
fn kind_of(kind: &KeyKind) -> String {
    match kind {
        KeyKind::Rsa { .. } => "RSA".to_owned(),
        KeyKind::Ec(_) => "EC".to_owned(),
        other => other.to_string(),
    }
}

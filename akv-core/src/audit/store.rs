//! Audits the changes of a vault.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::event::State;
use super::record::{Audit, Change, Made};
use crate::certificate::{
    Certificate, CertificateName, DeletedCertificate, ListedCertificate, Version,
};
use crate::certificate_der::CertificateDer;
use crate::change::Action;
use crate::error::Result;
use crate::job::Mark;
use crate::layer::Identity;
use crate::soft_deleted::SoftDeletedCertificates;
use crate::store::{
    CertificateStore, Deletion, Import, ListOptions, OperationState, Precondition, Purged,
};
use crate::store_details::CertificateDetails;
use crate::tags::Tags;
use crate::vault::VaultName;
use crate::versions::CertificateVersions;

#[derive(Clone)]
pub(super) struct AuditedStore {
    inner: Arc<dyn CertificateStore>,
    audit: Audit,
    identity: Arc<dyn Identity>,
    /// The last known state of each name that the job has read.
    seen: Arc<Mutex<HashMap<CertificateName, Seen>>>,
}

#[derive(Clone)]
struct Seen {
    live: Option<Certificate>,
    /// Whether this job recovered it.
    recovered: bool,
}

impl AuditedStore {
    pub(super) fn new(
        inner: Arc<dyn CertificateStore>,
        audit: Audit,
        identity: Arc<dyn Identity>,
    ) -> Self {
        Self { inner, audit, identity, seen: Arc::default() }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<CertificateName, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_seen(&self, name: &CertificateName) -> Option<Seen> {
        self.seen().get(name).cloned()
    }

    pub(super) fn see(&self, name: &CertificateName, live: Option<&Certificate>, recovered: bool) {
        self.seen().insert(name.clone(), Seen { live: live.cloned(), recovered });
    }

    /// The newest version in its last known state. A pending certificate has none.
    pub(super) fn state(&self, name: &CertificateName) -> State {
        let seen = self.last_seen(name).and_then(|seen| seen.live);
        let seen = seen.filter(|live| live.thumbprint.is_some() || live.der.is_some());
        seen.as_ref().map(State::from).unwrap_or_default()
    }

    pub(super) async fn record<T>(
        &self,
        action: Action,
        name: &CertificateName,
        before: State,
        send: impl Future<Output = Result<T>>,
        made: impl FnOnce(&T) -> Made,
    ) -> Result<T> {
        let change = Change { action, vault: self.vault(), name: Some(name), before };
        self.audit.record(change, &*self.identity, send, made).await
    }
}

#[async_trait]
impl CertificateStore for AuditedStore {
    fn vault(&self) -> &VaultName {
        self.inner.vault()
    }

    fn finishing(&self) -> Arc<dyn CertificateStore> {
        Arc::new(Self { inner: self.inner.finishing(), ..self.clone() })
    }

    fn list(&self, options: ListOptions) -> BoxStream<'_, Result<ListedCertificate>> {
        self.inner.list(options)
    }

    async fn certificate(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        let found = self.inner.certificate(name).await?;
        let recovered = self.last_seen(name).is_some_and(|seen| seen.recovered);
        self.see(name, found.as_ref(), recovered);
        Ok(found)
    }

    async fn chain(
        &self,
        name: &CertificateName,
        version: &Version,
    ) -> Result<Vec<CertificateDer>> {
        self.inner.chain(name, version).await
    }

    async fn operation(&self, name: &CertificateName) -> Result<Option<OperationState>> {
        self.inner.operation(name).await
    }

    async fn deleted(&self, name: &CertificateName) -> Result<Option<DeletedCertificate>> {
        self.inner.deleted(name).await
    }

    async fn import(&self, import: &Import) -> Result<Certificate> {
        let name = &import.name;
        let before = match import.precondition {
            Precondition::Absent => State::default(),
            Precondition::Present => self.state(name),
        };
        let send = self.inner.import(import);
        let made = |made: &Certificate| Made::Done(made.into());
        let imported = self.record(Action::Import, name, before, send, made).await?;
        self.see(name, Some(&imported), false);
        Ok(imported)
    }

    async fn update_tags(&self, name: &CertificateName, tags: &Tags) -> Result<Certificate> {
        let seen = self.last_seen(name);
        let recovered = seen.as_ref().is_some_and(|seen| seen.recovered);
        let had = seen.and_then(|seen| seen.live).map(|live| live.tags).unwrap_or_default();
        let send = self.inner.update_tags(name, tags);
        let updated = if Mark::is_part_of_recovery(recovered, &had, tags) {
            send.await?
        } else {
            let made = |made: &Certificate| Made::Done(made.into());
            self.record(Action::Update, name, self.state(name), send, made).await?
        };
        self.see(name, Some(&updated), recovered);
        Ok(updated)
    }

    async fn delete(&self, name: &CertificateName) -> Result<Option<Deletion>> {
        if self.last_seen(name).is_none() {
            // Reads the certificate before its deletion; a failure here does not matter.
            let _ = self.certificate(name).await;
        }
        let send = self.inner.delete(name);
        let made = |made: &Option<Deletion>| match made {
            Some(_) => Made::Done(State::default()),
            None => Made::Nothing,
        };
        let deleted = self.record(Action::Delete, name, self.state(name), send, made).await?;
        self.see(name, None, false);
        Ok(deleted)
    }

    async fn recover(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        let send = self.inner.recover(name);
        let made = |made: &Option<Certificate>| match made {
            Some(live) => Made::Done(live.into()),
            None => Made::Nothing,
        };
        let recovered = self.record(Action::Recover, name, State::default(), send, made).await?;
        self.see(name, recovered.as_ref(), recovered.is_some());
        Ok(recovered)
    }

    async fn purge(&self, name: &CertificateName) -> Result<Purged> {
        let deleted = self.inner.deleted(name).await.ok().flatten();
        let before = deleted.map(|it| State::from(&it.certificate)).unwrap_or_default();
        let send = self.inner.purge(name);
        let made = |made: &Purged| match made {
            Purged::Done => Made::Done(State::default()),
            Purged::NothingThere => Made::Nothing,
        };
        self.record(Action::Purge, name, before, send, made).await
    }

    fn soft_deleted(&self) -> Option<&dyn SoftDeletedCertificates> {
        self.inner.soft_deleted()
    }

    fn versions(&self) -> Option<&dyn CertificateVersions> {
        self.inner.versions()
    }

    fn details(&self) -> Option<&dyn CertificateDetails> {
        self.inner.details()
    }
}

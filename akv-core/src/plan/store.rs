//! A vault that answers reads and records changes.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};

use super::describe;
use super::record::{NEW_VERSION, NameState, Plan, RequestState};
use crate::bundle::X509;
use crate::certificate::{
    Attributes, Certificate, CertificateName, DeletedCertificate, KeyState, ListedCertificate,
    Version,
};
use crate::certificate_der::CertificateDer;
use crate::change::Action;
use crate::error::{Error, ErrorKind, Result};
use crate::job::Mark;
use crate::soft_deleted::SoftDeletedCertificates;
use crate::store::{CertificateStore, Deletion, Import, ListOptions, OperationState, Purged};
use crate::store_details::CertificateDetails;
use crate::tags::Tags;
use crate::vault::VaultName;
use crate::versions::CertificateVersions;

/// Answers every request like the vault, as far as reads allow, and changes nothing.
#[derive(Clone)]
pub(super) struct PlannedStore {
    inner: Arc<dyn CertificateStore>,
    pub(super) plan: Plan,
}

/// The result of a read for which the permission may be missing.
pub(super) enum Seen<T> {
    There(T),
    Absent,
    /// The caller lacks the permission.
    NotPermitted,
}

impl PlannedStore {
    pub(super) fn new(inner: Arc<dyn CertificateStore>, plan: Plan) -> Self {
        Self { inner, plan }
    }

    pub(super) fn record(&self, action: Action, name: &CertificateName, detail: String) {
        self.plan.record(action, self.vault(), Some(name), detail);
    }

    /// The planned state of a name; initially it has no changes.
    pub(super) fn known(&self, name: &CertificateName) -> Option<NameState> {
        self.plan.known(self.vault(), name)
    }

    pub(super) fn will_be(&self, name: &CertificateName, known: NameState) {
        self.plan.will_be(self.vault(), name, known);
    }

    pub(super) fn error(
        &self,
        kind: ErrorKind,
        verb: &str,
        name: &CertificateName,
        problem: &str,
    ) -> Error {
        Error::new(kind, format!("{verb} certificate {name} in vault {}", self.vault()), problem)
    }

    async fn live(&self, name: &CertificateName) -> Result<Seen<Certificate>> {
        seen(self.certificate(name).await)
    }

    /// Only a plan needs the permission to read soft-deleted certificates, so the real run may
    /// succeed without it.
    pub(super) async fn in_soft_delete(
        &self,
        name: &CertificateName,
    ) -> Result<Seen<DeletedCertificate>> {
        let seen = seen(self.deleted(name).await)?;
        if matches!(seen, Seen::NotPermitted) {
            self.plan.cannot_know(format!(
                "whether {name} is soft-deleted (no permission to read soft-deleted certificates)"
            ));
        }
        Ok(seen)
    }

    /// The service rejects an import while another operation is pending under the name.
    async fn check_no_operation(&self, name: &CertificateName) -> Result<()> {
        if self.operation(name).await? == Some(OperationState::InProgress) {
            let problem = "an operation is in progress for this name";
            return Err(self.error(ErrorKind::Conflict, "import", name, problem));
        }
        Ok(())
    }
}

/// The firewall or a private link would block changes too: only a missing read permission leaves
/// the changes open.
fn seen<T>(looked: Result<Option<T>>) -> Result<Seen<T>> {
    use crate::error::Denial::{AccessPolicy, Rbac, Unspecified};
    match looked {
        Ok(Some(found)) => Ok(Seen::There(found)),
        Ok(None) => Ok(Seen::Absent),
        Err(error) => match error.kind() {
            ErrorKind::Denied(AccessPolicy | Rbac | Unspecified) => Ok(Seen::NotPermitted),
            _ => Err(error),
        },
    }
}

#[async_trait]
impl CertificateStore for PlannedStore {
    fn vault(&self) -> &VaultName {
        self.inner.vault()
    }

    fn finishing(&self) -> Arc<dyn CertificateStore> {
        Arc::new(Self { inner: self.inner.finishing(), ..self.clone() })
    }

    fn list(&self, options: ListOptions) -> BoxStream<'_, Result<ListedCertificate>> {
        if self.plan.is_new(self.vault()) {
            return stream::empty().boxed();
        }
        self.inner.list(options)
    }

    async fn certificate(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        match self.known(name) {
            Some(known) => Ok(known.live),
            None => self.inner.certificate(name).await,
        }
    }

    async fn chain(
        &self,
        name: &CertificateName,
        version: &Version,
    ) -> Result<Vec<CertificateDer>> {
        self.inner.chain(name, version).await
    }

    async fn operation(&self, name: &CertificateName) -> Result<Option<OperationState>> {
        match (self.plan.request(self.vault(), name), self.known(name)) {
            (Some(RequestState::Pending(request)), _) => Ok(Some(request.state)),
            (Some(RequestState::Gone), _) | (None, Some(_)) => Ok(None),
            (None, None) => self.inner.operation(name).await,
        }
    }

    async fn deleted(&self, name: &CertificateName) -> Result<Option<DeletedCertificate>> {
        match self.known(name) {
            Some(known) => Ok(known.deleted),
            None => self.inner.deleted(name).await,
        }
    }

    async fn import(&self, import: &Import) -> Result<Certificate> {
        let name = &import.name;
        let existing = self.certificate(name).await?;
        if existing.is_some() {
            self.check_no_operation(name).await?;
        } else if let Seen::There(_) = self.in_soft_delete(name).await? {
            let problem = "a certificate with this name is soft-deleted";
            return Err(self.error(ErrorKind::SoftDeleted, "import", name, problem));
        }
        self.record(Action::Import, name, describe::import(import, existing.as_ref()));
        let shown = existing.map_or_else(|| name.clone(), |existing| existing.name);
        let imported = imported(import, shown)?;
        let live = Some(imported.clone());
        self.will_be(name, NameState { live, deleted: None, recovered: false });
        Ok(imported)
    }

    async fn update_tags(&self, name: &CertificateName, tags: &Tags) -> Result<Certificate> {
        let Some(mut live) = self.certificate(name).await? else {
            let problem = "there is no such certificate";
            return Err(self.error(ErrorKind::Absent, "update the tags of", name, problem));
        };
        let recovered = self.known(name).is_some_and(|known| known.recovered);
        if !Mark::is_part_of_recovery(recovered, &live.tags, tags) {
            self.record(Action::Update, name, describe::update(&live, tags));
        }
        live.tags.clone_from(tags);
        self.will_be(name, NameState { live: Some(live.clone()), deleted: None, recovered });
        Ok(live)
    }

    async fn delete(&self, name: &CertificateName) -> Result<Option<Deletion>> {
        let live = match self.live(name).await? {
            Seen::There(live) => live,
            Seen::Absent => return Ok(None),
            Seen::NotPermitted => {
                self.plan.cannot_know(format!(
                    "whether {name} exists (no permission to read certificates)"
                ));
                unseen(name)?
            }
        };
        self.record(Action::Delete, name, describe::delete(&live));
        let deleted =
            DeletedCertificate { certificate: live, deleted: None, scheduled_purge: None };
        self.will_be(name, NameState { live: None, deleted: Some(deleted), recovered: false });
        self.plan.will_request(self.vault(), name, RequestState::Gone);
        Ok(Some(Deletion::SoftDeleted))
    }

    async fn recover(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        let recovered = match self.in_soft_delete(name).await? {
            Seen::There(deleted) => deleted.certificate,
            Seen::Absent => return Ok(None),
            Seen::NotPermitted => unseen(name)?,
        };
        self.record(Action::Recover, name, describe::recover(&recovered));
        let live = Some(recovered.clone());
        self.will_be(name, NameState { live, deleted: None, recovered: true });
        Ok(Some(recovered))
    }

    async fn purge(&self, name: &CertificateName) -> Result<Purged> {
        let deleted = match self.in_soft_delete(name).await? {
            Seen::There(deleted) => deleted.certificate,
            Seen::Absent => return Ok(Purged::NothingThere),
            Seen::NotPermitted => unseen(name)?,
        };
        self.record(Action::Purge, name, describe::purge(&deleted));
        self.plan.cannot_know("whether the vault is protected from purging".to_owned());
        self.will_be(name, NameState { live: None, deleted: None, recovered: false });
        Ok(Purged::Done)
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

/// The certificate that the service would create from an import.
fn imported(import: &Import, name: CertificateName) -> Result<Certificate> {
    let key = KeyState { exportable: Some(import.exportable), kind: None };
    let made = new_version(name, import.bundle.leaf(), import.tags.clone())?;
    Ok(made.with_key(key))
}

/// The version that the service would create from a certificate.
pub(super) fn new_version(name: CertificateName, leaf: &X509, tags: Tags) -> Result<Certificate> {
    let attributes = Attributes {
        not_before: leaf.not_before(),
        expires: leaf.not_after(),
        ..Attributes::default()
    };
    let version = Certificate::new(name, NEW_VERSION.parse()?);
    Ok(version
        .with_der(leaf.der().to_vec())
        .with_thumbprint(leaf.thumbprint())
        .with_attributes(attributes)
        .with_tags(tags))
}

/// A certificate with only its name.
pub(super) fn unseen(name: &CertificateName) -> Result<Certificate> {
    Ok(Certificate::new(name.clone(), NEW_VERSION.parse()?))
}

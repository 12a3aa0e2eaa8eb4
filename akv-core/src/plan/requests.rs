//! Records changes to requests instead of making them.

use std::sync::Arc;

use async_trait::async_trait;

use super::describe;
use super::record::{NameState, RequestState};
use super::store::{PlannedStore, Seen, new_version, unseen};
use crate::bundle::X509;
use crate::certificate::{Certificate, CertificateName};
use crate::certificate_requests::{
    CertificateRequests, KeyProtection, Merge, NewRequest, PendingRequest,
};
use crate::change::Action;
use crate::error::{ErrorKind, Result};
use crate::store::CertificateStore as _;

pub(super) struct PlannedRequests {
    pub(super) inner: Arc<dyn CertificateRequests>,
    /// The same vault.
    pub(super) store: PlannedStore,
}

impl PlannedRequests {
    fn will_request(&self, name: &CertificateName, request: RequestState) {
        self.store.plan.will_request(self.store.vault(), name, request);
    }

    fn will_be_live(&self, name: &CertificateName, live: Certificate) {
        let known = NameState { live: Some(live), deleted: None, recovered: false };
        self.store.will_be(name, known);
    }

    async fn pending(&self, name: &CertificateName) -> Result<Option<PendingRequest>> {
        Ok(self.request(name).await?.filter(PendingRequest::is_pending))
    }
}

#[async_trait]
impl CertificateRequests for PlannedRequests {
    async fn create_request(&self, request: &NewRequest) -> Result<PendingRequest> {
        let NewRequest { name, wanted, .. } = request;
        let error = |kind, problem| self.store.error(kind, "create a request for", name, problem);
        if self.pending(name).await?.is_some() {
            return Err(error(ErrorKind::Conflict, "a request of that name is pending"));
        }
        let existing = self.store.certificate(name).await?;
        if existing.is_none() {
            if let Seen::There(_) = self.store.in_soft_delete(name).await? {
                let problem = "a certificate of that name is in soft delete";
                return Err(error(ErrorKind::SoftDeleted, problem));
            }
            // Until the merge, the certificate has no contents.
            let mut pending = unseen(name)?;
            pending.attributes.enabled = false;
            self.will_be_live(name, pending);
        }
        let detail = describe::request(request, existing.as_ref());
        self.store.record(Action::CreateCertificate, name, detail);
        let plan = &self.store.plan;
        plan.cannot_know(
            "the request itself (the vault signs it with the key that it makes): no request was \
             made"
                .to_owned(),
        );
        if wanted.protection == KeyProtection::Hsm {
            plan.cannot_know("whether the vault is premium, as keys in an HSM need".to_owned());
        }
        let planned = PendingRequest::planned(wanted);
        self.will_request(name, RequestState::Pending(planned.clone()));
        Ok(planned)
    }

    async fn request(&self, name: &CertificateName) -> Result<Option<PendingRequest>> {
        match (self.store.plan.request(self.store.vault(), name), self.store.known(name)) {
            (Some(RequestState::Pending(planned)), _) => Ok(Some(planned)),
            (Some(RequestState::Gone), _) | (None, Some(NameState { live: None, .. })) => Ok(None),
            (None, _) => self.inner.request(name).await,
        }
    }

    async fn merge(&self, merge: &Merge) -> Result<Certificate> {
        let name = &merge.name;
        let error = |kind, problem| self.store.error(kind, "merge", name, problem);
        if self.pending(name).await?.is_none() {
            return Err(error(ErrorKind::Absent, "no request of that name is pending"));
        }
        let leaf = merge.certificates.first().and_then(|leaf| X509::from_der(leaf).ok());
        let unreadable = || error(ErrorKind::Invalid, "the issued certificate cannot be read");
        let leaf = leaf.ok_or_else(unreadable)?;
        let existing = self.store.certificate(name).await?;
        self.store.record(Action::Merge, name, describe::merge(merge, existing.as_ref()));
        let shown = existing.map_or_else(|| name.clone(), |existing| existing.name);
        let merged = new_version(shown, &leaf, merge.tags.clone().unwrap_or_default())?;
        self.will_be_live(name, merged.clone());
        self.will_request(name, RequestState::Gone);
        Ok(merged)
    }

    async fn forget_request(&self, name: &CertificateName) -> Result<bool> {
        if self.request(name).await?.is_none() {
            return Ok(false);
        }
        self.store.record(Action::Cancel, name, describe::cancel(name));
        self.will_request(name, RequestState::Gone);
        Ok(true)
    }
}

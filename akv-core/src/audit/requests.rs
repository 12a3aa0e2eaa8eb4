//! Audits certificate requests.

use std::sync::Arc;

use async_trait::async_trait;

use super::record::Made;
use super::store::AuditedStore;
use crate::certificate::{Certificate, CertificateName};
use crate::certificate_requests::{CertificateRequests, Merge, NewRequest, PendingRequest};
use crate::change::Action;
use crate::error::Result;

pub(super) struct AuditedRequests {
    pub(super) inner: Arc<dyn CertificateRequests>,
    /// The same vault.
    pub(super) store: AuditedStore,
}

impl AuditedRequests {
    /// Records a change that keeps the newest version until the merge.
    async fn record<T>(
        &self,
        action: Action,
        name: &CertificateName,
        send: impl Future<Output = Result<T>>,
        was_made: impl FnOnce(&T) -> bool,
    ) -> Result<T> {
        let state = self.store.state(name);
        let made = |it: &T| if was_made(it) { Made::Done(state.clone()) } else { Made::Nothing };
        self.store.record(action, name, state.clone(), send, made).await
    }
}

#[async_trait]
impl CertificateRequests for AuditedRequests {
    async fn create_request(&self, request: &NewRequest) -> Result<PendingRequest> {
        let send = self.inner.create_request(request);
        self.record(Action::CreateCertificate, &request.name, send, |_| true).await
    }

    async fn request(&self, name: &CertificateName) -> Result<Option<PendingRequest>> {
        self.inner.request(name).await
    }

    async fn merge(&self, merge: &Merge) -> Result<Certificate> {
        let (name, before) = (&merge.name, self.store.state(&merge.name));
        let made = |made: &Certificate| Made::Done(made.into());
        let merged = self.inner.merge(merge);
        let merged = self.store.record(Action::Merge, name, before, merged, made).await?;
        self.store.see(name, Some(&merged), false);
        Ok(merged)
    }

    async fn forget_request(&self, name: &CertificateName) -> Result<bool> {
        let send = self.inner.forget_request(name);
        self.record(Action::Cancel, name, send, |was_there| *was_there).await
    }
}

//! Requests that are recorded as every other change is.

use std::sync::Arc;

use async_trait::async_trait;

use super::event::State;
use super::record::{Audit, Change, Made};
use crate::certificate::{Certificate, CertificateName};
use crate::certificate_requests::{CertificateRequests, Merge, NewRequest, PendingRequest};
use crate::change::Action;
use crate::error::Result;
use crate::layer::Identity;
use crate::vault::VaultName;

pub(super) struct AuditedRequests {
    pub(super) inner: Arc<dyn CertificateRequests>,
    pub(super) vault: VaultName,
    pub(super) audit: Audit,
    pub(super) identity: Arc<dyn Identity>,
}

impl AuditedRequests {
    async fn record<T>(
        &self,
        action: Action,
        name: &CertificateName,
        send: impl Future<Output = Result<T>>,
        made: impl FnOnce(&T) -> Made,
    ) -> Result<T> {
        let change =
            Change { action, vault: &self.vault, name: Some(name), before: State::default() };
        self.audit.record(change, &*self.identity, send, made).await
    }
}

#[async_trait]
impl CertificateRequests for AuditedRequests {
    async fn create_request(&self, request: &NewRequest) -> Result<PendingRequest> {
        let send = self.inner.create_request(request);
        let made = |_: &PendingRequest| Made::Done(State::default());
        self.record(Action::CreateCertificate, &request.name, send, made).await
    }

    async fn request(&self, name: &CertificateName) -> Result<Option<PendingRequest>> {
        self.inner.request(name).await
    }

    async fn merge(&self, merge: &Merge) -> Result<Certificate> {
        let made = |made: &Certificate| Made::Done(made.into());
        self.record(Action::Merge, &merge.name, self.inner.merge(merge), made).await
    }

    async fn forget_request(&self, name: &CertificateName) -> Result<bool> {
        let made = |was_there: &bool| {
            if *was_there { Made::Done(State::default()) } else { Made::Nothing }
        };
        self.record(Action::Cancel, name, self.inner.forget_request(name), made).await
    }
}

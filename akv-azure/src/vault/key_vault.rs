//! One vault over REST (Key Vault data plane 7.4): the port [`CertificateStore`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use akv_core::{
    Certificate, CertificateDer, CertificateDetails, CertificateName, CertificateStore,
    CertificateVersions, DeletedCertificate, Deletion, Error, ErrorKind, Import, ListOptions,
    ListedCertificate, OperationState, Pending, Purged, Result, SoftDeletedCertificates, Tags,
    VaultName, Version,
};
use async_trait::async_trait;
use azure_core::http::Method;
use bytes::Bytes;
use futures::stream::BoxStream;
use time::OffsetDateTime;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::{chain, deletion, finishing, import, lists};
use crate::api::{ApiOperation, version};
use crate::exchange::{Answer, Deadline, Retry};
use crate::page::{Bounds, Pages, read, unreadable};
use crate::pipeline::{Call, Failed, Pipeline};
use crate::uncertain::wait_while_busy;
use crate::wire::certificate::{CertificateBundle, CertificateOperation, TagsUpdate};

/// A vault over REST, with one identity.
///
/// Clones share everything.
#[derive(Clone)]
pub struct KeyVault(Arc<Inner>);

struct Inner {
    pipeline: Pipeline,
    vault: VaultName,
    deadline: Duration,
    /// For a store that finishes a change: stops watching the caller's cancellation on drop.
    _watch: Option<DropGuard>,
}

impl KeyVault {
    pub(crate) fn new(pipeline: Pipeline, vault: VaultName, deadline: Duration) -> Self {
        Self(Arc::new(Inner { pipeline, vault, deadline, _watch: None }))
    }

    /// The same vault, cancelled only by that token. `watch` ends with it.
    pub(super) fn cancelled_by(&self, cancellation: CancellationToken, watch: DropGuard) -> Self {
        let Inner { pipeline, vault, deadline, .. } = &*self.0;
        Self(Arc::new(Inner {
            pipeline: Pipeline { cancellation, ..pipeline.clone() },
            vault: vault.clone(),
            deadline: *deadline,
            _watch: Some(watch),
        }))
    }

    pub(super) fn name(&self) -> &VaultName {
        &self.0.vault
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    /// The deadline of one operation that begins now.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.0.deadline)
    }

    pub(super) fn operation_on(&self, what: &str, name: &CertificateName) -> String {
        format!("{what} certificate {name} in vault {}", self.0.vault)
    }

    pub(super) fn call(
        &self,
        api: ApiOperation,
        method: Method,
        path: &[&str],
        operation: String,
    ) -> Call {
        let url = self.pipeline().origin.url(path, &[("api-version", version::KEY_VAULT)]);
        Call::new(api, method, url, operation)
    }

    pub(super) fn pages(
        &self,
        api: ApiOperation,
        operation: String,
        bounds: Bounds,
        first: Url,
    ) -> Pages {
        Pages::new(self.pipeline().clone(), api, operation, bounds, self.0.deadline, first)
    }

    pub(super) async fn look(
        &self,
        name: &CertificateName,
        retry: &mut Retry,
    ) -> Result<Option<Certificate>> {
        let operation = self.operation_on("get", name);
        let path = ["certificates", name.as_str()];
        let call = self.call(ApiOperation::GetCertificate, Method::Get, &path, operation);
        match self.pipeline().send(&call, retry).await {
            Ok(answer) => certificate(&answer, name, &call.operation).map(Some),
            Err(failed) => none_if_absent(failed),
        }
    }

    /// The soft-deleted certificate and, if known, its age by the service's own clock.
    pub(super) async fn look_at_deleted(
        &self,
        name: &CertificateName,
        retry: &mut Retry,
    ) -> Result<Option<(DeletedCertificate, Option<Duration>)>> {
        let operation = self.operation_on("get deleted", name);
        let path = ["deletedcertificates", name.as_str()];
        let call = self.call(ApiOperation::GetDeletedCertificate, Method::Get, &path, operation);
        match self.pipeline().send(&call, retry).await {
            Ok(answer) => {
                let bundle: CertificateBundle = read(&answer, &call.operation)?;
                let deleted =
                    bundle.deleted(name).map_err(|problem| unusable(&call.operation, problem))?;
                let age = deleted.deleted.and_then(|then| age(&answer, then));
                Ok(Some((deleted, age)))
            }
            Err(failed) => none_if_absent(failed),
        }
    }
}

#[async_trait]
impl CertificateStore for KeyVault {
    fn details(&self) -> Option<&dyn CertificateDetails> {
        Some(self)
    }

    fn vault(&self) -> &VaultName {
        &self.0.vault
    }

    fn finishing(&self) -> Arc<dyn CertificateStore> {
        Arc::new(finishing::of(self))
    }

    fn list(&self, options: ListOptions) -> BoxStream<'_, Result<ListedCertificate>> {
        let operation = format!("list the certificates of vault {}", self.0.vault);
        let more: &[_] = match options.pending {
            Pending::Include => &[("includePending", "true")],
            Pending::Exclude => &[],
        };
        let api = (ApiOperation::ListCertificates, Bounds::VAULT);
        lists::stream_of(self, api, operation, &["certificates"], more, CertificateBundle::listed)
    }

    async fn certificate(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        self.look(name, &mut Retry::new(self.deadline())).await
    }

    async fn chain(
        &self,
        name: &CertificateName,
        version: &Version,
    ) -> Result<Vec<CertificateDer>> {
        let operation = self.operation_on("read the chain of", name);
        let path = ["secrets", name.as_str(), version.as_str()];
        let call = self.call(ApiOperation::GetSecret, Method::Get, &path, operation);
        let answer = self.pipeline().send(&call, &mut Retry::new(self.deadline())).await?;
        chain::read(&answer, &call.operation)
    }

    async fn operation(&self, name: &CertificateName) -> Result<Option<OperationState>> {
        let operation = self.operation_on("get the operation on", name);
        let path = ["certificates", name.as_str(), "pending"];
        let call = self.call(ApiOperation::GetCertificate, Method::Get, &path, operation);
        match self.pipeline().send(&call, &mut Retry::new(self.deadline())).await {
            Ok(answer) => {
                let pending: CertificateOperation = read(&answer, &call.operation)?;
                pending.state().map_err(|problem| unusable(&call.operation, problem)).map(Some)
            }
            Err(failed) => none_if_absent(failed),
        }
    }

    async fn deleted(&self, name: &CertificateName) -> Result<Option<DeletedCertificate>> {
        let looked = self.look_at_deleted(name, &mut Retry::new(self.deadline())).await?;
        Ok(looked.map(|(deleted, _)| deleted))
    }

    async fn import(&self, import: &Import) -> Result<Certificate> {
        import::run(self, import).await
    }

    async fn update_tags(&self, name: &CertificateName, wanted: &Tags) -> Result<Certificate> {
        let operation = self.operation_on("update the tags of", name);
        let tags: BTreeMap<&str, &str> = wanted.iter().collect();
        let body = serde_json::to_vec(&TagsUpdate { tags })
            .map_err(|error| unreadable(&operation, &error))?;
        // An empty version is the newest.
        let path = ["certificates", name.as_str(), ""];
        let call = self
            .call(ApiOperation::UpdateCertificate, Method::Patch, &path, operation)
            .with_body(Bytes::from(body));
        let mut retry = Retry::new(self.deadline());
        let answer = self.settled(&call, &mut retry).await.map_err(Error::from);
        match answer.and_then(|answer| certificate(&answer, name, &call.operation)) {
            // If the answer cannot be read, the certificate itself decides.
            Err(error) if error.kind() == ErrorKind::Protocol => {
                match self.look(name, &mut Retry::new(retry.deadline())).await {
                    Ok(Some(found)) if found.tags == *wanted => Ok(found),
                    _ => Err(error),
                }
            }
            updated => updated,
        }
    }

    async fn delete(&self, name: &CertificateName) -> Result<Option<Deletion>> {
        deletion::delete(self, name).await
    }

    async fn recover(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        deletion::recover(self, name).await
    }

    async fn purge(&self, name: &CertificateName) -> Result<Purged> {
        deletion::purge(self, name).await
    }

    fn soft_deleted(&self) -> Option<&dyn SoftDeletedCertificates> {
        Some(self)
    }

    fn versions(&self) -> Option<&dyn CertificateVersions> {
        Some(self)
    }
}

impl KeyVault {
    /// Sends the request, and retries while the service is busy with the name.
    async fn settled(&self, call: &Call, retry: &mut Retry) -> std::result::Result<Answer, Failed> {
        loop {
            match self.pipeline().send(call, retry).await {
                Err(Failed::NoEffect(error)) if is_settling(&error) => {
                    wait_while_busy(self.pipeline(), call, retry, error).await?;
                }
                other => return other,
            }
        }
    }
}

impl fmt::Debug for KeyVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyVault")
            .field("vault", &self.0.vault)
            .field("host", &self.pipeline().origin.host())
            .finish_non_exhaustive()
    }
}

/// The age at the time of the answer; by this machine's clock if the answer has no date.
fn age(answer: &Answer, then: OffsetDateTime) -> Option<Duration> {
    let date = answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
    date.unwrap_or_else(SystemTime::now).duration_since(then.into()).ok()
}

pub(super) fn is_settling(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::BeingDeleted | ErrorKind::BeingRecovered)
}

pub(super) fn is_being_deleted(error: &Error) -> bool {
    error.kind() == ErrorKind::BeingDeleted
}

/// Absence is a result and not a failure.
pub(super) fn none_if_absent<T>(failed: Failed) -> Result<Option<T>> {
    let error = Error::from(failed);
    if error.kind() == ErrorKind::Absent { Ok(None) } else { Err(error) }
}

/// The certificate of this name, from an answer that must be about it.
pub(super) fn certificate(
    answer: &Answer,
    name: &CertificateName,
    operation: &str,
) -> Result<Certificate> {
    let bundle: CertificateBundle = read(answer, operation)?;
    bundle.certificate(name).map_err(|problem| unusable(operation, problem))
}

pub(super) fn unusable(operation: &str, problem: &str) -> Error {
    Error::new(ErrorKind::Protocol, operation, format!("the response is not usable: {problem}"))
        .with_advice("check for an intercepting proxy, a gateway or a wrong DNS record")
}

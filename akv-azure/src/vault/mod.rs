//! One vault over REST (Key Vault data plane 7.4): the port [`CertificateStore`].

mod chain;
mod deletion;
mod details;
mod finishing;
mod import;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use akv_core::{
    Certificate, CertificateDetails, CertificateName, CertificateStore, DeletedCertificate,
    Deletion, Error, ErrorKind, Import, ListOptions, ListedCertificate, OperationState, Pending,
    Purged, Result, Tags, VaultName, Version,
};
use async_trait::async_trait;
use azure_core::http::Method;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use time::OffsetDateTime;
use tokio_util::sync::DropGuard;

use crate::lost::POLL;
use crate::operation::Operation;
use crate::page::{Bounds, Pages, fingerprint, read, unreadable};
use crate::pipeline::{Answer, Call, Deadline, Failed, Pipeline, Retry};
use crate::wire::certificate::{Bundle, CertificateOperation, TagsUpdate};
use crate::wire::page::Item;

/// A vault, reached over REST as one identity.
///
/// Clones share everything.
#[derive(Clone)]
pub struct KeyVault(Arc<Inner>);

struct Inner {
    pipeline: Pipeline,
    vault: VaultName,
    deadline: Duration,
    /// Of a store that finishes what was begun: ends its watch over the caller's cancellation.
    _watch: Option<DropGuard>,
}

impl KeyVault {
    pub(crate) fn new(pipeline: Pipeline, vault: VaultName, deadline: Duration) -> Self {
        Self(Arc::new(Inner { pipeline, vault, deadline, _watch: None }))
    }

    fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    /// The bound of one operation, which begins now.
    fn deadline(&self) -> Deadline {
        Deadline::after(self.0.deadline)
    }

    fn tried(&self, what: &str, name: &CertificateName) -> String {
        format!("{what} certificate {name} in vault {}", self.0.vault)
    }

    fn call(&self, operation: Operation, method: Method, path: &[&str], tried: String) -> Call {
        let url = self.pipeline().origin.url(path, &[("api-version", API_VERSION)]);
        Call::new(operation, method, url, tried)
    }

    async fn look(&self, name: &CertificateName, retry: &mut Retry) -> Result<Option<Certificate>> {
        let tried = self.tried("get", name);
        let path = ["certificates", name.as_str()];
        let call = self.call(Operation::GetCertificate, Method::Get, &path, tried);
        match self.pipeline().send(&call, retry).await {
            Ok(answer) => certificate(&answer, name, &call.tried).map(Some),
            Err(failed) => none_if_absent(failed),
        }
    }

    /// What is in soft delete, and for how long by the service's own clock, where that can be told.
    async fn look_at_deleted(
        &self,
        name: &CertificateName,
        retry: &mut Retry,
    ) -> Result<Option<(DeletedCertificate, Option<Duration>)>> {
        let tried = self.tried("get deleted", name);
        let path = ["deletedcertificates", name.as_str()];
        let call = self.call(Operation::GetDeletedCertificate, Method::Get, &path, tried);
        match self.pipeline().send(&call, retry).await {
            Ok(answer) => {
                let bundle: Bundle = read(&answer, &call.tried)?;
                let deleted =
                    bundle.deleted(name).map_err(|problem| unusable(&call.tried, problem))?;
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
        let tried = format!("list the certificates of vault {}", self.0.vault);
        let mut query = vec![("api-version", API_VERSION), ("maxresults", PAGE_SIZE)];
        if options.pending == Pending::Include {
            query.push(("includePending", "true"));
        }
        let first = self.pipeline().origin.url(&["certificates"], &query);
        let pages = Pages::new(
            self.pipeline().clone(),
            Operation::ListCertificates,
            tried.clone(),
            Bounds::VAULT,
            self.0.deadline,
            first,
        );
        let step = move |reading: Option<(Pages, HashSet<u64>)>| {
            let tried = tried.clone();
            async move {
                let (mut pages, mut seen) = reading?;
                match pages.next::<Bundle>().await {
                    Ok(None) => None,
                    Ok(Some(page)) => {
                        let items = listed(page, &mut seen, &tried, |id| pages.shown(id));
                        let broken = items.last().is_some_and(Result::is_err);
                        Some((items, (!broken).then_some((pages, seen))))
                    }
                    Err(error) => Some((vec![Err(error)], None)),
                }
            }
        };
        stream::unfold(Some((pages, HashSet::new())), step).flat_map(stream::iter).boxed()
    }

    async fn certificate(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        self.look(name, &mut Retry::new(self.deadline())).await
    }

    async fn chain(&self, name: &CertificateName, version: &Version) -> Result<Vec<Vec<u8>>> {
        let tried = self.tried("read the chain of", name);
        let path = ["secrets", name.as_str(), version.as_str()];
        let call = self.call(Operation::GetSecret, Method::Get, &path, tried);
        let answer = self.pipeline().send(&call, &mut Retry::new(self.deadline())).await?;
        chain::read(&answer, &call.tried)
    }

    async fn operation(&self, name: &CertificateName) -> Result<Option<OperationState>> {
        let tried = self.tried("get the operation on", name);
        let path = ["certificates", name.as_str(), "pending"];
        let call = self.call(Operation::GetCertificate, Method::Get, &path, tried);
        match self.pipeline().send(&call, &mut Retry::new(self.deadline())).await {
            Ok(answer) => {
                let operation: CertificateOperation = read(&answer, &call.tried)?;
                operation.state().map_err(|problem| unusable(&call.tried, problem)).map(Some)
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
        let tried = self.tried("update the tags of", name);
        let tags: BTreeMap<&str, &str> = wanted.iter().collect();
        let body =
            serde_json::to_vec(&TagsUpdate { tags }).map_err(|error| unreadable(&tried, &error))?;
        // An empty version is the newest.
        let path = ["certificates", name.as_str(), ""];
        let call = self
            .call(Operation::UpdateCertificate, Method::Patch, &path, tried)
            .with_body(Bytes::from(body));
        let mut retry = Retry::new(self.deadline());
        let answer = self.settled(&call, &mut retry, is_settling).await.map_err(Error::from);
        match answer.and_then(|answer| certificate(&answer, name, &call.tried)) {
            // Where the answer cannot be read, the certificate itself tells.
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
}

impl KeyVault {
    /// Sends, and sends again while the service is busy with what is under the name in a way that
    /// `passes` by itself. That is waited out; what is left then is the answer.
    async fn settled(
        &self,
        call: &Call,
        retry: &mut Retry,
        passes: fn(&Error) -> bool,
    ) -> std::result::Result<Answer, Failed> {
        loop {
            let error = match self.pipeline().send(call, retry).await {
                Err(Failed::Known(error)) if passes(&error) => error,
                other => return other,
            };
            if !retry.deadline().allows(POLL) {
                return Err(error.into());
            }
            self.pipeline().sleep(&call.tried, POLL).await?;
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

/// How long ago that was when the answer was written; by this machine's clock where the answer has no
/// date.
fn age(answer: &Answer, then: OffsetDateTime) -> Option<Duration> {
    let date = answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
    date.unwrap_or_else(SystemTime::now).duration_since(then.into()).ok()
}

fn is_settling(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::BeingDeleted | ErrorKind::BeingRecovered)
}

fn is_being_deleted(error: &Error) -> bool {
    error.kind() == ErrorKind::BeingDeleted
}

/// Absence is an answer and no failure.
fn none_if_absent<T>(failed: Failed) -> Result<Option<T>> {
    let error = Error::from(failed);
    if error.kind() == ErrorKind::Absent { Ok(None) } else { Err(error) }
}

/// The items of a page up to the first that names no certificate, which ends the list: going on
/// without it would pass a part off as the whole. So does a page that brings nothing new: the list
/// goes round in circles. Names are remembered as hashes, since a list can have 100,000.
fn listed(
    page: Vec<Item<Bundle>>,
    seen: &mut HashSet<u64>,
    tried: &str,
    shown: impl Fn(&str) -> String,
) -> Vec<Result<ListedCertificate>> {
    let broken = |problem: String| Err(Error::new(ErrorKind::Protocol, tried, problem));
    let mut items = Vec::with_capacity(page.len());
    let known = seen.len();
    for item in page {
        let bundle = match item {
            Item::Read(bundle) => bundle,
            // It is named, so that what is wrong with it can be told when it is looked at.
            Item::Other(id) => Bundle::named(id),
        };
        let id = bundle.id().to_owned();
        let Some(item) = bundle.listed() else {
            let id = shown(&id);
            items.push(broken(format!("an item's id {id:?} names no certificate")));
            return items;
        };
        seen.insert(fingerprint(&item.name));
        items.push(Ok(item));
    }
    if !items.is_empty() && seen.len() == known {
        return vec![broken("the list does not end: a whole page was there before".to_owned())];
    }
    items
}

/// The certificate of that name, out of an answer that has to be about it.
fn certificate(answer: &Answer, name: &CertificateName, tried: &str) -> Result<Certificate> {
    let bundle: Bundle = read(answer, tried)?;
    bundle.certificate(name).map_err(|problem| unusable(tried, problem))
}

fn unusable(tried: &str, problem: &str) -> Error {
    Error::new(ErrorKind::Protocol, tried, format!("the answer cannot be used: {problem}"))
        .with_advice("find out who answers in the service's place")
}

/// The oldest version that has everything that is used here, and that every sovereign and private
/// cloud has. From 7.6 on the order of the chain can be kept as sent, which is not needed: a
/// bundle's order is leaf first anyway, and that is what the service makes of it.
pub(crate) const API_VERSION: &str = "7.4";
/// The most that the service gives.
const PAGE_SIZE: &str = "25";

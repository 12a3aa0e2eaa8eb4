//! Two events around each change.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::directory::AuditedCreation;
use super::event::{AuditEvent, AuditOutcome, State};
use super::receipt::{Noted, Receipt};
use super::requests::AuditedRequests;
use super::sink::{AuditSink, NotRecorded};
use super::store::AuditedStore;
use crate::certificate::{CertificateName, Version};
use crate::certificate_requests::CertificateRequests;
use crate::change::Action;
use crate::clock::Clock;
use crate::directory::VaultDirectory;
use crate::error::{Error, ErrorKind, Result};
use crate::layer::{Identity, Layer, LayeredDirectory};
use crate::store::CertificateStore;
use crate::vault::VaultName;

/// Records the changes of one job or command. Clones share one audit.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

struct Inner {
    sink: Arc<dyn AuditSink>,
    clock: Arc<dyn Clock>,
    run: String,
    job: Option<(Option<i64>, Option<String>)>,
    changes: AtomicU64,
    /// Why the result of a completed change could not be recorded.
    incomplete: Mutex<Option<NotRecorded>>,
}

/// A change, before it is made.
pub(super) struct Change<'a> {
    pub(super) action: Action,
    pub(super) vault: &'a VaultName,
    pub(super) name: Option<&'a CertificateName>,
    pub(super) before: State,
}

/// The result of a change that did not fail.
pub(super) enum Made {
    Done(State),
    /// There was nothing to change.
    Nothing,
}

impl Audit {
    /// An audit that stores its events in `sink`, with the times of `clock`. `run` is the prefix of
    /// each change's ID: it must be unique for each process and each job.
    pub fn new(sink: Arc<dyn AuditSink>, clock: Arc<dyn Clock>, run: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            sink,
            clock,
            run: run.into(),
            job: None,
            changes: AtomicU64::new(0),
            incomplete: Mutex::default(),
        }))
    }

    /// The same for a job of Command.
    #[must_use]
    pub fn of_job(self, job_history_id: Option<i64>, capability: Option<&str>) -> Self {
        let Inner { sink, clock, run, .. } = &*self.0;
        Self(Arc::new(Inner {
            sink: Arc::clone(sink),
            clock: Arc::clone(clock),
            run: run.clone(),
            job: Some((job_history_id, capability.map(str::to_owned))),
            changes: AtomicU64::new(0),
            incomplete: Mutex::default(),
        }))
    }

    /// Why the result of a completed change is missing from the audit. `None`: the audit is
    /// complete.
    pub fn incomplete(&self) -> Option<NotRecorded> {
        self.0.incomplete.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a change between its two events. If the first event cannot be stored, the change is
    /// not made.
    pub(super) async fn record<T>(
        &self,
        change: Change<'_>,
        identity: &dyn Identity,
        send: impl Future<Output = Result<T>>,
        made: impl FnOnce(&T) -> Made,
    ) -> Result<T> {
        let started = self.0.clock.now();
        let mut event = self.attempted(&change, identity.id().await);
        if let Err(cause) = self.tell(&event).await {
            return Err(not_recorded(&change, &cause));
        }
        let receipt = Receipt::default();
        let result = receipt.of(send).await;
        let noted = receipt.noted();
        let outcome;
        (outcome, event.request_id) = match &result {
            Ok(value) => match made(value) {
                Made::Done(after) => {
                    event.version_after = after.version;
                    event.thumbprint_after = after.thumbprint;
                    (AuditOutcome::Done, noted.request_id)
                }
                Made::Nothing => (AuditOutcome::Rejected, noted.request_id),
            },
            Err(error) => {
                let replied = error.reply().and_then(|reply| reply.request_id.clone());
                (failed(error, &noted), replied.or(noted.request_id))
            }
        };
        event.outcome = outcome;
        event.time = self.0.clock.now();
        event.milliseconds = u64::try_from((event.time - started).whole_milliseconds()).ok();
        if let Err(cause) = self.tell(&event).await {
            tracing::error!(id = event.id, "the result of a change was not recorded: {cause}");
            *self.0.incomplete.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
        }
        result
    }

    fn attempted(&self, change: &Change<'_>, identity: Option<String>) -> AuditEvent {
        let number = self.0.changes.fetch_add(1, Ordering::Relaxed) + 1;
        let (job_history_id, capability) = self.0.job.clone().unwrap_or_default();
        AuditEvent {
            time: self.0.clock.now(),
            id: format!("{}-{number}", self.0.run),
            outcome: AuditOutcome::Attempted,
            job_history_id,
            capability,
            identity,
            vault: change.vault.to_string(),
            name: change.name.map(ToString::to_string),
            action: change.action,
            version_before: change.before.version.clone(),
            thumbprint_before: change.before.thumbprint,
            version_after: None,
            thumbprint_after: None,
            request_id: None,
            milliseconds: None,
        }
    }

    /// Sends the event to the sink and to the log.
    async fn tell(&self, event: &AuditEvent) -> std::result::Result<(), NotRecorded> {
        self.0.sink.record(event).await?;
        tracing::info!(
            id = event.id,
            outcome = event.outcome.as_str(),
            jobHistoryId = event.job_history_id,
            capability = event.capability,
            identity = event.identity,
            vault = event.vault,
            name = event.name,
            action = event.action.as_str(),
            versionBefore = event.version_before.as_ref().map(Version::as_str),
            thumbprintBefore = event.thumbprint_before.map(|it| it.to_string()),
            versionAfter = event.version_after.as_ref().map(Version::as_str),
            thumbprintAfter = event.thumbprint_after.map(|it| it.to_string()),
            requestId = event.request_id,
            milliseconds = event.milliseconds,
            "change"
        );
        Ok(())
    }
}

impl Layer for Audit {
    fn store(
        &self,
        store: Arc<dyn CertificateStore>,
        identity: Arc<dyn Identity>,
    ) -> Arc<dyn CertificateStore> {
        Arc::new(AuditedStore::new(store, self.clone(), identity))
    }

    fn directory(
        &self,
        directory: Arc<dyn VaultDirectory>,
        identity: Arc<dyn Identity>,
    ) -> Arc<dyn VaultDirectory> {
        let layer = AuditedCreation { audit: self.clone(), identity };
        Arc::new(LayeredDirectory { inner: directory, layer })
    }

    fn requests(
        &self,
        store: Arc<dyn CertificateStore>,
        requests: Arc<dyn CertificateRequests>,
        identity: Arc<dyn Identity>,
    ) -> (Arc<dyn CertificateStore>, Arc<dyn CertificateRequests>) {
        let store = AuditedStore::new(store, self.clone(), identity);
        let requests = AuditedRequests { inner: requests, store: store.clone() };
        (Arc::new(store), Arc::new(requests))
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").field("run", &self.0.run).finish_non_exhaustive()
    }
}

/// The outcome of a failed change. If the store recorded its requests and none of them may have had
/// an effect, the change was not made. An error that rejects the change also covers the requests
/// before it.
fn failed(error: &Error, noted: &Noted) -> AuditOutcome {
    let rejected = error.rejects_the_change();
    let is_open = match noted.attempts {
        0 => error.may_have_happened(),
        _ => noted.perhaps_done,
    };
    if error.was_accepted() {
        AuditOutcome::Done
    } else if rejected || !is_open {
        AuditOutcome::Rejected
    } else {
        AuditOutcome::Unknown
    }
}

fn not_recorded(change: &Change<'_>, cause: &NotRecorded) -> Error {
    let operation = match change.name {
        Some(name) => format!("{} certificate {name} in vault {}", change.action, change.vault),
        None => format!("{} {}", change.action, change.vault),
    };
    let problem = format!("nothing was sent, because the audit could not record it: {cause}");
    Error::new(ErrorKind::Unrecorded, operation, problem)
}

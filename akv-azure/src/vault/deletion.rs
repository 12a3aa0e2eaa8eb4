//! Delete, recover and purge, each until the service has settled.

use std::time::Duration;

use akv_core::{Certificate, CertificateName, Deletion, Error, ErrorKind, Purged, Result};
use async_trait::async_trait;
use azure_core::http::Method;
use tokio::time::Instant;

use super::finishing;
use super::key_vault::{KeyVault, certificate, is_settling};
use crate::api::ApiOperation;
use crate::exchange::{Answer, Deadline, Retry};
use crate::page::read;
use crate::pipeline::Call;
use crate::uncertain::{Change, POLL, Rejected, UncertainOutcome};
use crate::wire::certificate::CertificateBundle;

pub(super) async fn delete(vault: &KeyVault, name: &CertificateName) -> Result<Option<Deletion>> {
    let path = ["certificates", name.as_str()];
    let operation = vault.operation_on("delete", name);
    let call = vault.call(ApiOperation::DeleteCertificate, Method::Delete, &path, operation);
    let mut retry = Retry::new(vault.deadline());
    let mut outcome = uncertain(DELETED, name);
    let started = Instant::now();
    let pipeline = vault.pipeline();
    let mut change = Delete { vault, name, operation: &call.operation, seen_live: false };
    match outcome.settle(pipeline, pipeline, &call, &mut retry, &mut change).await? {
        Deleted::ForGood => Ok(Some(Deletion::Gone)),
        Deleted::NothingThere => Ok(None),
        Deleted::Taken => gone_from_view(vault, name, &call, &retry).await.map(Some),
        Deleted::NotSeen => gone_since(vault, name, &call, &retry, started)
            .await
            .map_err(|error| outcome.unknown(&error)),
    }
}

struct Delete<'a> {
    vault: &'a KeyVault,
    name: &'a CertificateName,
    operation: &'a str,
    /// Whether it was still live after an attempt that may have deleted it.
    seen_live: bool,
}

enum Deleted {
    /// The vault has no soft delete.
    ForGood,
    NothingThere,
    /// The service took the deletion.
    Taken,
    /// It is absent, and may have been absent before.
    NotSeen,
}

impl Delete<'_> {
    /// It is absent after an attempt whose reply was lost.
    fn not_there(&self) -> Deleted {
        if self.seen_live { Deleted::Taken } else { Deleted::NotSeen }
    }
}

#[async_trait]
impl Change for Delete<'_> {
    type Outcome = Deleted;

    fn accepted(&mut self, answer: Result<Answer>) -> Result<Deleted> {
        let for_good = answer.is_ok_and(|it| is_for_good(&it, self.name, self.operation));
        Ok(if for_good { Deleted::ForGood } else { Deleted::Taken })
    }

    async fn rejected(
        &mut self,
        error: Error,
        may_have_happened: bool,
        _: Deadline,
    ) -> Rejected<Deleted> {
        match error.kind() {
            // Another client deletes it: the result is the same.
            ErrorKind::BeingDeleted => Rejected::Settled(Deleted::Taken),
            ErrorKind::SoftDeleted | ErrorKind::Absent if may_have_happened => {
                Rejected::Settled(self.not_there())
            }
            ErrorKind::SoftDeleted | ErrorKind::Absent => Rejected::Settled(Deleted::NothingThere),
            _ => Rejected::busy_if(is_settling(&error), error),
        }
    }

    async fn look(&mut self, mut retry: Retry) -> Result<Option<Deleted>> {
        if self.vault.look(self.name, &mut retry).await?.is_none() {
            return Ok(Some(self.not_there()));
        }
        self.seen_live = true;
        Ok(None)
    }
}

/// The reply was lost, and the certificate is absent: either this attempt deleted it, or it was in
/// soft delete before. The time of deletion decides.
async fn gone_since(
    vault: &KeyVault,
    name: &CertificateName,
    call: &Call,
    retry: &Retry,
    started: Instant,
) -> Result<Option<Deletion>> {
    for pause in pauses() {
        let mut looking = Retry::new(retry.deadline());
        if let Some((_, age)) = vault.look_at_deleted(name, &mut looking).await? {
            let before = age.is_some_and(|age| age > started.elapsed() + TOLERANCE);
            return Ok((!before).then_some(Deletion::SoftDeleted));
        }
        let late = unsettled(ErrorKind::BeingDeleted, DELETED, call, retry);
        poll(vault, call, retry, pause, late, DELETED).await?;
    }
    Ok(None)
}

/// Whether the service says that it is not recoverable: the vault has no soft delete. An answer
/// that cannot be read proves only that the service accepted the deletion.
fn is_for_good(answer: &Answer, name: &CertificateName, operation: &str) -> bool {
    read::<CertificateBundle>(answer, operation)
        .is_ok_and(|bundle| !bundle.is_recoverable() && bundle.certificate(name).is_ok())
}

/// Polls until the certificate appears among the deleted ones. Without the permission to read
/// those, the deletion counts as done (as in Microsoft's own clients).
async fn gone_from_view(
    vault: &KeyVault,
    name: &CertificateName,
    call: &Call,
    retry: &Retry,
) -> Result<Deletion> {
    for pause in pauses() {
        let mut looking = Retry::new(retry.deadline());
        match vault.look_at_deleted(name, &mut looking).await {
            Ok(Some(_)) => return Ok(Deletion::SoftDeleted),
            Ok(None) => {}
            Err(error) if matches!(error.kind(), ErrorKind::Denied(_)) => {
                return Ok(Deletion::Unseen);
            }
            Err(error) => return Err(after(DELETED, &call.operation, &error)),
        }
        let late = unsettled(ErrorKind::BeingDeleted, DELETED, call, retry);
        poll(vault, call, retry, pause, late, DELETED).await?;
    }
    Ok(Deletion::Unseen)
}

/// Once the service may have accepted it, cancellation waits for its end: otherwise a certificate
/// could come back live and unnoticed.
pub(super) async fn recover(
    vault: &KeyVault,
    name: &CertificateName,
) -> Result<Option<Certificate>> {
    let path = ["deletedcertificates", name.as_str(), "recover"];
    let operation = vault.operation_on("recover", name);
    let call = vault.call(ApiOperation::RecoverCertificate, Method::Post, &path, operation);
    let mut retry = Retry::new(vault.deadline());
    let finishing = finishing::of(vault);
    let mut change = Recover { finishing: &finishing, name };
    let settled = uncertain(RECOVERED, name)
        .settle(vault.pipeline(), finishing.pipeline(), &call, &mut retry, &mut change)
        .await?;
    let answer = match settled {
        Recovered::NothingThere => return Ok(None),
        Recovered::Live(live) => return Ok(Some(*live)),
        Recovered::Taken(answer) => answer,
    };
    back_in_view(&finishing, name, &call, &retry, answer.as_ref()).await.map(Some)
}

struct Recover<'a> {
    finishing: &'a KeyVault,
    name: &'a CertificateName,
}

enum Recovered {
    NothingThere,
    Live(Box<Certificate>),
    /// The service accepted the recovery, and may have named the certificate.
    Taken(Option<Answer>),
}

#[async_trait]
impl Change for Recover<'_> {
    type Outcome = Recovered;

    fn accepted(&mut self, answer: Result<Answer>) -> Result<Recovered> {
        Ok(Recovered::Taken(answer.ok()))
    }

    async fn rejected(
        &mut self,
        error: Error,
        may_have_happened: bool,
        _: Deadline,
    ) -> Rejected<Recovered> {
        match error.kind() {
            // Another client recovers it: the result is the same.
            ErrorKind::BeingRecovered => Rejected::Settled(Recovered::Taken(None)),
            ErrorKind::Absent if may_have_happened => Rejected::Settled(Recovered::Taken(None)),
            ErrorKind::Absent => Rejected::Settled(Recovered::NothingThere),
            _ => Rejected::busy_if(is_settling(&error), error),
        }
    }

    async fn look(&mut self, mut retry: Retry) -> Result<Option<Recovered>> {
        let live = self.finishing.look(self.name, &mut retry).await?;
        Ok(live.map(|live| Recovered::Live(Box::new(live))))
    }
}

/// Polls until the certificate is live. Without the permission to read it, the service's answer to
/// the request is the result.
async fn back_in_view(
    vault: &KeyVault,
    name: &CertificateName,
    call: &Call,
    retry: &Retry,
    accepted_answer: Option<&Answer>,
) -> Result<Certificate> {
    for pause in pauses() {
        let mut looking = Retry::new(retry.deadline());
        let error = match vault.look(name, &mut looking).await {
            Ok(Some(live)) => return Ok(live),
            Ok(None) => unsettled(ErrorKind::BeingRecovered, RECOVERED, call, retry),
            Err(error) => match (error.kind(), accepted_answer) {
                (ErrorKind::Denied(_), Some(answer)) => {
                    return certificate(answer, name, &call.operation)
                        .map_err(|error| after(RECOVERED, &call.operation, &error));
                }
                _ => return Err(after(RECOVERED, &call.operation, &error)),
            },
        };
        poll(vault, call, retry, pause, error, RECOVERED).await?;
    }
    Err(unsettled(ErrorKind::BeingRecovered, RECOVERED, call, retry))
}

pub(super) async fn purge(vault: &KeyVault, name: &CertificateName) -> Result<Purged> {
    let path = ["deletedcertificates", name.as_str()];
    let operation = vault.operation_on("purge", name);
    let call = vault.call(ApiOperation::PurgeCertificate, Method::Delete, &path, operation);
    let mut retry = Retry::new(vault.deadline());
    let pipeline = vault.pipeline();
    uncertain("the service accepted the purge", name)
        .settle(pipeline, pipeline, &call, &mut retry, &mut Purge { vault, name })
        .await
}

struct Purge<'a> {
    vault: &'a KeyVault,
    name: &'a CertificateName,
}

#[async_trait]
impl Change for Purge<'_> {
    type Outcome = Purged;

    fn accepted(&mut self, _: Result<Answer>) -> Result<Purged> {
        Ok(Purged::Done)
    }

    async fn rejected(
        &mut self,
        error: Error,
        may_have_happened: bool,
        _: Deadline,
    ) -> Rejected<Purged> {
        match error.kind() {
            ErrorKind::Absent if may_have_happened => Rejected::Settled(Purged::Done),
            ErrorKind::Absent => Rejected::Settled(Purged::NothingThere),
            _ => Rejected::busy_if(is_settling(&error), error),
        }
    }

    async fn look(&mut self, mut retry: Retry) -> Result<Option<Purged>> {
        let deleted = self.vault.look_at_deleted(self.name, &mut retry).await?;
        Ok(deleted.is_none().then_some(Purged::Done))
    }
}

fn uncertain(done: &'static str, name: &CertificateName) -> UncertainOutcome {
    let look = format!("check whether {name} exists or is soft-deleted before you retry");
    UncertainOutcome::new(done, look)
}

async fn poll(
    vault: &KeyVault,
    call: &Call,
    retry: &Retry,
    pause: Duration,
    late: Error,
    accepted: &str,
) -> Result<()> {
    if !retry.deadline().allows(pause) {
        return Err(late);
    }
    let slept = vault.pipeline().sleep(&call.operation, pause).await;
    slept.map_err(|cancelled| after(accepted, &call.operation, &cancelled))
}

/// The message states what was done before the failure.
fn after(accepted: &str, operation: &str, error: &Error) -> Error {
    let message = format!("{accepted}, but akv did not see it complete: {error}");
    Error::new(error.kind(), operation, message).with_source(error.clone()).after_acceptance()
}

fn unsettled(kind: ErrorKind, accepted: &str, call: &Call, retry: &Retry) -> Error {
    let seconds = retry.deadline().total().as_secs();
    let message = format!("{accepted}, but it had not completed after {seconds} seconds");
    Error::new(kind, &call.operation, message).after_acceptance()
}

/// Small vaults settle at once, so the first polls are quick.
fn pauses() -> impl Iterator<Item = Duration> {
    [250, 500, 1000].into_iter().map(Duration::from_millis).chain(std::iter::repeat(POLL))
}

/// Timestamps are in whole seconds, and the first attempt needed time to arrive.
const TOLERANCE: Duration = Duration::from_secs(5);
const DELETED: &str = "the service accepted the deletion";
const RECOVERED: &str = "the service accepted the recovery";

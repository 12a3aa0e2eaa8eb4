//! Delete, recover and purge, each until the service has settled.

use std::time::Duration;

use akv_core::{Certificate, CertificateName, Deletion, Error, ErrorKind, Purged, Result};
use azure_core::http::Method;
use tokio::time::Instant;

use super::{KeyVault, certificate, finishing, is_settling};
use crate::lost::{Again, Lost, POLL};
use crate::operation::Operation;
use crate::page::read;
use crate::pipeline::{Answer, Call, Failed, Failure, Retry};
use crate::wire::certificate::Bundle;

pub(super) async fn delete(vault: &KeyVault, name: &CertificateName) -> Result<Option<Deletion>> {
    let path = ["certificates", name.as_str()];
    let tried = vault.tried("delete", name);
    let call = vault.call(Operation::DeleteCertificate, Method::Delete, &path, tried);
    let mut retry = Retry::new(vault.deadline());
    let mut lost = lost(DELETED, name);
    let started = Instant::now();
    let mut seen_live = false;
    let certain = loop {
        match vault.pipeline().send(&call, &mut retry).await {
            Ok(answer) if is_for_good(&answer, name, &call.tried) => {
                return Ok(Some(Deletion::Gone));
            }
            Ok(_) | Err(Failed::Unknown(_, Failure::TooLarge { .. })) => break true,
            Err(Failed::Known(error)) => match error.kind() {
                // Somebody else deletes it: the end is the same.
                ErrorKind::BeingDeleted => break true,
                ErrorKind::SoftDeleted | ErrorKind::Absent if lost.perhaps_done() => {
                    break seen_live;
                }
                ErrorKind::SoftDeleted | ErrorKind::Absent => return Ok(None),
                _ if is_settling(&error) => {
                    let waited = wait(vault, &call, &retry, error).await;
                    waited.map_err(|stopped| lost.told(stopped))?;
                }
                _ => return Err(lost.told(error)),
            },
            Err(Failed::Unknown(error, failure)) => {
                let again =
                    lost.wait(vault.pipeline(), &call, &mut retry, Some(&failure), &error).await?;
                match (vault.look(name, &mut Retry::new(retry.deadline())).await, again) {
                    (Ok(None), _) => break seen_live,
                    (Ok(Some(_)), Again::Yes) => seen_live = true,
                    (Ok(Some(_)), Again::No) => return Err(lost.unknown(&error)),
                    (Err(looking), _) => return Err(lost.unknown(&error).with_source(looking)),
                }
            }
        }
    };
    if certain {
        gone_from_view(vault, name, &call, &retry).await.map(Some)
    } else {
        gone_since(vault, name, &call, &retry, started).await.map_err(|error| lost.unknown(&error))
    }
}

/// The reply was lost, and the certificate is not there: either this deleted it, or it was in soft
/// delete before. When it was deleted tells.
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

/// Whether the service says that it is not recoverable: the vault has no soft delete. An answer that
/// cannot be read says only that the deletion was taken.
fn is_for_good(answer: &Answer, name: &CertificateName, tried: &str) -> bool {
    read::<Bundle>(answer, tried)
        .is_ok_and(|bundle| !bundle.is_recoverable() && bundle.certificate(name).is_ok())
}

/// Polls until the certificate shows up among the deleted ones. A caller who may not read those
/// cannot tell, and that is an answer too (as in Microsoft's own clients).
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
            Err(error) => return Err(after(DELETED, &call.tried, &error)),
        }
        let late = unsettled(ErrorKind::BeingDeleted, DELETED, call, retry);
        poll(vault, call, retry, pause, late, DELETED).await?;
    }
    Ok(Deletion::Unseen)
}

/// From the moment at which the service may have taken it, cancelling waits for the end of it: a
/// certificate that comes back unseen would be live.
pub(super) async fn recover(
    vault: &KeyVault,
    name: &CertificateName,
) -> Result<Option<Certificate>> {
    let path = ["deletedcertificates", name.as_str(), "recover"];
    let tried = vault.tried("recover", name);
    let call = vault.call(Operation::RecoverCertificate, Method::Post, &path, tried);
    let mut retry = Retry::new(vault.deadline());
    let mut lost = lost(RECOVERED, name);
    let finishing = finishing::of(vault);
    let told = loop {
        let vault = if lost.perhaps_done() { &finishing } else { vault };
        match vault.pipeline().send(&call, &mut retry).await {
            Ok(answer) => break Some(answer),
            Err(Failed::Unknown(_, Failure::TooLarge { .. })) => break None,
            Err(Failed::Known(error)) => match error.kind() {
                // Somebody else recovers it: the end is the same.
                ErrorKind::BeingRecovered => break None,
                ErrorKind::Absent if lost.perhaps_done() => break None,
                ErrorKind::Absent => return Ok(None),
                _ if is_settling(&error) => {
                    let waited = wait(vault, &call, &retry, error).await;
                    waited.map_err(|stopped| lost.told(stopped))?;
                }
                _ => return Err(lost.told(error)),
            },
            Err(Failed::Unknown(error, failure)) => {
                let pipeline = finishing.pipeline();
                let again = lost.wait(pipeline, &call, &mut retry, Some(&failure), &error).await?;
                match (finishing.look(name, &mut Retry::new(retry.deadline())).await, again) {
                    (Ok(Some(live)), _) => return Ok(Some(live)),
                    (Ok(None), Again::Yes) => {}
                    (Ok(None), Again::No) => return Err(lost.unknown(&error)),
                    (Err(looking), _) => return Err(lost.unknown(&error).with_source(looking)),
                }
            }
        }
    };
    back_in_view(&finishing, name, &call, &retry, told.as_ref()).await.map(Some)
}

/// Polls until the certificate is live. A caller who may not read it is content with what the
/// service said when it took the request.
async fn back_in_view(
    vault: &KeyVault,
    name: &CertificateName,
    call: &Call,
    retry: &Retry,
    told: Option<&Answer>,
) -> Result<Certificate> {
    for pause in pauses() {
        let mut looking = Retry::new(retry.deadline());
        let error = match vault.look(name, &mut looking).await {
            Ok(Some(live)) => return Ok(live),
            Ok(None) => unsettled(ErrorKind::BeingRecovered, RECOVERED, call, retry),
            Err(error) => match (error.kind(), told) {
                (ErrorKind::Denied(_), Some(answer)) => {
                    return certificate(answer, name, &call.tried)
                        .map_err(|error| after(RECOVERED, &call.tried, &error));
                }
                _ => return Err(after(RECOVERED, &call.tried, &error)),
            },
        };
        poll(vault, call, retry, pause, error, RECOVERED).await?;
    }
    Err(unsettled(ErrorKind::BeingRecovered, RECOVERED, call, retry))
}

pub(super) async fn purge(vault: &KeyVault, name: &CertificateName) -> Result<Purged> {
    let path = ["deletedcertificates", name.as_str()];
    let tried = vault.tried("purge", name);
    let call = vault.call(Operation::PurgeCertificate, Method::Delete, &path, tried);
    let mut retry = Retry::new(vault.deadline());
    let mut lost = lost("the service took the purge", name);
    loop {
        match vault.settled(&call, &mut retry, is_settling).await {
            Ok(_) | Err(Failed::Unknown(_, Failure::TooLarge { .. })) => return Ok(Purged::Done),
            Err(Failed::Known(error)) if error.kind() == ErrorKind::Absent => {
                let ours = lost.perhaps_done();
                return Ok(if ours { Purged::Done } else { Purged::NothingThere });
            }
            Err(Failed::Known(error)) => return Err(lost.told(error)),
            Err(Failed::Unknown(error, failure)) => {
                let again =
                    lost.wait(vault.pipeline(), &call, &mut retry, Some(&failure), &error).await?;
                let mut looking = Retry::new(retry.deadline());
                match (vault.look_at_deleted(name, &mut looking).await, again) {
                    (Ok(None), _) => return Ok(Purged::Done),
                    (Ok(Some(_)), Again::Yes) => {}
                    (Ok(Some(_)), Again::No) => return Err(lost.unknown(&error)),
                    (Err(looking), _) => return Err(lost.unknown(&error).with_source(looking)),
                }
            }
        }
    }
}

fn lost(done: &'static str, name: &CertificateName) -> Lost {
    Lost::new(done, format!("look whether {name} is live or in soft delete before trying again"))
}

/// Waits for what the service is busy with, or gives its error back where time is up.
async fn wait(vault: &KeyVault, call: &Call, retry: &Retry, error: Error) -> Result<()> {
    if !retry.deadline().allows(POLL) {
        return Err(error);
    }
    vault.pipeline().sleep(&call.tried, POLL).await
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
    let slept = vault.pipeline().sleep(&call.tried, pause).await;
    slept.map_err(|cancelled| after(accepted, &call.tried, &cancelled))
}

/// What was done before it failed belongs into the message.
fn after(accepted: &str, tried: &str, error: &Error) -> Error {
    let told = format!("{accepted}, but it was not seen to settle: {error}");
    Error::new(error.kind(), tried, told).with_source(error.clone()).after_it_was_taken()
}

fn unsettled(kind: ErrorKind, accepted: &str, call: &Call, retry: &Retry) -> Error {
    let seconds = retry.deadline().total().as_secs();
    let told = format!("{accepted}, but it had not settled after {seconds} seconds");
    Error::new(kind, &call.tried, told).after_it_was_taken()
}

/// Small vaults settle at once, so the first looks come quickly.
fn pauses() -> impl Iterator<Item = Duration> {
    [250, 500, 1000].into_iter().map(Duration::from_millis).chain(std::iter::repeat(POLL))
}

/// Dates are told in whole seconds, and the first attempt took its time to arrive.
const TOLERANCE: Duration = Duration::from_secs(5);
const DELETED: &str = "the service took the deletion";
const RECOVERED: &str = "the service took the recovery";

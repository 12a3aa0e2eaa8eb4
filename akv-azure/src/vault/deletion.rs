//! Delete, recover and purge, each until the service has settled.

use std::time::Duration;

use akv_core::{Certificate, CertificateName, Deletion, Error, ErrorKind, Result};
use azure_core::http::Method;

use super::{KeyVault, POLL, certificate, is_settling, none_if_absent};
use crate::operation::Operation;
use crate::page::read;
use crate::pipeline::{Answer, Call, Failed, Retry};
use crate::wire::certificate::Bundle;

pub(super) async fn delete(vault: &KeyVault, name: &CertificateName) -> Result<Option<Deletion>> {
    let path = ["certificates", name.as_str()];
    let tried = vault.tried("delete", name);
    let call = vault.call(Operation::DeleteCertificate, Method::Delete, &path, tried);
    let mut retry = Retry::new(vault.deadline());
    loop {
        match vault.pipeline().send(&call, &mut retry).await {
            Ok(answer) if !read::<Bundle>(&answer, &call.tried)?.is_recoverable() => {
                return Ok(Some(Deletion::Gone));
            }
            Ok(_) => break,
            // Somebody else deletes it: the end is the same.
            Err(Failed::Known(error)) if error.kind() == ErrorKind::BeingDeleted => break,
            Err(Failed::Known(error)) if error.kind() == ErrorKind::SoftDeleted => return Ok(None),
            Err(Failed::Known(error)) if is_settling(&error) => {
                wait(vault, &call, &retry, error).await?;
            }
            Err(Failed::Unknown(error, failure)) => {
                vault.pipeline().pause(&call, &mut retry, &failure, error).await?;
                let mut looking = Retry::new(retry.deadline());
                if vault.look(name, &mut looking).await?.is_none() {
                    break;
                }
            }
            Err(failed) => return none_if_absent(failed),
        }
    }
    gone_from_view(vault, name, &call, &mut retry).await.map(Some)
}

/// Polls until the certificate shows up among the deleted ones. A caller who may not read those
/// cannot tell, and that is an answer too (as in Microsoft's own clients).
async fn gone_from_view(
    vault: &KeyVault,
    name: &CertificateName,
    call: &Call,
    retry: &mut Retry,
) -> Result<Deletion> {
    let accepted = "the service took the deletion";
    for pause in pauses() {
        let mut looking = Retry::new(retry.deadline());
        match vault.look_at_deleted(name, &mut looking).await {
            Ok(Some(_)) => return Ok(Deletion::SoftDeleted),
            Ok(None) => {}
            Err(error) if matches!(error.kind(), ErrorKind::Denied(_)) => {
                return Ok(Deletion::Unseen);
            }
            Err(error) => return Err(after(accepted, &call.tried, &error)),
        }
        let late = Error::new(ErrorKind::BeingDeleted, &call.tried, unsettled(accepted, retry));
        poll(vault, call, retry, pause, late, accepted).await?;
    }
    Ok(Deletion::Unseen)
}

pub(super) async fn recover(
    vault: &KeyVault,
    name: &CertificateName,
) -> Result<Option<Certificate>> {
    let path = ["deletedcertificates", name.as_str(), "recover"];
    let tried = vault.tried("recover", name);
    let call = vault.call(Operation::RecoverCertificate, Method::Post, &path, tried);
    let mut retry = Retry::new(vault.deadline());
    let told = loop {
        match vault.pipeline().send(&call, &mut retry).await {
            Ok(answer) => break Some(answer),
            // Somebody else recovers it: the end is the same.
            Err(Failed::Known(error)) if error.kind() == ErrorKind::BeingRecovered => break None,
            Err(Failed::Known(error)) if is_settling(&error) => {
                wait(vault, &call, &retry, error).await?;
            }
            Err(Failed::Unknown(error, failure)) => {
                vault.pipeline().pause(&call, &mut retry, &failure, error).await?;
                let mut looking = Retry::new(retry.deadline());
                if let Some(live) = vault.look(name, &mut looking).await? {
                    return Ok(Some(live));
                }
            }
            Err(failed) => return none_if_absent(failed),
        }
    };
    back_in_view(vault, name, &call, &retry, told.as_ref()).await.map(Some)
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
    let accepted = "the service took the recovery";
    for pause in pauses() {
        let mut looking = Retry::new(retry.deadline());
        let error = match vault.look(name, &mut looking).await {
            Ok(Some(live)) => return Ok(live),
            Ok(None) => {
                Error::new(ErrorKind::BeingRecovered, &call.tried, unsettled(accepted, retry))
            }
            Err(error) => match (error.kind(), told) {
                (ErrorKind::Denied(_), Some(answer)) => return certificate(answer, &call.tried),
                _ => return Err(after(accepted, &call.tried, &error)),
            },
        };
        poll(vault, call, retry, pause, error, accepted).await?;
    }
    Err(Error::new(ErrorKind::BeingRecovered, &call.tried, unsettled(accepted, retry)))
}

pub(super) async fn purge(vault: &KeyVault, name: &CertificateName) -> Result<Option<()>> {
    let path = ["deletedcertificates", name.as_str()];
    let tried = vault.tried("purge", name);
    let call = vault.call(Operation::PurgeCertificate, Method::Delete, &path, tried);
    let mut retry = Retry::new(vault.deadline());
    loop {
        match vault.settled(&call, &mut retry).await {
            Ok(_) => return Ok(Some(())),
            Err(Failed::Unknown(error, failure)) => {
                vault.pipeline().pause(&call, &mut retry, &failure, error).await?;
                let mut looking = Retry::new(retry.deadline());
                if vault.look_at_deleted(name, &mut looking).await?.is_none() {
                    return Ok(Some(()));
                }
            }
            Err(failed) => return none_if_absent(failed),
        }
    }
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
    let told = format!("{accepted}, but it was not seen to settle");
    Error::new(error.kind(), tried, told).with_source(error.clone())
}

fn unsettled(accepted: &str, retry: &Retry) -> String {
    format!(
        "{accepted}, but it had not settled after {} seconds",
        retry.deadline().total().as_secs()
    )
}

/// Small vaults settle at once, so the first looks come quickly.
fn pauses() -> impl Iterator<Item = Duration> {
    [250, 500, 1000].into_iter().map(Duration::from_millis).chain(std::iter::repeat(POLL))
}

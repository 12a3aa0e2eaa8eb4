//! Requests over REST: the port [`CertificateRequests`].

use akv_core::{
    Certificate, CertificateName, CertificateRequests, Error, ErrorKind, Merge, NewRequest,
    PendingRequest, Result,
};
use async_trait::async_trait;
use azure_core::http::Method;

use super::{
    API_VERSION, KeyVault, certificate, is_being_deleted, is_settling, none_if_absent, unusable,
};
use crate::lost::{Again, Lost};
use crate::operation::Operation;
use crate::page::{read, unreadable};
use crate::pipeline::{Answer, Call, Failed, Retry};
use crate::wire::request::{self, KeyPolicy, Request};

#[async_trait]
impl CertificateRequests for KeyVault {
    async fn create_request(&self, request: &NewRequest) -> Result<PendingRequest> {
        create(self, request).await
    }

    async fn request(&self, name: &CertificateName) -> Result<Option<PendingRequest>> {
        look(self, name, &mut Retry::new(self.deadline())).await
    }

    async fn merge(&self, merge: &Merge) -> Result<Certificate> {
        self::merge(self, merge).await
    }

    async fn forget_request(&self, name: &CertificateName) -> Result<bool> {
        forget(self, name).await
    }
}

async fn create(vault: &KeyVault, new: &NewRequest) -> Result<PendingRequest> {
    let tried = vault.tried("create a request for", &new.name);
    let body = request::creation(new).map_err(|what| {
        Error::new(ErrorKind::Invalid, &tried, format!("Key Vault does not carry {what}"))
    })?;
    let newer = request::needs_newer_version(&new.wanted.names);
    let version = if newer { NEWER_API_VERSION } else { API_VERSION };
    let path = ["certificates", new.name.as_str(), "create"];
    let url = vault.pipeline().origin.url(&path, &[("api-version", version)]);
    let call = Call::new(Operation::CreateCertificate, Method::Post, url, tried).with_body(body);
    let mut retry = Retry::new(vault.deadline());
    let mut lost = Lost::new(
        "the service made the request",
        format!("look whether a request for {} is pending before requesting again", new.name),
    );
    loop {
        let (error, failure) = match vault.settled(&call, &mut retry, is_being_deleted).await {
            Ok(answer) => match pending(&answer, &call.tried) {
                Ok(made) if made.csr.is_some() => return Ok(of_new(made, new)),
                Ok(_) => (unusable(&call.tried, "it holds no request that can be read"), None),
                Err(unreadable) => (unreadable, None),
            },
            // The attempt before made it.
            Err(Failed::Known(error))
                if error.kind() == ErrorKind::Conflict && lost.perhaps_done() =>
            {
                (error, None)
            }
            Err(Failed::Known(error)) => return Err(lost.told(error)),
            Err(Failed::Unknown(error, failure)) => (error, Some(failure)),
        };
        let again =
            lost.wait(vault.pipeline(), &call, &mut retry, failure.as_ref(), &error).await?;
        match look(vault, &new.name, &mut Retry::new(retry.deadline())).await {
            // Whether it is what was asked for is looked at by whoever asked.
            Ok(Some(made)) if made.is_pending() && made.csr.is_some() => return Ok(made),
            Ok(_) if again == Again::Yes => {}
            Ok(_) => return Err(lost.unknown(&error)),
            Err(looking) => return Err(lost.unknown(&error).with_source(looking)),
        }
    }
}

/// The answer to a creation does not repeat the policy that was sent with it.
fn of_new(mut made: PendingRequest, new: &NewRequest) -> PendingRequest {
    made.protection = Some(new.wanted.protection);
    made.exportable = Some(new.wanted.exportable);
    made
}

async fn look(
    vault: &KeyVault,
    name: &CertificateName,
    retry: &mut Retry,
) -> Result<Option<PendingRequest>> {
    let call = get(vault, "get the request for", name, "pending");
    let mut found = match vault.pipeline().send(&call, retry).await {
        Ok(answer) => pending(&answer, &call.tried)?,
        Err(failed) => return none_if_absent(failed),
    };
    if found.is_pending() {
        let call = get(vault, "get the policy of", name, "policy");
        match vault.pipeline().send(&call, retry).await {
            Ok(answer) => {
                let policy: KeyPolicy = read(&answer, &call.tried)?;
                (found.protection, found.exportable) = policy.choices();
            }
            Err(failed) => return none_if_absent(failed),
        }
    }
    Ok(Some(found))
}

fn get(vault: &KeyVault, what: &str, name: &CertificateName, of: &str) -> Call {
    let path = ["certificates", name.as_str(), of];
    vault.call(Operation::GetCertificate, Method::Get, &path, vault.tried(what, name))
}

fn pending(answer: &Answer, tried: &str) -> Result<PendingRequest> {
    let request: Request = read(answer, tried)?;
    request.pending().map_err(|problem| unusable(tried, problem))
}

async fn merge(vault: &KeyVault, merge: &Merge) -> Result<Certificate> {
    let tried = vault.tried("merge", &merge.name);
    let body = request::merging(merge).map_err(|error| unreadable(&tried, &error))?;
    let path = ["certificates", merge.name.as_str(), "pending", "merge"];
    let call = vault.call(Operation::CreateCertificate, Method::Post, &path, tried).with_body(body);
    let is_merged = |found: &Certificate| found.thumbprint == Some(merge.thumbprint());
    let mut retry = Retry::new(vault.deadline());
    let mut lost = Lost::new(
        "the service merged the certificate",
        format!(
            "look whether the newest version of {} has thumbprint {} before merging again",
            merge.name,
            merge.thumbprint()
        ),
    );
    loop {
        let (error, failure) = match vault.settled(&call, &mut retry, is_settling).await {
            Ok(answer) => match certificate(&answer, &merge.name, &call.tried) {
                Ok(made) if is_merged(&made) => return Ok(made),
                Ok(_) => {
                    (unusable(&call.tried, "it has another thumbprint than what was sent"), None)
                }
                Err(unreadable) => (unreadable, None),
            },
            // The attempt before merged it, so nothing is pending any more.
            Err(Failed::Known(error))
                if error.kind() == ErrorKind::Absent && lost.perhaps_done() =>
            {
                (error, None)
            }
            Err(Failed::Known(error)) => return Err(lost.told(error)),
            Err(Failed::Unknown(error, failure)) => (error, Some(failure)),
        };
        let again =
            lost.wait(vault.pipeline(), &call, &mut retry, failure.as_ref(), &error).await?;
        match vault.look(&merge.name, &mut Retry::new(retry.deadline())).await {
            Ok(Some(found)) if is_merged(&found) => return Ok(found),
            Ok(_) if again == Again::Yes => {}
            Ok(_) => return Err(lost.unknown(&error)),
            Err(looking) => return Err(lost.unknown(&error).with_source(looking)),
        }
    }
}

async fn forget(vault: &KeyVault, name: &CertificateName) -> Result<bool> {
    let path = ["certificates", name.as_str(), "pending"];
    let tried = vault.tried("forget the request for", name);
    let call = vault.call(Operation::ForgetRequest, Method::Delete, &path, tried);
    let mut retry = Retry::new(vault.deadline());
    let mut lost = Lost::new(
        "the service forgot the request",
        format!("look whether a request for {name} is pending before trying again"),
    );
    loop {
        match vault.settled(&call, &mut retry, is_at_work).await {
            Ok(_) => return Ok(true),
            Err(Failed::Known(error)) if error.kind() == ErrorKind::Absent => {
                return Ok(lost.perhaps_done());
            }
            Err(Failed::Known(error)) => return Err(lost.told(error)),
            Err(Failed::Unknown(error, failure)) => {
                let pipeline = vault.pipeline();
                let again = lost.wait(pipeline, &call, &mut retry, Some(&failure), &error).await?;
                match (look(vault, name, &mut Retry::new(retry.deadline())).await, again) {
                    (Ok(None), _) => return Ok(true),
                    (Ok(Some(_)), Again::Yes) => {}
                    (Ok(Some(_)), Again::No) => return Err(lost.unknown(&error)),
                    (Err(looking), _) => return Err(lost.unknown(&error).with_source(looking)),
                }
            }
        }
    }
}

/// Whether the service is at work on the operation itself, or on the certificate.
fn is_at_work(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict || is_settling(error)
}

/// The first that carries URIs and IP addresses in a policy. Other requests go to the version that every
/// cloud has.
pub(crate) const NEWER_API_VERSION: &str = "2025-07-01";

//! Requests over REST: the port [`CertificateRequests`].

use akv_core::{
    Certificate, CertificateName, CertificateRequests, Error, ErrorKind, Merge, NewRequest,
    PendingRequest, Result,
};
use async_trait::async_trait;
use azure_core::http::Method;

use super::key_vault::{
    KeyVault, certificate, is_being_deleted, is_settling, none_if_absent, unusable,
};
use crate::api::{ApiOperation, version};
use crate::exchange::{Answer, Deadline, Retry};
use crate::page::{read, unreadable};
use crate::pipeline::Call;
use crate::uncertain::{Change, Rejected, UncertainOutcome};
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
    let operation = vault.operation_on("create a request for", &new.name);
    let body = request::creation(new).map_err(|what| {
        Error::new(
            ErrorKind::Invalid,
            &operation,
            format!(
                "Key Vault does not support {what} in \
                 a request"
            ),
        )
    })?;
    let newer = request::needs_newer_version(&new.wanted.names);
    let version = if newer { version::NEWER_KEY_VAULT } else { version::KEY_VAULT };
    let path = ["certificates", new.name.as_str(), "create"];
    let url = vault.pipeline().origin.url(&path, &[("api-version", version)]);
    let api = ApiOperation::CreateCertificate;
    let call = Call::new(api, Method::Post, url, operation).with_body(body);
    let hint =
        format!("check whether a request for {} is pending before you request again", new.name);
    let mut change = Create { vault, new, operation: &call.operation };
    settle(vault, &call, &mut change, "the service created the request", hint).await
}

async fn settle<C: Change>(
    vault: &KeyVault,
    call: &Call,
    change: &mut C,
    done: &'static str,
    hint: String,
) -> Result<C::Outcome> {
    let pipeline = vault.pipeline();
    let mut retry = Retry::new(vault.deadline());
    UncertainOutcome::new(done, hint).settle(pipeline, pipeline, call, &mut retry, change).await
}

struct Create<'a> {
    vault: &'a KeyVault,
    new: &'a NewRequest,
    operation: &'a str,
}

#[async_trait]
impl Change for Create<'_> {
    type Outcome = PendingRequest;

    fn accepted(&mut self, answer: Result<Answer>) -> Result<PendingRequest> {
        let made = pending(&answer?, self.operation)?;
        if made.csr.is_some() {
            Ok(of_new(made, self.new))
        } else {
            Err(unusable(self.operation, "it contains no readable request"))
        }
    }

    async fn rejected(
        &mut self,
        error: Error,
        may_have_happened: bool,
        deadline: Deadline,
    ) -> Rejected<PendingRequest> {
        if error.kind() == ErrorKind::Conflict && may_have_happened {
            // The previous attempt made it.
            return found(self, error, deadline).await;
        }
        Rejected::busy_if(is_being_deleted(&error), error)
    }

    /// The caller checks whether the request is the desired one.
    async fn look(&mut self, mut retry: Retry) -> Result<Option<PendingRequest>> {
        let found = look(self.vault, &self.new.name, &mut retry).await?;
        Ok(found.filter(|made| made.is_pending() && made.csr.is_some()))
    }
}

/// What a rejection means for a change that an earlier attempt may have made.
async fn found<C: Change>(
    change: &mut C,
    error: Error,
    deadline: Deadline,
) -> Rejected<C::Outcome> {
    match change.look(Retry::new(deadline)).await {
        Ok(Some(outcome)) => Rejected::Settled(outcome),
        Ok(None) => Rejected::Failed(error),
        Err(looking) => Rejected::Failed(error.with_source(looking)),
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
        Ok(answer) => pending(&answer, &call.operation)?,
        Err(failed) => return none_if_absent(failed),
    };
    if found.is_pending() {
        let call = get(vault, "get the policy of", name, "policy");
        match vault.pipeline().send(&call, retry).await {
            Ok(answer) => {
                let policy: KeyPolicy = read(&answer, &call.operation)?;
                (found.protection, found.exportable) = policy.choices();
            }
            Err(failed) => return none_if_absent(failed),
        }
    }
    Ok(Some(found))
}

fn get(vault: &KeyVault, what: &str, name: &CertificateName, of: &str) -> Call {
    let path = ["certificates", name.as_str(), of];
    vault.call(ApiOperation::GetCertificate, Method::Get, &path, vault.operation_on(what, name))
}

fn pending(answer: &Answer, operation: &str) -> Result<PendingRequest> {
    let request: Request = read(answer, operation)?;
    request.pending().map_err(|problem| unusable(operation, problem))
}

async fn merge(vault: &KeyVault, merge: &Merge) -> Result<Certificate> {
    let operation = vault.operation_on("merge", &merge.name);
    let body = request::merging(merge).map_err(|error| unreadable(&operation, &error))?;
    let path = ["certificates", merge.name.as_str(), "pending", "merge"];
    let call =
        vault.call(ApiOperation::CreateCertificate, Method::Post, &path, operation).with_body(body);
    let hint = format!(
        "check whether the newest version of {} has thumbprint {} before you merge again",
        merge.name,
        merge.thumbprint()
    );
    let mut change = Merged { vault, merge, operation: &call.operation };
    settle(vault, &call, &mut change, "the service merged the certificate", hint).await
}

struct Merged<'a> {
    vault: &'a KeyVault,
    merge: &'a Merge,
    operation: &'a str,
}

impl Merged<'_> {
    fn is_it(&self, found: &Certificate) -> bool {
        found.thumbprint == Some(self.merge.thumbprint())
    }
}

#[async_trait]
impl Change for Merged<'_> {
    type Outcome = Certificate;

    fn accepted(&mut self, answer: Result<Answer>) -> Result<Certificate> {
        let made = certificate(&answer?, &self.merge.name, self.operation)?;
        if self.is_it(&made) {
            Ok(made)
        } else {
            Err(unusable(self.operation, "its thumbprint differs from the imported certificate"))
        }
    }

    async fn rejected(
        &mut self,
        error: Error,
        may_have_happened: bool,
        deadline: Deadline,
    ) -> Rejected<Certificate> {
        if error.kind() == ErrorKind::Absent && may_have_happened {
            // The previous attempt merged it, so nothing is pending.
            return found(self, error, deadline).await;
        }
        Rejected::busy_if(is_settling(&error), error)
    }

    async fn look(&mut self, mut retry: Retry) -> Result<Option<Certificate>> {
        let found = self.vault.look(&self.merge.name, &mut retry).await?;
        Ok(found.filter(|found| self.is_it(found)))
    }
}

async fn forget(vault: &KeyVault, name: &CertificateName) -> Result<bool> {
    let path = ["certificates", name.as_str(), "pending"];
    let operation = vault.operation_on("cancel the request for", name);
    let call = vault.call(ApiOperation::ForgetRequest, Method::Delete, &path, operation);
    let hint = format!("check whether a request for {name} is pending before you retry");
    let mut change = Forgotten { vault, name };
    settle(vault, &call, &mut change, "the service cancelled the request", hint).await
}

struct Forgotten<'a> {
    vault: &'a KeyVault,
    name: &'a CertificateName,
}

#[async_trait]
impl Change for Forgotten<'_> {
    /// Whether there was a request.
    type Outcome = bool;

    fn accepted(&mut self, _: Result<Answer>) -> Result<bool> {
        Ok(true)
    }

    async fn rejected(
        &mut self,
        error: Error,
        may_have_happened: bool,
        _: Deadline,
    ) -> Rejected<bool> {
        match error.kind() {
            ErrorKind::Absent => Rejected::Settled(may_have_happened),
            // The service is working on the operation itself.
            ErrorKind::Conflict => Rejected::Busy(error),
            _ => Rejected::busy_if(is_settling(&error), error),
        }
    }

    async fn look(&mut self, mut retry: Retry) -> Result<Option<bool>> {
        Ok(look(self.vault, self.name, &mut retry).await?.is_none().then_some(true))
    }
}

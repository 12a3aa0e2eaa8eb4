//! Request: generates a key in the vault, or continues with the pending request.

use super::add_request::{ExistingTags, Overwrite};
use super::mark::Mark;
use super::outcome::{Effect, Outcome};
use crate::bundle::{CertificateRequest, X509};
use crate::certificate::{Certificate, CertificateName, Exportable};
use crate::certificate_requests::{
    CertificateRequests, KeyProtection, NewRequest, PendingRequest, RequestedCertificate,
    RequestedKey,
};
use crate::error::{Error, ErrorKind, Result};
use crate::store::CertificateStore;
use crate::tags::Tags;

/// A key request to make.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KeyRequest {
    /// The certificate name.
    pub name: CertificateName,
    /// The requested certificate.
    pub wanted: CertificateSpec,
    /// What to do if the name has a certificate.
    pub overwrite: Overwrite,
    /// The tags of the job.
    pub tags: Tags,
    /// What to do with the existing tags.
    pub existing_tags: ExistingTags,
}

/// The specification of the requested certificate.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CertificateSpec {
    /// An explicit specification.
    Explicit(RequestedCertificate),
    /// Subject, names and kind of key of the newest version.
    LikeNewest,
}

impl KeyRequest {
    /// Requests this certificate under that name, with default options.
    pub fn new(name: CertificateName, wanted: CertificateSpec) -> Self {
        Self {
            name,
            wanted,
            overwrite: Overwrite::default(),
            tags: Tags::default(),
            existing_tags: ExistingTags::default(),
        }
    }

    /// Sets whether an existing certificate may be replaced.
    #[must_use]
    pub fn with_overwrite(self, overwrite: Overwrite) -> Self {
        Self { overwrite, ..self }
    }

    /// Sets the tags, and what to do with the existing ones.
    #[must_use]
    pub fn with_tags(self, tags: Tags, existing_tags: ExistingTags) -> Self {
        Self { tags, existing_tags, ..self }
    }
}

pub(super) async fn run(
    store: &dyn CertificateStore,
    requests: &dyn CertificateRequests,
    request: &KeyRequest,
) -> Result<Outcome> {
    let operation = format!("request certificate {} in vault {}", request.name, store.vault());
    Run { store, requests, request, operation }.run().await
}

struct Run<'a> {
    store: &'a dyn CertificateStore,
    requests: &'a dyn CertificateRequests,
    request: &'a KeyRequest,
    operation: String,
}

impl Run<'_> {
    async fn run(&self) -> Result<Outcome> {
        let existing = self.store.certificate(&self.request.name).await?;
        let issued = existing.as_ref().filter(|it| it.der.is_some() || it.thumbprint.is_some());
        let wanted = self.wanted(issued)?;
        self.check(&wanted)?;
        if issued.is_some() && self.request.overwrite == Overwrite::No {
            return Ok(self.exists());
        }
        let tags = self.tags(issued)?;
        let mut notes = Vec::new();
        if let Some(pending) = self.requests.request(&self.request.name).await?
            && pending.is_pending()
        {
            if is_same(&pending, &wanted) {
                return Ok(self.taken_up(pending));
            }
            self.check_may_replace(&pending)?;
            self.requests.forget_request(&self.request.name).await?;
            notes.push(
                "replaced another pending request for this name; a certificate issued for it can \
                 no longer be merged"
                    .to_owned(),
            );
        }
        let outcome = self.create(&wanted, tags).await?;
        Ok(outcome.with_notes(notes))
    }

    fn wanted(&self, issued: Option<&Certificate>) -> Result<RequestedCertificate> {
        match &self.request.wanted {
            CertificateSpec::Explicit(wanted) => Ok(wanted.clone()),
            CertificateSpec::LikeNewest => self.like(issued),
        }
    }

    fn like(&self, issued: Option<&Certificate>) -> Result<RequestedCertificate> {
        let invalid = |problem: &str| self.invalid(problem);
        let newest = issued.ok_or_else(|| {
            Error::new(ErrorKind::Absent, &self.operation, "there is no certificate with this name")
        })?;
        let leaf = newest.der.as_deref().and_then(|der| X509::from_der(der).ok());
        let leaf = leaf.ok_or_else(|| invalid("the newest version cannot be read"))?;
        let subject = leaf.subject_name();
        let subject = subject.ok_or_else(|| {
            invalid(
                "its subject contains attributes that are not \
                 text",
            )
        })?;
        let key = RequestedKey::try_from(leaf.key_kind()).map_err(|_| {
            invalid("Key Vault does not create keys of the type of the newest version")
        })?;
        let state = newest.key.as_ref();
        let hsm = state.and_then(|key| key.kind.as_deref()).is_some_and(|it| it.ends_with("-HSM"));
        let exportable = state.and_then(|key| key.exportable).unwrap_or_default();
        Ok(RequestedCertificate::new(subject)
            .with_names(leaf.alternative_names())
            .with_key(key)
            .with_protection(if hsm { KeyProtection::Hsm } else { KeyProtection::Software })
            .with_exportable(if hsm { Exportable::No } else { exportable }))
    }

    fn check(&self, wanted: &RequestedCertificate) -> Result<()> {
        if wanted.subject.is_empty() && wanted.names.is_empty() {
            return Err(self.invalid("it has neither a subject nor a name"));
        }
        if wanted.protection == KeyProtection::Hsm && wanted.exportable == Exportable::Yes {
            return Err(self
                .invalid("a key in an HSM cannot be exportable")
                .with_advice("request a non-exportable key, or a software key"));
        }
        Ok(())
    }

    fn invalid(&self, problem: &str) -> Error {
        Error::new(ErrorKind::Invalid, &self.operation, problem)
    }

    fn exists(&self) -> Outcome {
        Outcome::warning(
            Effect::Nothing,
            format!(
                "certificate {} already exists in vault {} and overwrite is off: no key was \
                 created and nothing was changed",
                self.request.name,
                self.store.vault()
            ),
        )
    }

    /// The existing certificate keeps its own tags until the merge.
    fn tags(&self, issued: Option<&Certificate>) -> Result<Tags> {
        over(issued, &self.request.tags, self.request.existing_tags).map_err(|invalid| {
            self.invalid(&format!("with the tags that are there: {}", invalid.expected()))
        })
    }

    fn check_may_replace(&self, pending: &PendingRequest) -> Result<()> {
        if pending.awaits_merge {
            return Ok(());
        }
        let problem = "the vault or one of its issuers is creating a certificate with this name; \
                       nothing was changed";
        Err(Error::new(ErrorKind::Conflict, &self.operation, problem)
            .with_advice("wait until it ends or cancel it, then request again"))
    }

    fn taken_up(&self, pending: PendingRequest) -> Outcome {
        let Self { request, store, .. } = self;
        let summary = format!(
            "the same request for certificate {} is already pending in vault {}: no new key was \
             created; merge the issued certificate to complete it",
            request.name,
            store.vault()
        );
        let outcome = self.requested(pending.csr, summary);
        let tags =
            "it keeps the tags of the pending request; set tags when merging to replace them";
        let notes = (!request.tags.is_empty()).then(|| tags.to_owned());
        outcome.with_notes(notes)
    }

    fn requested(&self, csr: Option<CertificateRequest>, summary: String) -> Outcome {
        let name = self.request.name.clone();
        Outcome::success(Effect::Requested { name, csr }, summary)
    }

    async fn create(&self, wanted: &RequestedCertificate, tags: Tags) -> Result<Outcome> {
        let name = &self.request.name;
        let new = NewRequest::new(name.clone(), wanted.clone()).with_tags(tags);
        let made = match self.requests.create_request(&new).await {
            // Another client was faster, possibly an earlier attempt of this job.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                let pending = self.requests.request(name).await?;
                let same = pending.filter(|pending| is_same(pending, wanted));
                return same.map(|same| self.taken_up(same)).ok_or(error);
            }
            Err(error) if error.kind() == ErrorKind::SoftDeleted => {
                return Err(error.with_advice(
                    "recover the deleted certificate and request with overwrite, purge it, or use \
                     another name; a recovered certificate is active until the merge",
                ));
            }
            made => made?,
        };
        let differences = made.differences(wanted);
        if !differences.is_empty() {
            let problem = format!(
                "the vault created another request than asked for ({}); it was cancelled",
                differences.join(", ")
            );
            self.requests.forget_request(name).await?;
            return Err(Error::new(ErrorKind::Protocol, &self.operation, problem));
        }
        let vault = self.store.vault();
        let summary = format!(
            "vault {vault} created a key and a request for certificate {name}; clients see no \
             change until the issued certificate is merged"
        );
        Ok(self.requested(made.csr, summary))
    }
}

/// The tags over those of an existing certificate, without the mark.
pub(super) fn over(
    existing: Option<&Certificate>,
    tags: &Tags,
    existing_tags: ExistingTags,
) -> std::result::Result<Tags, crate::error::InvalidValue> {
    match (existing, existing_tags) {
        (Some(existing), ExistingTags::Preserve) => {
            Mark::read(&existing.tags).tags.merged_with(tags)
        }
        _ => Ok(tags.clone()),
    }
}

/// Whether the request matches `wanted`.
fn is_same(pending: &PendingRequest, wanted: &RequestedCertificate) -> bool {
    pending.is_pending() && pending.awaits_merge && pending.differences(wanted).is_empty()
}

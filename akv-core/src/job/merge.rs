//! Merge: combines an issued certificate with the key of its request.

use std::fmt;

use time::OffsetDateTime;

use super::add_request::ExistingTags;
use super::background::{self, Background};
use super::outcome::{Effect, Outcome};
use super::request::over;
use crate::bundle::{
    AlternativeName, BundleError, CertificateRequest, Issued, Parts, Severity, X509,
    read_certificates,
};
use crate::certificate::{Certificate, CertificateName};
use crate::certificate_der::CertificateDer;
use crate::certificate_requests::{CertificateRequests, Merge, PendingRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::store::CertificateStore;
use crate::tags::Tags;

/// An issued certificate to merge.
#[derive(Clone)]
#[non_exhaustive]
pub struct MergeRequest {
    /// The certificate name.
    pub name: CertificateName,
    /// The issued certificate: PEM, DER, PKCS#7, or base64 of these.
    pub issued: Vec<u8>,
    /// Certificates that may complete the chain.
    pub issuers: Vec<X509>,
    /// The tags of the new version; `None` keeps those of the request.
    pub tags: Option<Tags>,
    /// What to do with the tags of the previous version, if `tags` are given.
    pub existing_tags: ExistingTags,
}

impl MergeRequest {
    /// Merges the issued certificate with its own chain and the tags of the request.
    pub fn new(name: CertificateName, issued: Vec<u8>) -> Self {
        let existing_tags = ExistingTags::default();
        Self { name, issued, issuers: Vec::new(), tags: None, existing_tags }
    }

    /// Adds certificates that may complete the chain.
    #[must_use]
    pub fn with_issuers(self, issuers: Vec<X509>) -> Self {
        Self { issuers, ..self }
    }

    /// Sets the tags, and what to do with the existing ones.
    #[must_use]
    pub fn with_tags(self, tags: Tags, existing_tags: ExistingTags) -> Self {
        Self { tags: Some(tags), existing_tags, ..self }
    }
}

impl fmt::Debug for MergeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeRequest").field("name", &self.name).finish_non_exhaustive()
    }
}

pub(super) async fn run(
    store: &dyn CertificateStore,
    requests: &dyn CertificateRequests,
    background: &dyn Background,
    now: OffsetDateTime,
    request: &MergeRequest,
) -> Result<Outcome> {
    let operation = format!("merge certificate {} in vault {}", request.name, store.vault());
    Run { store, requests, background, now, request, operation }.run().await
}

struct Run<'a> {
    store: &'a dyn CertificateStore,
    requests: &'a dyn CertificateRequests,
    background: &'a dyn Background,
    now: OffsetDateTime,
    request: &'a MergeRequest,
    operation: String,
}

impl Run<'_> {
    async fn run(&self) -> Result<Outcome> {
        let issued = self.read().await?;
        let existing = self.store.certificate(&self.request.name).await?;
        let pending = self.requests.request(&self.request.name).await?;
        match pending.as_ref().filter(|it| it.is_pending() && it.awaits_merge) {
            Some(pending) => self.merge(pending, issued, existing.as_ref()).await,
            None => self.merged_already(&issued, existing.as_ref()).ok_or_else(|| {
                self.error(ErrorKind::Absent, "no request with this name is pending").with_advice(
                    "request the certificate first; a certificate issued for an earlier request \
                     cannot be merged",
                )
            }),
        }
    }

    async fn read(&self) -> Result<Parts> {
        let issued = self.request.issued.clone();
        let read = background::done(self.background, move || read_certificates(&issued)).await;
        let failed = |error: BundleError| self.invalid(&error.to_string()).with_source(error);
        read.ok_or_else(|| self.invalid("reading the issued certificate was interrupted"))?
            .map_err(failed)
    }

    async fn merge(
        &self,
        pending: &PendingRequest,
        issued: Parts,
        existing: Option<&Certificate>,
    ) -> Result<Outcome> {
        let csr = pending.csr.as_ref();
        let csr = csr.ok_or_else(|| self.error(ErrorKind::Protocol, "cannot read its request"))?;
        let already = self.merged_already(&issued, existing);
        let Some(issued) = self.issued_for(csr, issued).await? else {
            // The certificate of an earlier request; the pending one belongs to another client.
            return already
                .map(|outcome| outcome.with_notes([ANOTHER_PENDING.to_owned()]))
                .ok_or_else(|| {
                    self.invalid(
                    "no certificate in the file has the key of the pending request; nothing was \
                     sent",
                )
                .with_advice("use the certificate that was issued for this request")
                });
        };
        let notes = self.checked(csr, &issued)?;
        let tags = self.tags(existing)?;
        let certificates = issued.certificates().map(CertificateDer::from).collect();
        let merge = Merge::new(self.request.name.clone(), certificates).with_tags(tags);
        let made = self.requests.merge(&merge).await?;
        let thumbprint = issued.thumbprint();
        let summary = format!(
            "merged the issued certificate with its key: certificate {} in vault {} has a new \
             version (version {}, thumbprint {thumbprint})",
            self.request.name,
            self.store.vault(),
            made.version,
        );
        let effect = Effect::Imported { name: made.name, version: made.version, thumbprint };
        Ok(Outcome::success(effect, summary).with_notes(notes))
    }

    async fn issued_for(&self, csr: &CertificateRequest, issued: Parts) -> Result<Option<Issued>> {
        let (csr, now) = (csr.clone(), self.now);
        let issued = Parts { offered: self.request.issuers.clone(), ..issued };
        let find = move || Issued::of(&csr, issued, now);
        let found = background::done(self.background, find).await;
        found.ok_or_else(|| self.invalid("verifying the chain was interrupted"))
    }

    /// Errors stop the job before anything is sent; warnings become notes.
    fn checked(&self, csr: &CertificateRequest, issued: &Issued) -> Result<Vec<String>> {
        let findings = issued.findings(self.now);
        let of = |severity| {
            let found = findings.iter().filter(move |one| one.severity == severity);
            found.map(ToString::to_string).collect::<Vec<_>>()
        };
        let errors = of(Severity::Error);
        if !errors.is_empty() {
            return Err(
                self.invalid(&format!("nothing was sent, because {}", errors.join("; and ")))
            );
        }
        let mut notes = of(Severity::Warning);
        let leaf = issued.leaf();
        if leaf.subject_name() != csr.subject() {
            notes.push(format!(
                "the CA issued it for the subject {} instead of the requested subject {}",
                leaf.label(),
                csr.label()
            ));
        }
        let (names, wanted) = (leaf.alternative_names(), csr.alternative_names());
        if !AlternativeName::are_same(&names, &wanted) {
            let shown: Vec<_> = names.iter().take(20).map(ToString::to_string).collect();
            notes.push(format!(
                "the CA issued it for other names than requested: {}",
                if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
            ));
        }
        Ok(notes)
    }

    fn tags(&self, existing: Option<&Certificate>) -> Result<Option<Tags>> {
        let over = |tags| over(existing, tags, self.request.existing_tags);
        self.request.tags.as_ref().map(over).transpose().map_err(|invalid| {
            self.invalid(&format!("with the tags that are there: {}", invalid.expected()))
        })
    }

    /// An earlier attempt has already merged the issued certificate as the newest version.
    fn merged_already(&self, issued: &Parts, existing: Option<&Certificate>) -> Option<Outcome> {
        let existing = existing?;
        let thumbprint = existing.thumbprint?;
        issued.certificates.iter().find(|one| one.thumbprint() == thumbprint)?;
        let summary = format!(
            "certificate {} in vault {} is already the same certificate (version {}, thumbprint \
             {thumbprint}): nothing was changed",
            self.request.name,
            self.store.vault(),
            existing.version,
        );
        let (name, version) = (existing.name.clone(), existing.version.clone());
        Some(Outcome::success(Effect::Unchanged { name, version, thumbprint }, summary))
    }

    fn invalid(&self, problem: &str) -> Error {
        self.error(ErrorKind::Invalid, problem)
    }

    fn error(&self, kind: ErrorKind, problem: &str) -> Error {
        Error::new(kind, &self.operation, problem)
    }
}

const ANOTHER_PENDING: &str = "another request is pending for this name";

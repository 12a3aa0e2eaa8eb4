//! Add: imports a certificate under a name, as its first or a new version, and makes no other
//! change.
//!
//! An addition is idempotent after any interruption: an existing result is a success, and a name
//! that was recovered for it continues from that state.

use time::OffsetDateTime;

use super::add_request::{AddRequest, ExistingTags, Overwrite, SoftDeleted};
use super::alias;
use super::background::{self, Background};
use super::mark::Mark;
use super::outcome::{Effect, Outcome};
use super::recovery::Recovery;
use super::turns::Turns;
use crate::bundle::{Bundle, Severity};
use crate::certificate::{Certificate, CertificateName, Exportable, Thumbprint};
use crate::error::{Error, ErrorKind, InvalidValue, Result};
use crate::store::{CertificateStore, Import, OperationState, Precondition};
use crate::tags::Tags;

/// An addition with an opened and checked bundle. Nothing has been sent yet.
pub(super) struct Opened<'a> {
    request: &'a AddRequest,
    bundle: Bundle,
    notes: Vec<String>,
}

impl<'a> Opened<'a> {
    /// Errors of the bundle stop the job before anything is sent; its warnings become notes.
    pub(super) async fn new(
        store: &dyn CertificateStore,
        background: &dyn Background,
        now: OffsetDateTime,
        request: &'a AddRequest,
    ) -> Result<Self> {
        let attempted = || {
            let name = request.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            format!("add certificate{name} to vault {}", store.vault())
        };
        let invalid = |problem: String| Error::new(ErrorKind::Invalid, attempted(), problem);
        let (contents, password) = (request.contents.clone(), request.password.clone());
        let issuers = request.issuers.clone();
        let read = background::done(background, move || {
            contents.open(&password, issuers, now).map(|bundle| (bundle.findings(now), bundle))
        });
        let (findings, bundle) = read
            .await
            .ok_or_else(|| invalid("reading the certificate was interrupted".to_owned()))?
            .map_err(|error| invalid(error.to_string()).with_source(error))?;
        let of = |severity: Severity| findings.iter().filter(move |one| one.severity == severity);
        let errors: Vec<String> = of(Severity::Error).map(ToString::to_string).collect();
        if !errors.is_empty() {
            return Err(invalid(format!("nothing was sent, because {}", errors.join("; and "))));
        }
        Ok(Self {
            request,
            bundle,
            notes: of(Severity::Warning).map(ToString::to_string).collect(),
        })
    }

    /// Adds it, after other jobs on the same name have ended.
    pub(super) async fn add(self, store: &dyn CertificateStore, turns: &Turns) -> Outcome {
        let Self { request, bundle, mut notes } = self;
        let name = request.name.clone().unwrap_or_else(|| alias::of_bundle(&bundle));
        if request.name.is_none() {
            notes.push(format!(
                "no alias was given; the name {name} was derived from the \
                                certificate"
            ));
        }
        let _turn = turns.take(store.vault(), Some(&name)).await;
        let add = Add { store, request, name, bundle };
        let outcome = match add.run().await {
            Ok(outcome) => outcome,
            Err(error) => Outcome::failure(error),
        };
        outcome.with_notes(notes)
    }
}

/// An addition to one name.
pub(super) struct Add<'a> {
    pub(super) store: &'a dyn CertificateStore,
    pub(super) request: &'a AddRequest,
    pub(super) name: CertificateName,
    pub(super) bundle: Bundle,
}

impl Add<'_> {
    async fn run(&self) -> Result<Outcome> {
        match self.store.certificate(&self.name).await? {
            Some(existing) => self.over_existing(&existing).await,
            None => self.add_new().await,
        }
    }

    async fn over_existing(&self, existing: &Certificate) -> Result<Outcome> {
        if existing.der.is_none() && existing.thumbprint.is_none() {
            return self.over_unfinished(existing).await;
        }
        let mark = Mark::read(&existing.tags).recovered_for;
        if mark == Some(self.bundle.thumbprint())
            && self.request.soft_deleted == SoftDeleted::Recover
        {
            let outcome = Recovery::new(self, existing).finish().await;
            return Ok(outcome.with_notes([format!(
                "an earlier attempt recovered the soft-deleted certificate {} for this job",
                self.name
            )]));
        }
        match self.request.overwrite {
            Overwrite::No => Ok(self.left_alone(existing)),
            Overwrite::Yes => self.replace(existing).await,
        }
    }

    /// The name is in use without a certificate: its creation is in progress, or ended without one.
    async fn over_unfinished(&self, existing: &Certificate) -> Result<Outcome> {
        let vault = self.store.vault();
        match self.store.operation(&self.name).await? {
            Some(OperationState::Cancelled | OperationState::Failed) => {
                match self.import_new().await {
                    Err(gone) if gone.kind() == ErrorKind::SoftDeleted => {
                        self.add_over_deleted(gone).await
                    }
                    outcome => outcome,
                }
            }
            Some(OperationState::InProgress) => {
                let attempted = format!("add certificate {} to vault {vault}", self.name);
                let problem = "an operation is in progress for this name; nothing was changed";
                Err(Error::new(ErrorKind::Conflict, attempted, problem).with_advice(
                    "wait until it ends or remove the pending certificate, then add \
                                  again",
                ))
            }
            _ => match self.request.overwrite {
                Overwrite::Yes => self.replace(existing).await,
                Overwrite::No => Ok(self.exists("without a certificate")),
            },
        }
    }

    /// An earlier attempt may have already imported the certificate.
    fn left_alone(&self, existing: &Certificate) -> Outcome {
        if !self.is_current(existing) {
            self.exists("with another certificate")
        } else if self.tags_over(existing).is_ok_and(|tags| tags == Mark::read(&existing.tags).tags)
        {
            self.unchanged(existing, "nothing was changed", self.differences(existing))
        } else {
            self.exists("with the same certificate and other tags")
        }
    }

    fn exists(&self, how: &str) -> Outcome {
        Outcome::warning(
            Effect::Nothing,
            format!(
                "certificate {} already exists in vault {}, {how}, and overwrite is off: nothing \
                 was changed",
                self.name,
                self.store.vault()
            ),
        )
    }

    async fn replace(&self, existing: &Certificate) -> Result<Outcome> {
        let tags = self.tags_over(existing)?;
        let replaced = if self.is_current(existing) {
            self.keep(self.store, existing, tags).await
        } else {
            self.check_derived_alias(existing)?;
            self.new_version(self.store, tags).await
        };
        match replaced {
            // Another client removed it in the meantime.
            Err(gone) if matches!(gone.kind(), ErrorKind::SoftDeleted | ErrorKind::Absent) => {
                self.add_over_deleted(gone).await
            }
            outcome => outcome,
        }
    }

    /// Different certificates can have the same derived name. In that case, only a renewal of the
    /// same certificate may replace it.
    fn check_derived_alias(&self, existing: &Certificate) -> Result<()> {
        if self.request.name.is_some() || alias::has_same_source(&self.bundle, existing) {
            return Ok(());
        }
        let Self { name, store, .. } = self;
        let attempted = format!("add certificate {name} to vault {}", store.vault());
        let problem = format!(
            "no alias was given, and the derived name {name} belongs to a certificate with \
             another common name; nothing was replaced"
        );
        Err(Error::new(ErrorKind::Conflict, attempted, problem).with_advice("provide an alias"))
    }

    pub(super) async fn new_version(
        &self,
        store: &dyn CertificateStore,
        tags: Tags,
    ) -> Result<Outcome> {
        let imported = self.import(store, tags, Precondition::Present).await?;
        Ok(self.imported(&imported, "a new version of"))
    }

    /// Importing the same certificate again would only create an identical version.
    pub(super) async fn keep(
        &self,
        store: &dyn CertificateStore,
        existing: &Certificate,
        tags: Tags,
    ) -> Result<Outcome> {
        let mut differences = self.differences(existing);
        let did = if tags == existing.tags {
            "nothing was changed"
        } else {
            let updated = store.update_tags(&self.name, &tags).await?;
            if updated.tags != tags {
                differences.push(format!(
                    "the tags in the vault differ from the requested tags: {}",
                    updated.tags
                ));
            }
            "its tags were updated"
        };
        Ok(self.unchanged(existing, did, differences))
    }

    fn unchanged(&self, existing: &Certificate, did: &str, differences: Vec<String>) -> Outcome {
        let summary = format!(
            "certificate {} in vault {} is already the same certificate ({}): no new version, \
             {did}",
            self.name,
            self.store.vault(),
            proof(existing, self.bundle.thumbprint()),
        );
        let effect = Effect::Unchanged {
            name: existing.name.clone(),
            version: existing.version.clone(),
            thumbprint: self.bundle.thumbprint(),
        };
        if differences.is_empty() {
            Outcome::success(effect, summary)
        } else {
            Outcome::warning(effect, summary).with_notes(differences)
        }
    }

    /// Requested properties that an existing version cannot be given.
    fn differences(&self, existing: &Certificate) -> Vec<String> {
        let mut differences = Vec::new();
        let exportable = existing.key.as_ref().and_then(|key| key.exportable);
        if let Some(exportable) = exportable.filter(|it| *it != self.request.exportable) {
            let (is, asked) = match exportable {
                Exportable::Yes => ("exportable", "non-exportable"),
                Exportable::No => ("non-exportable", "exportable"),
            };
            differences.push(format!(
                "its key is {is}, but the job requested {asked}; this cannot be changed for an \
                 existing version: remove the certificate, or add it with another name"
            ));
        }
        if !existing.attributes.enabled {
            differences.push("it is disabled".to_owned());
        }
        differences
    }

    async fn add_new(&self) -> Result<Outcome> {
        match self.import_new().await {
            Err(error) if error.kind() == ErrorKind::SoftDeleted => {
                self.add_over_deleted(error).await
            }
            Err(error) if error.kind() == ErrorKind::BeingRecovered => {
                self.add_over_others_recovery(error).await
            }
            outcome => outcome,
        }
    }

    async fn import_new(&self) -> Result<Outcome> {
        let tags = self.request.tags.clone();
        let imported = self.import(self.store, tags, Precondition::Absent).await?;
        Ok(self.imported(&imported, ""))
    }

    /// Another client is recovering the name. Once that has settled there is a certificate, and the
    /// job's overwrite option applies to it.
    async fn add_over_others_recovery(&self, refusal: Error) -> Result<Outcome> {
        self.store.recover(&self.name).await?;
        match self.store.certificate(&self.name).await? {
            Some(existing) => self.over_existing(&existing).await,
            None => Err(refusal),
        }
    }

    /// A soft-deleted certificate does not count as existing, so no overwrite is needed; its tags
    /// are kept only if the job overwrites and preserves.
    async fn add_over_deleted(&self, refusal: Error) -> Result<Outcome> {
        if self.request.soft_deleted == SoftDeleted::Refuse {
            return Err(refusal.with_advice(
                "recover or purge the deleted certificate, or let the job recover it",
            ));
        }
        let was_deleted =
            |what: &str| [format!("certificate {} was soft-deleted {what}", self.name)];
        match self.store.recover(&self.name).await {
            Ok(Some(recovered)) => {
                let outcome = Recovery::new(self, &recovered).finish().await;
                Ok(outcome.with_notes(was_deleted("and was recovered for this job")))
            }
            // It was purged in the meantime: the name is available.
            Ok(None) => self.import_new().await,
            Err(error) if is_refusal(error.kind()) && !error.was_accepted() => {
                Ok(Outcome::failure(error).with_notes(was_deleted("and remains soft-deleted")))
            }
            Err(error) => Ok(Outcome::failure(error)
                .with_effect(Effect::Recovered { name: self.name.clone() })
                .with_notes(was_deleted("and may be recovered: check before the next attempt"))),
        }
    }

    async fn import(
        &self,
        store: &dyn CertificateStore,
        tags: Tags,
        precondition: Precondition,
    ) -> Result<Certificate> {
        store
            .import(&Import {
                name: self.name.clone(),
                bundle: self.bundle.clone(),
                tags,
                exportable: self.request.exportable,
                precondition,
            })
            .await
    }

    fn imported(&self, certificate: &Certificate, as_what: &str) -> Outcome {
        let thumbprint = self.bundle.thumbprint();
        let what = if as_what.is_empty() { String::new() } else { format!("{as_what} ") };
        Outcome::success(
            Effect::Imported {
                name: certificate.name.clone(),
                version: certificate.version.clone(),
                thumbprint,
            },
            format!(
                "imported {what}certificate {} into vault {} ({})",
                self.name,
                self.store.vault(),
                proof(certificate, thumbprint),
            ),
        )
    }

    pub(super) fn is_current(&self, existing: &Certificate) -> bool {
        existing.thumbprint == Some(self.bundle.thumbprint())
    }

    /// The job's tags over those of a certificate, without the mark.
    pub(super) fn tags_over(
        &self,
        existing: &Certificate,
    ) -> std::result::Result<Tags, InvalidValue> {
        match self.request.existing_tags {
            ExistingTags::Preserve => {
                Mark::read(&existing.tags).tags.merged_with(&self.request.tags)
            }
            ExistingTags::Replace => Ok(self.request.tags.clone()),
        }
    }
}

fn proof(certificate: &Certificate, thumbprint: Thumbprint) -> String {
    format!("version {}, thumbprint {thumbprint}", certificate.version)
}

/// Whether an error of this kind means that the service did not start the operation.
fn is_refusal(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Denied(_) | ErrorKind::Invalid | ErrorKind::Conflict | ErrorKind::Unrecorded
    )
}

//! Add: a certificate under a name, new or as a new version, and nothing that was not asked for.

use time::OffsetDateTime;

use super::add_request::{AddRequest, ExistingTags, Overwrite, SoftDeleted};
use super::alias;
use super::outcome::{Effect, Outcome};
use crate::bundle::{Bundle, Severity};
use crate::certificate::{Certificate, CertificateName, Exportable, Thumbprint};
use crate::error::{Error, ErrorKind, InvalidValue, Result};
use crate::store::{CertificateStore, Import, Over};
use crate::tags::Tags;

pub(super) async fn run(
    store: &dyn CertificateStore,
    now: OffsetDateTime,
    request: &AddRequest,
) -> Outcome {
    let opened = open(store, now, request);
    let (bundle, mut notes) = match opened {
        Ok(opened) => opened,
        Err(error) => return Outcome::failure(error),
    };
    let name = request.name.clone().unwrap_or_else(|| alias::of_bundle(&bundle));
    if request.name.is_none() {
        notes.push(format!("no alias was given, so it was named {name} after the certificate"));
    }
    let add = Add { store, request, name, bundle };
    let outcome = match add.run().await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::failure(error),
    };
    outcome.with_notes(notes)
}

pub(super) fn check(
    store: &dyn CertificateStore,
    now: OffsetDateTime,
    request: &AddRequest,
) -> Result<()> {
    open(store, now, request).map(drop)
}

/// Errors of the bundle stop here, before anything is sent; its warnings become notes.
fn open(
    store: &dyn CertificateStore,
    now: OffsetDateTime,
    request: &AddRequest,
) -> Result<(Bundle, Vec<String>)> {
    let tried = || {
        let name = request.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        format!("add certificate{name} to vault {}", store.vault())
    };
    let invalid = |problem: String| Error::new(ErrorKind::Invalid, tried(), problem);
    let bundle = request
        .contents
        .open(&request.password, now)
        .map_err(|error| invalid(error.to_string()).with_source(error))?;
    let findings = bundle.findings(now);
    let of = |severity: Severity| findings.iter().filter(move |one| one.severity == severity);
    let errors: Vec<String> = of(Severity::Error).map(ToString::to_string).collect();
    if errors.is_empty() {
        Ok((bundle, of(Severity::Warning).map(ToString::to_string).collect()))
    } else {
        Err(invalid(format!("nothing was sent, because {}", errors.join("; and "))))
    }
}

struct Add<'a> {
    store: &'a dyn CertificateStore,
    request: &'a AddRequest,
    name: CertificateName,
    bundle: Bundle,
}

impl Add<'_> {
    async fn run(&self) -> Result<Outcome> {
        match self.store.certificate(&self.name).await? {
            Some(existing) => self.over_existing(&existing).await,
            None => self.add_new().await,
        }
    }

    async fn over_existing(&self, existing: &Certificate) -> Result<Outcome> {
        match self.request.overwrite {
            Overwrite::No => Ok(self.left_alone(existing)),
            Overwrite::Yes => self.replace(existing).await,
        }
    }

    fn left_alone(&self, existing: &Certificate) -> Outcome {
        let same = if self.is_current(existing) {
            "with this very certificate"
        } else {
            "with another certificate"
        };
        Outcome::warning(
            Effect::Nothing,
            format!(
                "certificate {} exists already in vault {}, {same}, and the job does not overwrite: \
                 nothing was changed",
                self.name,
                self.store.vault()
            ),
        )
    }

    async fn replace(&self, existing: &Certificate) -> Result<Outcome> {
        let tags = self.tags_over(existing)?;
        if self.is_current(existing) {
            return self.keep(existing, tags).await;
        }
        let imported = self.import(tags, Over::Certificate).await?;
        Ok(self.imported(&imported, "a new version of"))
    }

    /// Importing the same certificate again would only make a version that differs in nothing.
    async fn keep(&self, existing: &Certificate, tags: Tags) -> Result<Outcome> {
        let mut differences = self.differences(existing);
        let did = if tags == existing.tags {
            "nothing was changed"
        } else {
            let updated = self.store.update_tags(&self.name, &tags).await?;
            if updated.tags != tags {
                differences
                    .push(format!("the vault shows other tags than asked for: {}", updated.tags));
            }
            "its tags were updated"
        };
        let summary = format!(
            "certificate {} in vault {} is this very certificate already ({}): no new version, {did}",
            self.name,
            self.store.vault(),
            proof(existing, self.bundle.thumbprint()),
        );
        let effect = Effect::Kept {
            name: existing.name.clone(),
            version: existing.version.clone(),
            thumbprint: self.bundle.thumbprint(),
        };
        Ok(if differences.is_empty() {
            Outcome::success(effect, summary)
        } else {
            Outcome::warning(effect, summary).with_notes(differences)
        })
    }

    /// What the job asks for and a version cannot be given after it was made.
    fn differences(&self, existing: &Certificate) -> Vec<String> {
        let mut differences = Vec::new();
        let exportable = existing.key.as_ref().and_then(|key| key.exportable);
        if let Some(exportable) = exportable.filter(|it| *it != self.request.exportable) {
            let (is, asked) = match exportable {
                Exportable::Yes => ("exportable", "non-exportable"),
                Exportable::No => ("non-exportable", "exportable"),
            };
            differences.push(format!(
                "its key is {is} while the job asks for {asked}; that is fixed when a version is \
                 made, so remove the certificate or add it under another name"
            ));
        }
        if !existing.attributes.enabled {
            differences.push("it is disabled".to_owned());
        }
        differences
    }

    async fn add_new(&self) -> Result<Outcome> {
        match self.import(self.request.tags.clone(), Over::Nothing).await {
            Ok(imported) => Ok(self.imported(&imported, "")),
            Err(error) if error.kind() == ErrorKind::SoftDeleted => {
                self.add_over_deleted(error).await
            }
            Err(error) if error.kind() == ErrorKind::BeingRecovered => {
                self.add_over_others_recovery(error).await
            }
            Err(error) => Err(error),
        }
    }

    /// Somebody else is bringing the name back. When that has settled there is a certificate, and
    /// the job's word about existing ones holds for it.
    async fn add_over_others_recovery(&self, refusal: Error) -> Result<Outcome> {
        self.store.recover(&self.name).await?;
        match self.store.certificate(&self.name).await? {
            Some(existing) => self.over_existing(&existing).await,
            None => Err(refusal),
        }
    }

    /// A deleted certificate does not count as existing, so no overwrite is needed; its tags are
    /// kept only where the job overwrites and preserves.
    async fn add_over_deleted(&self, refusal: Error) -> Result<Outcome> {
        if self.request.soft_deleted == SoftDeleted::Refuse {
            return Err(refusal.with_advice(
                "recover or purge the deleted certificate, or let the job recover it",
            ));
        }
        let was_deleted =
            |what: &str| [format!("certificate {} was in soft delete {what}", self.name)];
        let recovered = match self.store.recover(&self.name).await {
            Ok(Some(recovered)) => recovered,
            // Purged in between: the name is free now.
            Ok(None) => {
                let imported = self.import(self.request.tags.clone(), Over::Nothing).await?;
                return Ok(self.imported(&imported, ""));
            }
            Err(error) if is_refusal(error.kind()) && !error.was_taken() => {
                return Ok(Outcome::failure(error).with_notes(was_deleted("and stays there")));
            }
            Err(error) => {
                return Ok(Outcome::failure(error)
                    .with_effect(Effect::Recovered { name: self.name.clone() })
                    .with_notes(was_deleted(
                        "and may be live again: look before the next attempt",
                    )));
            }
        };
        match self.over_recovered(&recovered).await {
            Ok(outcome) => Ok(outcome.with_notes(was_deleted("and was recovered for this"))),
            Err(error) => Ok(self.put_back(error).await),
        }
    }

    async fn over_recovered(&self, recovered: &Certificate) -> Result<Outcome> {
        let tags = match self.request.overwrite {
            Overwrite::Yes => self.tags_over(recovered)?,
            Overwrite::No => self.request.tags.clone(),
        };
        if self.is_current(recovered) {
            return self.keep(recovered, tags).await;
        }
        let imported = self.import(tags, Over::Certificate).await?;
        Ok(self.imported(&imported, "a new version of"))
    }

    /// The import failed after the recovery. What was deleted before is deleted again, unless the
    /// end of the import is not known: then the new version may be there, and deleting would take
    /// it away.
    async fn put_back(&self, error: Error) -> Outcome {
        let name = &self.name;
        let unknown = matches!(
            error.kind(),
            ErrorKind::Cancelled | ErrorKind::TimedOut | ErrorKind::Protocol
        );
        let failed = Outcome::failure(error);
        let was = format!("certificate {name} was in soft delete and was recovered for this job");
        let why = if unknown {
            "it was not deleted again, because the end of the import is not known".to_owned()
        } else {
            match self.store.delete(name).await {
                Ok(_) => {
                    return failed.with_notes([format!("{was}; it is deleted again, as before")]);
                }
                Err(error) => format!("deleting it again failed too: {error}"),
            }
        };
        failed
            .with_effect(Effect::Recovered { name: name.clone() })
            .with_notes([format!("{was}: the old certificate is live again; {why}")])
    }

    async fn import(&self, tags: Tags, over: Over) -> Result<Certificate> {
        self.store
            .import(&Import {
                name: self.name.clone(),
                bundle: self.bundle.clone(),
                tags,
                exportable: self.request.exportable,
                over,
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

    fn is_current(&self, existing: &Certificate) -> bool {
        existing.thumbprint == Some(self.bundle.thumbprint())
    }

    fn tags_over(&self, existing: &Certificate) -> std::result::Result<Tags, InvalidValue> {
        match self.request.existing_tags {
            ExistingTags::Preserve => existing.tags.merged_with(&self.request.tags),
            ExistingTags::Replace => Ok(self.request.tags.clone()),
        }
    }
}

fn proof(certificate: &Certificate, thumbprint: Thumbprint) -> String {
    format!("version {}, thumbprint {thumbprint}", certificate.version)
}

/// Whether an error of this kind means that the service did not begin with what was asked for.
fn is_refusal(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Denied(_) | ErrorKind::Invalid | ErrorKind::Conflict)
}

//! A name that was recovered from soft delete for an addition. It ends with the new version, or in
//! soft delete again. Cancellation waits for one of these ends, and after a kill the next attempt
//! continues from the mark.

use std::sync::Arc;

use super::add::Add;
use super::add_request::Overwrite;
use super::mark::Mark;
use super::outcome::{Effect, Outcome};
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::store::CertificateStore;
use crate::tags::Tags;

pub(super) struct Recovery<'a> {
    add: &'a Add<'a>,
    /// Not affected by cancellation.
    store: Arc<dyn CertificateStore>,
    recovered: &'a Certificate,
    /// Its tags in soft delete.
    tags: Tags,
    marked: bool,
}

impl<'a> Recovery<'a> {
    pub(super) fn new(add: &'a Add<'_>, recovered: &'a Certificate) -> Self {
        let mark = Mark::read(&recovered.tags);
        let marked = mark.recovered_for.is_some();
        Self { add, store: add.store.finishing(), recovered, tags: mark.tags, marked }
    }

    pub(super) async fn finish(mut self) -> Outcome {
        match self.go_on().await {
            Ok(outcome) => outcome,
            Err(error) => self.put_back(error).await,
        }
    }

    async fn go_on(&mut self) -> Result<Outcome> {
        let Self { add, recovered, .. } = *self;
        let tags = match add.request.overwrite {
            Overwrite::Yes => add.tags_over(recovered)?,
            Overwrite::No => add.request.tags.clone(),
        };
        if add.is_current(recovered) {
            return add.keep(&*self.store, recovered, tags).await;
        }
        self.mark().await;
        add.new_version(&*self.store, tags).await
    }

    /// After an interruption here, a retry without overwrite would treat the recovered certificate
    /// as an existing one; the mark prevents that. If the permission to update is missing or the
    /// mark fails otherwise, the import is attempted anyway, because it was requested.
    async fn mark(&mut self) {
        let Self { add, recovered, .. } = *self;
        let marked = Mark::set(&self.tags, add.bundle.thumbprint());
        if add.request.overwrite == Overwrite::No && marked != recovered.tags {
            // Even after a failure, the mark may be set.
            self.marked = true;
            if let Err(error) = self.store.update_tags(&add.name, &marked).await {
                tracing::debug!(%error, "the recovered certificate was not marked");
            }
        }
    }

    /// The import failed. The recovered certificate is deleted again, unless the outcome of the
    /// import is unknown: then the new version may exist, and a deletion would remove it.
    async fn put_back(&self, error: Error) -> Outcome {
        let name = &self.add.name;
        let unknown = error.may_have_happened();
        let failed = Outcome::failure(error);
        let was = format!("certificate {name} was soft-deleted and was recovered for this job job");
        let why = if unknown {
            "it was not deleted again, because the result of the import is unknown".to_owned()
        } else if failed.error().is_some_and(|it| it.kind() == ErrorKind::Unrecorded) {
            "it was not deleted again, because the audit cannot record the deletion".to_owned()
        } else {
            // A later recovery by a person restores the original tags.
            let restored = !self.marked || self.store.update_tags(name, &self.tags).await.is_ok();
            match self.store.delete(name).await {
                Ok(_) if restored => {
                    return failed.with_notes([format!("{was}; it was deleted again")]);
                }
                Ok(_) => {
                    return failed.with_notes([format!(
                        "{was}; it was deleted again, but its tags could not be restored"
                    )]);
                }
                Err(error) => format!("deleting it again also failed: {error}"),
            }
        };
        failed
            .with_effect(Effect::Recovered { name: name.clone() })
            .with_notes([format!("{was}: the old certificate is active again; {why}")])
    }
}

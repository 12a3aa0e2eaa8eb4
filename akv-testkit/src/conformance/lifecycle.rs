//! Checks of the life cycle: absence, soft delete, recovery, purge.

use akv_core::{Deletion, ErrorKind, Purged, Tags};

use crate::conformance::check::{Check, Violation, holds, present, refused, same};

type Outcome = Result<(), Violation>;

/// An absent certificate is `None`, never an error.
pub(super) async fn absence(check: &Check<'_>) -> Outcome {
    let name = check.name("never")?;
    same("certificate", &check.store.certificate(&name).await?, &None)?;
    same("deleted", &check.store.deleted(&name).await?, &None)?;
    same("delete", &check.store.delete(&name).await?, &None)?;
    same("recover", &check.store.recover(&name).await?, &None)?;
    same("purge", &check.store.purge(&name).await?, &Purged::NothingThere)
}

/// A deleted certificate is absent, is listed as deleted, and is recovered with all its data.
pub(super) async fn delete_and_recover(check: &Check<'_>) -> Outcome {
    let name = check.name("a")?;
    let import = check.import(&name, &Tags::new([("kept", "yes")])?)?;
    let made = check.store.import(&import).await?;
    let deletion = present("the deletion", check.store.delete(&name).await?)?;
    same("what became of it", &deletion, &Deletion::SoftDeleted)?;
    same("the live certificate", &check.store.certificate(&name).await?, &None)?;
    same("a second deletion", &check.store.delete(&name).await?, &None)?;
    let deleted = present("the deleted certificate", check.store.deleted(&name).await?)?;
    same("its thumbprint", &deleted.certificate.thumbprint, &made.thumbprint)?;
    same("its version", &deleted.certificate.version, &made.version)?;
    holds("it has a deletion time", deleted.deleted.is_some())?;
    holds("it is purged later than it was deleted", deleted.scheduled_purge > deleted.deleted)?;
    let recovered = present("the recovered", check.store.recover(&name).await?)?;
    same("its version", &recovered.version, &made.version)?;
    let read = present("the certificate", check.store.certificate(&name).await?)?;
    same("its thumbprint", &read.thumbprint, &made.thumbprint)?;
    same("its tags", &read.tags, &import.tags)?;
    same("the deleted certificate", &check.store.deleted(&name).await?, &None)?;
    // A reported recovery has settled: the next operation succeeds.
    let newer = check.store.import(&check.import(&name, &Tags::default())?).await?;
    holds("a new version can be made at once", newer.version != made.version)
}

/// A name in soft delete is rejected with exactly that error.
pub(super) async fn soft_delete_conflict(check: &Check<'_>) -> Outcome {
    let name = check.name("a")?;
    let first = check.import(&name, &Tags::default())?;
    check.store.import(&first).await?;
    check.store.delete(&name).await?;
    let answer = check.store.import(&check.import(&name, &Tags::default())?).await;
    refused("an import under a name in soft delete", answer, ErrorKind::SoftDeleted)?;
    let deleted = present("the deleted certificate", check.store.deleted(&name).await?)?;
    let thumbprint = deleted.certificate.thumbprint;
    same("what is in soft delete", &thumbprint, &Some(first.bundle.thumbprint()))?;
    same("the live certificate", &check.store.certificate(&name).await?, &None)
}

/// A purged certificate is gone, and its name is available.
pub(super) async fn purge(check: &Check<'_>) -> Outcome {
    let name = check.name("a")?;
    let made = check.store.import(&check.import(&name, &Tags::default())?).await?;
    same(
        "the purge of a live certificate",
        &check.store.purge(&name).await?,
        &Purged::NothingThere,
    )?;
    check.store.delete(&name).await?;
    same("the purge", &check.store.purge(&name).await?, &Purged::Done)?;
    same("the deleted certificate", &check.store.deleted(&name).await?, &None)?;
    let anew = check.store.import(&check.import(&name, &Tags::default())?).await?;
    holds("the name is free again", anew.version != made.version)?;
    let old = check.store.chain(&name, &made.version).await;
    refused("the chain of the purged version", old, ErrorKind::Absent)
}

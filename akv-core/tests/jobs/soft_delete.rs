//! The decisions about soft-deleted certificates and about showing one, on an in-memory vault.

use std::sync::Arc;

use crate::scene::{NOT_ABSENT, Scene, error, name, tags, web};
use akv_core::job::{
    CertificateScope, Effect, ShowJob, ShowRequest, SoftDeleteJobs, Status, Versions,
};
use akv_core::memory::StoreCall;
use akv_core::{CertificateStore, ErrorKind};
use futures::executor::block_on;

fn jobs(scene: &Scene) -> SoftDeleteJobs {
    SoftDeleteJobs::new(Arc::clone(&scene.store) as _)
}

/// A scene with a soft-deleted `web`.
fn deleted(with: &[(&str, &str)]) -> Scene {
    let scene = Scene::new();
    scene.given(&scene.leaf(), with);
    block_on(scene.store.delete(&web())).expect("deleted");
    scene
}

#[test]
fn recovery_brings_all_versions_back() {
    let scene = deleted(&[("owner", "pki")]);
    let outcome = block_on(jobs(&scene).recover(&name("WEB")));
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert_eq!(outcome.effect(), &Effect::Recovered { name: web() });
    assert_eq!(scene.versions().len(), 1);
}

#[test]
fn recovery_takes_the_mark_of_an_interrupted_addition_off() {
    let scene = deleted(&[("owner", "pki"), ("akv-recovered-for", &"AB".repeat(20))]);
    let outcome = block_on(jobs(&scene).recover(&web()));
    assert_eq!(outcome.status(), Status::Success);
    assert_eq!(scene.versions()[0].1, tags(&[("owner", "pki")]));

    let scene = deleted(&[("akv-recovered-for", &"AB".repeat(20))]);
    scene.store.fail(StoreCall::UpdateTags, error(ErrorKind::Throttled));
    let outcome = block_on(jobs(&scene).recover(&web()));
    assert_eq!(outcome.status(), Status::Success);
    assert!(outcome.notes()[0].contains("still has the tag"), "{}", outcome.message());
}

#[test]
fn name_that_is_not_in_soft_delete_changes_nothing() {
    let live = Scene::new();
    live.given(&live.leaf(), &[]);
    let none = Scene::new();
    for (scene, recovered, purged) in
        [(&live, Status::Warning, Status::Failure), (&none, Status::Failure, Status::Warning)]
    {
        for (outcome, expected) in [
            (block_on(jobs(scene).recover(&web())), recovered),
            (block_on(jobs(scene).purge(&web())), purged),
        ] {
            assert_eq!((outcome.status(), outcome.effect()), (expected, &Effect::Nothing));
        }
    }
    assert_eq!(live.versions().len(), 1);
}

#[test]
fn failed_look_is_never_an_absent_certificate() {
    for kind in NOT_ABSENT {
        let calls = [StoreCall::Recover, StoreCall::Purge, StoreCall::Certificate];
        for call in calls {
            let scene = Scene::new();
            scene.store.fail(call, error(kind));
            let recovered = block_on(jobs(&scene).recover(&web()));
            let purged = block_on(jobs(&scene).purge(&web()));
            let affected = match call {
                StoreCall::Recover => vec![recovered],
                StoreCall::Purge => vec![purged],
                _ => vec![recovered, purged],
            };
            for outcome in affected {
                assert_eq!(outcome.status(), Status::Failure, "{kind:?} {call:?}");
                assert_eq!(outcome.error().map(akv_core::Error::kind), Some(kind));
            }
        }
        let scene = deleted(&[]);
        scene.store.fail(StoreCall::ListDeleted, error(kind));
        assert_eq!(block_on(jobs(&scene).list()).status, Status::Failure);
    }
}

#[test]
fn failed_recovery_reports_its_acceptance() {
    let scene = deleted(&[]);
    scene.store.fail(StoreCall::Recover, error(ErrorKind::TimedOut).after_acceptance());
    let outcome = block_on(jobs(&scene).recover(&web()));
    assert_eq!(outcome.status(), Status::Failure);
    assert_eq!(outcome.effect(), &Effect::Recovered { name: web() });
}

#[test]
fn list_hides_the_mark_and_says_when_it_ends() {
    let scene = deleted(&[("owner", "pki"), ("akv-recovered-for", &"AB".repeat(20))]);
    let outcome = block_on(jobs(&scene).list());
    assert_eq!((outcome.status, outcome.deleted.len()), (Status::Success, 1));
    assert_eq!(outcome.deleted[0].certificate.tags, tags(&[("owner", "pki")]));
    assert!(outcome.deleted[0].scheduled_purge > outcome.deleted[0].deleted);
    assert!(outcome.message().contains("1 soft-deleted certificate in vault contoso"));
}

fn show(scene: &Scene) -> akv_core::Result<akv_core::job::Shown> {
    let job = ShowJob::new(Arc::clone(&scene.store) as _);
    let (scope, versions) = (CertificateScope::Chain, Versions::All);
    block_on(job.show(&ShowRequest::new(web()).with_scope(scope).with_versions(versions)))
}

#[test]
fn show_has_the_chain_and_all_versions_newest_first() {
    let scene = Scene::new();
    scene.given(&scene.leaf(), &[]);
    scene.store.set_now(scene.now + time::Duration::days(400_000));
    scene.store.disable(&web());
    let second = crate::scene::adding(&scene.leaf());
    scene.add(&second.with_overwrite(akv_core::job::Overwrite::Yes));
    let shown = show(&scene).expect("a certificate");
    assert!(shown.item.certificates.len() > 1 && !shown.without_chain);
    let versions = shown.versions.expect("versions");
    assert_eq!(versions.len(), 2);
    assert_eq!(Some(&versions[0].version), shown.item.version.as_ref());
    assert!(versions[0].attributes.enabled && !versions[1].attributes.enabled);
    scene.store.disable(&web());
    assert!(show(&scene).expect("a certificate").without_chain);
}

#[test]
fn show_says_that_a_certificate_is_in_soft_delete() {
    let kind = |scene: &Scene| show(scene).expect_err("nothing to show").kind();
    assert_eq!(kind(&deleted(&[])), ErrorKind::SoftDeleted);
    assert_eq!(kind(&Scene::new()), ErrorKind::Absent);
    for kind in NOT_ABSENT {
        let scene = deleted(&[]);
        scene.store.fail(StoreCall::Certificate, error(kind));
        assert_eq!(show(&scene).expect_err("no look").kind(), kind);
    }
}

//! The decisions of a removal, on an in-memory vault.

use crate::agreement;
use crate::scene::{NOT_ABSENT, Scene, error, name, web};
use akv_core::job::{Effect, ManagementJob, Outcome, Purge, RemoveRequest, Status, StoreJobs};
use akv_core::memory::StoreCall;
use akv_core::{CertificateStore, ErrorKind};
use futures::executor::block_on;

fn remove(scene: &Scene, purge: Purge) -> Outcome {
    let request = RemoveRequest::new(name("WEB")).with_purge(purge);
    agreement::run(scene, &async |jobs: &StoreJobs| jobs.remove(&request).await)
}

#[test]
fn existing_certificate_is_removed_recoverably() {
    let scene = Scene::new();
    scene.given(&scene.leaf(), &[]);
    let outcome = remove(&scene, Purge::No);
    assert_eq!(outcome.status(), Status::Success);
    assert!(outcome.message().contains("can be recovered"), "{}", outcome.message());
    assert!(block_on(scene.store.deleted(&web())).expect("looks").is_some());
    assert_eq!(scene.count(StoreCall::Purge), 0, "purge only when it is asked for");
}

#[test]
fn absent_certificate_is_a_warning() {
    let scene = Scene::new();
    let outcome = remove(&scene, Purge::No);
    assert_eq!((outcome.status(), outcome.effect()), (Status::Warning, &Effect::Nothing));
    assert!(outcome.message().contains("is not in vault contoso"), "{}", outcome.message());
}

#[test]
fn not_being_able_to_look_is_a_failure_and_never_absent() {
    for kind in NOT_ABSENT {
        let scene = Scene::new();
        scene.given(&scene.leaf(), &[]);
        scene.store.fail(StoreCall::Delete, error(kind));
        let outcome = remove(&scene, Purge::No);
        assert_eq!(outcome.status(), Status::Failure, "{kind:?}");
        assert_eq!(outcome.error().map(akv_core::Error::kind), Some(kind));
    }
}

#[test]
fn failed_purge_reports_the_removal_before_it() {
    let scene = Scene::new();
    scene.given(&scene.leaf(), &[]);
    scene.store.fail(StoreCall::Purge, error(ErrorKind::Throttled));
    let outcome = remove(&scene, Purge::Yes);
    assert_eq!(outcome.status(), Status::Failure);
    assert!(matches!(outcome.effect(), Effect::Removed { .. }));
    assert!(outcome.message().contains("was removed before that, but not purged"));
}

#[test]
fn a_purge_leaves_nothing() {
    let scene = Scene::new();
    scene.given(&scene.leaf(), &[]);
    assert_eq!(remove(&scene, Purge::Yes).effect(), &Effect::Purged { name: name("web") });
    assert!(block_on(scene.store.deleted(&web())).expect("looks").is_none());
}

#[test]
fn purge_reaches_a_soft_deleted_certificate() {
    let scene = Scene::new();
    scene.given(&scene.leaf(), &[]);
    remove(&scene, Purge::No);
    let outcome = remove(&scene, Purge::Yes);
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert!(block_on(scene.store.deleted(&web())).expect("looks").is_none());
    assert_eq!(remove(&scene, Purge::Yes).status(), Status::Warning, "now nothing is left");
}

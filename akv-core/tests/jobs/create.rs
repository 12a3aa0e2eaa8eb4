//! The decisions of a creation with an addition, in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::agreement::Expected;
use crate::scene::{Scene, adding, error, web};
use akv_core::job::{
    AddRequest, Background, CertificateFile, CreateRequest, Effect, ManagementJob, Outcome, Status,
    StoreJobs,
};
use akv_core::memory::{DirectoryCall, MemoryDirectory, StoreCall};
use akv_core::{Clock, ErrorKind, FixedClock, Layer, VaultId, VaultOptions};
use futures::executor::block_on;
use zeroize::Zeroizing;

#[derive(Default)]
struct Counting(AtomicUsize);

impl Background for Counting {
    fn run(&self, work: Box<dyn FnOnce() + Send>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        std::thread::spawn(work);
    }
}

fn id() -> VaultId {
    VaultId {
        subscription: "00000000-1111-2222-3333-444444444444".parse().expect("a subscription"),
        resource_group: "pki".parse().expect("a group"),
        name: "contoso".parse().expect("a vault name"),
    }
}

fn create_and_add(scene: &Scene, directory: &Arc<MemoryDirectory>, add: &AddRequest) -> Outcome {
    let opened = Arc::new(Counting::default());
    let tenant = "contoso.onmicrosoft.com".parse().ok();
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(scene.now));
    let unknown = Arc::new(None);
    let store = scene.audit.store(Arc::clone(&scene.store) as _, Arc::clone(&unknown) as _);
    let audited = scene.audit.directory(Arc::clone(directory) as _, unknown);
    let jobs = StoreJobs::new(store, audited, tenant.clone(), clock)
        .with_background(Arc::clone(&opened) as _);
    let create = CreateRequest::new(id())
        .with_region("westeurope".parse().ok())
        .with_options(VaultOptions::default());
    let job = async |jobs: &StoreJobs| jobs.create_and_add(&create, add).await;
    let expected = Expected::of(scene, directory, tenant, &job);
    let outcome = block_on(job(&jobs));
    expected.assert_agrees(scene, &outcome);
    assert_eq!(opened.0.load(Ordering::SeqCst), 1, "the file is opened once");
    outcome
}

#[test]
fn missing_vault_is_created_before_the_certificate() {
    let scene = Scene::new();
    let directory = Arc::new(MemoryDirectory::new());
    let leaf = scene.leaf();
    let outcome = create_and_add(&scene, &directory, &adding(&leaf));
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert!(outcome.message().starts_with("created vault"), "{}", outcome.message());
    assert!(outcome.message().contains("imported certificate web"), "{}", outcome.message());
    assert!(matches!(outcome.effect(), Effect::Imported { .. }));
    let again = create_and_add(&scene, &directory, &adding(&scene.leaf()));
    assert_eq!(again.status(), Status::Warning, "the certificate exists");
    assert!(again.message().starts_with("certificate web already exists"), "{}", again.message());
}

#[test]
fn no_vault_is_created_for_a_certificate_that_cannot_be_added() {
    let scene = Scene::new();
    let directory = Arc::new(MemoryDirectory::new());
    let broken = adding(&scene.leaf())
        .with_contents(CertificateFile::Pfx(Zeroizing::new(b"no PKCS#12".to_vec())));
    let outcome = create_and_add(&scene, &directory, &broken);
    assert_eq!(outcome.status(), Status::Failure);
    assert!(outcome.message().starts_with("nothing was created or added"), "{}", outcome.message());
    assert!(directory.calls().is_empty() && scene.store.calls().is_empty());
}

#[test]
fn created_vault_is_reported_when_the_add_fails() {
    let scene = Scene::new();
    let directory = Arc::new(MemoryDirectory::new());
    scene.store.fail(StoreCall::Import, error(ErrorKind::Throttled));
    let outcome = create_and_add(&scene, &directory, &adding(&scene.leaf()));
    assert_eq!(outcome.status(), Status::Failure);
    assert!(outcome.message().starts_with("created vault"), "{}", outcome.message());
    assert!(matches!(outcome.effect(), Effect::Created { .. }));
}

#[test]
fn nothing_is_added_to_a_vault_that_cannot_be_created() {
    let scene = Scene::new();
    let directory = Arc::new(MemoryDirectory::new());
    directory.fail(DirectoryCall::Create, error(ErrorKind::Unavailable));
    let outcome = create_and_add(&scene, &directory, &adding(&scene.leaf()));
    assert_eq!((outcome.status(), outcome.effect()), (Status::Failure, &Effect::Nothing));
    assert_eq!(scene.store.versions(&web()).len(), 0);
}

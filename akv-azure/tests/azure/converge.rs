//! Kills every job at every request: the same job, run again, always reaches the desired state.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use akv_azure::{Azure, AzureOptions};
use akv_core::job::{
    AddRequest, CertificateFile, CreateRequest, ExistingTags, ManagementJob, Outcome, Overwrite,
    Purge, RemoveRequest, Status, StoreJobs,
};
use akv_core::{Cloud, FixedClock, Password, Tags, VaultOptions};
use akv_testkit::pki::{Key, Leaf, TestPki};
use akv_testkit::{Fault, Operation};
use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use time::OffsetDateTime;
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::directory::vault_id;
use crate::world::{World, name, seconds, tags};

/// A process that dies at the nth request.
#[derive(Debug)]
pub(crate) struct Mortal {
    inner: Arc<dyn HttpClient>,
    left: AtomicUsize,
    /// Whether the service still receives that request.
    after: bool,
    pub(crate) died: Notify,
}

impl Mortal {
    pub(crate) fn new(world: &World, requests: usize, after: bool) -> Arc<Self> {
        let (inner, left) = (world.cloud.transport(), AtomicUsize::new(requests));
        Arc::new(Self { inner, left, after, died: Notify::new() })
    }
}

#[async_trait]
impl HttpClient for Mortal {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if self.left.fetch_sub(1, Ordering::SeqCst) > 1 {
            return self.inner.execute_request(request).await;
        }
        if self.after {
            drop(self.inner.execute_request(request).await);
        }
        self.died.notify_one();
        std::future::pending().await
    }
}

#[derive(Clone)]
enum Job {
    Add(AddRequest),
    Remove(RemoveRequest),
    CreateAdd(AddRequest),
}

impl Job {
    async fn run(&self, world: &World, transport: Arc<dyn HttpClient>) -> Outcome {
        let options = AzureOptions::default().with_transport(transport);
        let azure = Azure::new(options).expect("options");
        let store = azure.store(&world.address("contoso", Cloud::public()), world.credential());
        let directory = azure.directory(&Cloud::public(), world.credential());
        let jobs = StoreJobs::new(
            Arc::new(store.expect("a store")),
            Arc::new(directory.expect("a directory")),
            Some(world.tenant()),
            Arc::new(FixedClock::at(world.cloud.clock().now())),
        );
        match self {
            Self::Add(request) => jobs.add(request).await,
            Self::Remove(request) => jobs.remove(request).await,
            Self::CreateAdd(request) => {
                let create = CreateRequest::new(vault_id(world, "contoso"))
                    .with_region("westeurope".parse().ok())
                    .with_options(VaultOptions::default());
                jobs.create_and_add(&create, request).await
            }
        }
    }

    async fn uncut(&self, world: &World) -> Outcome {
        self.run(world, world.cloud.transport()).await
    }
}

/// A vault with slow operations.
fn slow() -> World {
    World::with(|cloud| {
        let cloud = cloud.vault("contoso").deletion_takes(seconds(7)).purge_takes(seconds(4));
        cloud.recovery_takes(seconds(5)).recovery_lingers(seconds(6))
    })
}

struct Leaves {
    old: Leaf,
    new: Leaf,
}

impl Leaves {
    fn new() -> Self {
        let pki = TestPki::elliptic(OffsetDateTime::now_utc());
        let leaf = |host| pki.leaf(host).key(Key::P256).issue();
        Self { old: leaf("old.example"), new: leaf("new.example") }
    }
}

fn adding(leaf: &Leaf, tags: &Tags) -> AddRequest {
    let contents = CertificateFile::Pfx(Zeroizing::new(leaf.pfx()));
    AddRequest::new(contents, Password::default()).with_name(name("web")).with_tags(tags.clone())
}

fn removing(purge: Purge) -> Job {
    Job::Remove(RemoveRequest::new(name("web")).with_purge(purge))
}

fn many(count: usize) -> Tags {
    Tags::new((0..count).map(|number| (format!("tag{number:02}"), "kept"))).expect("tags")
}

/// Runs the job in a fresh world for each of its requests and kills it there; then checks the
/// result of the same job. Returns the number of requests.
async fn cut_everywhere(
    given: impl AsyncFn() -> World,
    job: &Job,
    again: impl AsyncFn(&World, Outcome, &str),
) -> usize {
    let mut longest = 0;
    for after in [false, true] {
        for requests in 1.. {
            let world = given().await;
            world.cloud.journal().clear();
            let mortal = Mortal::new(&world, requests, after);
            let ended = tokio::select! {
                biased;
                () = mortal.died.notified() => None,
                outcome = job.run(&world, Arc::clone(&mortal) as _) => Some(outcome),
            };
            let place = format!("cut at request {requests}, arrived: {after}");
            if let Some(outcome) = ended {
                longest = requests - 1;
                again(&world, outcome, "not cut").await;
                break;
            }
            // The cause of the failure is fixed.
            world.cloud.clear_faults();
            again(&world, job.uncut(&world).await, &place).await;
        }
    }
    longest
}

/// The newest version is the new certificate with these tags, and no other version was made of it.
fn is_as_asked(world: &World, leaf: &Leaf, tags: &Tags, place: &str) {
    let versions = world.cloud.vault("contoso").versions("web");
    let made = versions.iter().filter(|one| one.thumbprint == leaf.thumbprint()).count();
    assert_eq!(made, 1, "{place}");
    let newest = world.cloud.vault("contoso").newest("web").expect("a version");
    assert_eq!(newest.thumbprint, leaf.thumbprint(), "{place}");
    assert_eq!(Tags::as_stored(newest.tags), *tags, "{place}");
}

#[tokio::test(start_paused = true)]
async fn an_addition_completes_after_any_kill() {
    let Leaves { old, new } = Leaves::new();
    let wanted = tags(&[("env", "prod")]);
    let union = |old: &Tags| old.merged_with(&wanted).expect("tags");
    let plain = adding(&new, &wanted);
    let over = plain.clone().with_overwrite(Overwrite::Yes);
    let preserving = over.clone().with_existing_tags(ExistingTags::Preserve);
    // The state before (live or in soft delete), the job, and the final tags.
    let live = true;
    for (before, is_live, request, expected) in [
        (None, live, &plain, wanted.clone()),
        (None, live, &preserving, wanted.clone()),
        (Some((&old, many(3))), live, &over, wanted.clone()),
        (Some((&old, many(3))), live, &preserving, union(&many(3))),
        (Some((&new, many(3))), live, &preserving, union(&many(3))),
        (Some((&old, many(0))), !live, &plain, wanted.clone()),
        (Some((&old, many(15))), !live, &plain, wanted.clone()),
        (Some((&old, many(15))), !live, &over, wanted.clone()),
        (Some((&old, many(14))), !live, &preserving, union(&many(14))),
        (Some((&new, many(15))), !live, &over, wanted.clone()),
        (Some((&new, wanted.clone())), !live, &plain, wanted.clone()),
    ] {
        let given = async || {
            let world = slow();
            if let Some((leaf, tags)) = &before {
                let added = Job::Add(adding(leaf, tags)).uncut(&world).await;
                assert_eq!(added.status(), Status::Success, "{}", added.message());
                if !is_live {
                    removing(Purge::No).uncut(&world).await;
                }
            }
            world
        };
        let job = Job::Add(request.clone());
        let requests = cut_everywhere(given, &job, async |world, outcome, place| {
            let journal = world.cloud.journal();
            let (recovered, marked) = (
                journal.count(Operation::RecoverCertificate) > 0,
                journal.of(Operation::UpdateCertificate).iter().any(|entry| entry.status == 200),
            );
            let message = format!("{place}: {}", outcome.message());
            if outcome.status() == Status::Warning {
                // The only case in which nothing distinguishes a recovered certificate from any
                // other.
                assert!(recovered && !marked && request.overwrite == Overwrite::No, "{message}");
                assert!(
                    message.contains("already exists in vault contoso, with another"),
                    "{message}"
                );
                return;
            }
            assert_eq!(outcome.status(), Status::Success, "{message}");
            is_as_asked(world, &new, &expected, &message);
            if place == "not cut" {
                let over_other = before
                    .as_ref()
                    .is_some_and(|(leaf, _)| !is_live && leaf.thumbprint() != new.thumbprint());
                let needs_mark = over_other && request.overwrite == Overwrite::No;
                assert!(marked || !needs_mark, "no mark was set: {message}");
            }
        });
        assert!(requests.await >= 3, "token, look and import at least");
    }
}

/// The vault rejects the import, so the name returns to soft delete unchanged.
#[tokio::test(start_paused = true)]
async fn a_put_back_completes_after_any_kill() {
    let Leaves { old, new } = Leaves::new();
    let (wanted, before) = (tags(&[("env", "prod")]), many(15));
    let job = Job::Add(adding(&new, &wanted));
    let given = async || {
        let world = slow();
        Job::Add(adding(&old, &before)).uncut(&world).await;
        removing(Purge::No).uncut(&world).await;
        // The first is rejected because of soft delete.
        world.cloud.fault(Fault::on(Operation::ImportCertificate).nth(2).status(403));
        world
    };
    let requests = cut_everywhere(given, &job, async |world, outcome, place| {
        let message = format!("{place}: {}", outcome.message());
        match outcome.status() {
            Status::Success => is_as_asked(world, &new, &wanted, &message),
            // Between recovery and mark, and between the old tags and soft delete.
            Status::Warning => assert!(message.contains("with another certificate"), "{message}"),
            Status::Failure => {
                assert!(message.contains("was deleted again"), "{message}");
                let (store, web) = (world.store(), name("web"));
                tokio::time::sleep(seconds(10)).await;
                let deleted = akv_core::CertificateStore::deleted(&store, &web).await;
                let deleted = deleted.expect("a look").expect("in soft delete");
                assert_eq!(deleted.certificate.tags, before, "{message}");
            }
        }
    });
    assert!(requests.await >= 8, "up to the deletion");
}

#[tokio::test(start_paused = true)]
async fn a_removal_completes_after_any_kill() {
    let Leaves { old, .. } = Leaves::new();
    let given = async || {
        let world = slow();
        Job::Add(adding(&old, &many(1))).uncut(&world).await;
        world
    };
    for purge in [Purge::No, Purge::Yes] {
        cut_everywhere(given, &removing(purge), async |world, outcome, place| {
            let message = format!("{place}: {}", outcome.message());
            assert!(
                outcome.status() == Status::Success
                    || (place != "not cut" && message.contains("nothing to remove")),
                "{message}"
            );
            tokio::time::sleep(seconds(10)).await;
            let vault = world.cloud.vault("contoso");
            assert_eq!(vault.names(), [""; 0], "{message}");
            let left = usize::from(purge == Purge::No);
            assert_eq!(vault.deleted_names().len(), left, "{message}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_creation_with_addition_completes_after_any_kill() {
    let Leaves { new, .. } = Leaves::new();
    let wanted = tags(&[("env", "prod")]);
    let job = Job::CreateAdd(adding(&new, &wanted));
    let given = async || World::with(|cloud| cloud.creation_takes(seconds(20)));
    cut_everywhere(given, &job, async |world, outcome, place| {
        let message = format!("{place}: {}", outcome.message());
        assert_eq!(outcome.status(), Status::Success, "{message}");
        assert_eq!(world.cloud.journal().count(Operation::CreateVault), 1, "{message}");
        is_as_asked(world, &new, &wanted, &message);
    })
    .await;
}

/// Cancelled during a recovery, the name still gets the new version, and no other job begins.
#[tokio::test(start_paused = true)]
async fn cancelling_a_recovery_waits_for_the_new_version() {
    let Leaves { old, new } = Leaves::new();
    let wanted = tags(&[("env", "prod")]);
    for operation in
        [Operation::RecoverCertificate, Operation::GetCertificate, Operation::UpdateCertificate]
    {
        let world = slow();
        Job::Add(adding(&old, &many(15))).uncut(&world).await;
        removing(Purge::No).uncut(&world).await;
        world.cloud.journal().clear();
        let store = Arc::new(world.store());
        let clock = Arc::new(FixedClock::at(world.cloud.clock().now()));
        let jobs = StoreJobs::new(store, Arc::new(world.directory()), None, clock);
        let recovering = || {
            let journal = world.cloud.journal();
            journal.count(Operation::RecoverCertificate) > 0 && journal.count(operation) > 1
                || journal.count(operation) > 0 && operation != Operation::GetCertificate
        };
        let cancelling = async {
            for _ in (0..60_000).take_while(|_| !recovering()) {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            world.cancellation.cancel();
        };
        let request = adding(&new, &wanted);
        let (outcome, ()) = futures::future::join(jobs.add(&request), cancelling).await;
        assert_eq!(outcome.status(), Status::Success, "{operation:?}: {}", outcome.message());
        is_as_asked(&world, &new, &wanted, &format!("{operation:?}"));
        let next = jobs.add(&request).await;
        assert_eq!(next.status(), Status::Failure, "cancelled is cancelled");
    }
}

/// A recovery that does not settle delays a cancelled job only for a while.
#[tokio::test(start_paused = true)]
async fn cancelled_recovery_ends_without_settling() {
    let Leaves { old, new } = Leaves::new();
    let world = World::with(|cloud| cloud.vault("contoso").recovery_takes(seconds(3600)));
    Job::Add(adding(&old, &many(1))).uncut(&world).await;
    removing(Purge::No).uncut(&world).await;
    world.cloud.journal().clear();
    let store = Arc::new(world.store());
    let clock = Arc::new(FixedClock::at(world.cloud.clock().now()));
    let jobs = StoreJobs::new(store, Arc::new(world.directory()), None, clock);
    let start = tokio::time::Instant::now();
    let cancelling = async {
        tokio::time::sleep(seconds(5)).await;
        world.cancellation.cancel();
    };
    let request = adding(&new, &many(1));
    let (outcome, ()) = futures::future::join(jobs.add(&request), cancelling).await;
    assert_eq!(outcome.status(), Status::Failure);
    assert!(outcome.message().contains("may be recovered"), "{}", outcome.message());
    assert!(start.elapsed() < seconds(45), "{:?}", start.elapsed());
}

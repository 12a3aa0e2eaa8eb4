//! The audit over REST records the same events as the fake's journal, whatever fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use akv_azure::AzureJobs;
use akv_core::audit::{Audit, AuditEvent, AuditOutcome, AuditSink, NotRecorded};
use akv_core::job::{
    AddRequest, CertificateFile, Jobs, ManagementJob, Overwrite, RemoveRequest, Status,
};
use akv_core::{Action, Clock, Cloud, Credential, Password};
use akv_testkit::pki::{Key, Leaf, TestPki};
use akv_testkit::{Fault, Operation};
use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::world::{World, name, seconds};

/// Stores events, or rejects all of them.
#[derive(Default)]
struct Events {
    taken: Mutex<Vec<AuditEvent>>,
    full_after: Option<usize>,
}

#[async_trait]
impl AuditSink for Events {
    async fn record(&self, event: &AuditEvent) -> Result<(), NotRecorded> {
        let mut taken = self.taken.lock().expect("events");
        if self.full_after.is_some_and(|most| taken.len() >= most) {
            return Err(NotRecorded::new("no storage space"));
        }
        taken.push(event.clone());
        Ok(())
    }
}

struct FakeClock(akv_testkit::Clock);

impl Clock for FakeClock {
    fn now(&self) -> OffsetDateTime {
        self.0.now()
    }
}

/// The jobs of a vault under an audit.
fn audited(world: &World, events: &Arc<Events>, credential: &Credential) -> Box<dyn ManagementJob> {
    let clock: Arc<dyn Clock> = Arc::new(FakeClock(world.cloud.clock().clone()));
    let audit =
        Audit::new(Arc::clone(events) as _, Arc::clone(&clock), "run").of_job(Some(42), None);
    let jobs = AzureJobs::new(world.azure.clone(), clock).with_layer(Arc::new(audit));
    jobs.management(&world.address("contoso", Cloud::public()), credential).expect("jobs")
}

fn adding(alias: &str, leaf: &Leaf, overwrite: Overwrite) -> AddRequest {
    let contents = CertificateFile::Pem(Zeroizing::new(leaf.pem().into_bytes()));
    let request = AddRequest::new(contents, Password::default());
    request.with_name(name(alias)).with_overwrite(overwrite)
}

fn leaves<const N: usize>() -> [Leaf; N] {
    let pki = TestPki::elliptic(OffsetDateTime::now_utc());
    std::array::from_fn(|number| pki.leaf(&format!("{number}.example")).key(Key::P256).issue())
}

/// Adds, replaces, removes and adds again: four jobs on one name.
async fn life(jobs: &dyn ManagementJob, alias: &str, leaves: &[Leaf; 3]) {
    jobs.add(&adding(alias, &leaves[0], Overwrite::No)).await;
    jobs.add(&adding(alias, &leaves[1], Overwrite::Yes)).await;
    jobs.remove(&RemoveRequest::new(name(alias))).await;
    jobs.add(&adding(alias, &leaves[2], Overwrite::No)).await;
}

#[tokio::test(start_paused = true)]
async fn audit_and_journal_agree_over_1000_faulty_jobs() {
    const NAMES: usize = 250;
    let world = World::with(|cloud| cloud.vault("contoso").deletion_takes(seconds(3)));
    world.cloud.fault(Fault::anywhere().in_vault("contoso").with_probability(0.1, 7).status(503));
    let lost_reply = Fault::anywhere().in_vault("contoso").with_probability(0.1, 8);
    world.cloud.fault(lost_reply.after_change().close_connection());
    let (events, leaves) = (Arc::new(Events::default()), leaves());
    let jobs = audited(&world, &events, &world.credential());
    let names: Vec<String> = (0..NAMES).map(|number| format!("web-{number}")).collect();
    stream::iter(&names).for_each_concurrent(16, |alias| life(&*jobs, alias, &leaves)).await;

    let events = events.taken.lock().expect("events").clone();
    let changes = pairs(&events);
    let outcomes: BTreeSet<_> =
        changes.iter().map(|(_, end)| format!("{:?}", end.outcome)).collect();
    assert!(outcomes.contains("Done") && outcomes.contains("Rejected"), "{outcomes:?}");

    world.cloud.clear_faults();
    let journal = world.cloud.journal().entries();
    for alias in &names {
        let of = |action: Action, outcome: AuditOutcome| {
            let fits = |end: &AuditEvent| {
                end.name.as_deref() == Some(alias) && (end.action, end.outcome) == (action, outcome)
            };
            changes.iter().filter(|(_, end)| fits(end)).count()
        };
        let sent = |operation: Operation| {
            let fits = |entry: &&akv_testkit::Entry| {
                entry.operation == operation && entry.name.as_deref() == Some(alias)
            };
            journal.iter().filter(fits).count()
        };
        for (action, operation) in [
            (Action::Import, Operation::ImportCertificate),
            (Action::Delete, Operation::DeleteCertificate),
            (Action::Recover, Operation::RecoverCertificate),
        ] {
            let recorded = [AuditOutcome::Done, AuditOutcome::Rejected, AuditOutcome::Unknown]
                .map(|outcome| of(action, outcome));
            let total: usize = recorded.iter().sum();
            assert!(sent(operation) >= total, "{alias} {action}: more recorded than sent");
            assert_eq!(sent(operation) > 0, total > 0, "{alias} {action}: one sent, none recorded");
        }
        // Tags change here only with the mark of a recovery.
        assert_eq!(of(Action::Update, AuditOutcome::Done), 0, "{alias}");
        if sent(Operation::UpdateCertificate) > 0 {
            let recovered = [AuditOutcome::Done, AuditOutcome::Unknown];
            assert!(recovered.into_iter().any(|it| of(Action::Recover, it) > 0), "{alias}");
        }
        let made = versions(&world, alias).await;
        let (done, unknown) =
            (of(Action::Import, AuditOutcome::Done), of(Action::Import, AuditOutcome::Unknown));
        assert!((done..=done + unknown).contains(&made), "{alias}: {made} made, {done} recorded");
    }
}

/// The versions of a name, live or deleted.
async fn versions(world: &World, alias: &str) -> usize {
    let vault = world.cloud.vault("contoso");
    if vault.deleted_names().iter().any(|deleted| deleted == alias) {
        let store = world.store();
        akv_core::CertificateStore::recover(&store, &name(alias)).await.expect("recovered");
    }
    vault.versions(alias).len()
}

/// The two events of each change, after the checks that apply to every pair.
fn pairs(events: &[AuditEvent]) -> Vec<(AuditEvent, AuditEvent)> {
    let mut open = BTreeMap::new();
    let mut pairs = Vec::new();
    for event in events {
        assert_eq!(event.job_history_id, Some(42));
        if event.outcome == AuditOutcome::Attempted {
            assert!(open.insert(event.id.clone(), event.clone()).is_none(), "{event:?}");
            continue;
        }
        let begun = open.remove(&event.id).expect("an attempt");
        assert_eq!((begun.action, &begun.name), (event.action, &event.name));
        assert!(begun.time <= event.time && event.milliseconds.is_some());
        // A deletion makes no version, and a recovery that the service accepted is done even if the
        // certificate could not be read afterwards.
        if event.outcome == AuditOutcome::Done && event.action == Action::Import {
            assert!(event.version_after.is_some(), "{event:?}");
        }
        pairs.push((begun, event.clone()));
    }
    assert!(open.is_empty(), "attempts without a result: {open:?}");
    pairs
}

#[tokio::test(start_paused = true)]
async fn events_name_versions_identity_and_request() {
    let world = World::new();
    let (events, leaves) = (Arc::new(Events::default()), leaves());
    let jobs = audited(&world, &events, &world.credential());
    life(&*jobs, "web", &leaves).await;
    let recorded = events.taken.lock().expect("events").clone();
    let changes = pairs(&recorded);
    let actions: Vec<_> = changes.iter().map(|(_, end)| (end.action, end.outcome)).collect();
    assert_eq!(
        actions,
        [
            (Action::Import, AuditOutcome::Done),
            (Action::Import, AuditOutcome::Done),
            (Action::Delete, AuditOutcome::Done),
            (Action::Import, AuditOutcome::Rejected),
            (Action::Recover, AuditOutcome::Done),
            (Action::Import, AuditOutcome::Done),
        ]
    );
    let [first, second, third] = &leaves;
    let thumbprints: Vec<_> =
        changes.iter().map(|(_, end)| (end.thumbprint_before, end.thumbprint_after)).collect();
    let thumbprint = |leaf: &Leaf| Some(leaf.thumbprint());
    assert_eq!(
        thumbprints,
        [
            (None, thumbprint(first)),
            (thumbprint(first), thumbprint(second)),
            (thumbprint(second), None),
            (None, None),
            (None, thumbprint(second)),
            (thumbprint(second), thumbprint(third)),
        ]
    );
    for (_, end) in &changes {
        assert_eq!(end.identity, Some(world.cloud.client_id()));
        assert!(end.request_id.is_some(), "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_change_is_made_that_cannot_be_recorded() {
    let leaves: [Leaf; 3] = leaves();
    for full_after in 0..5 {
        let world = World::new();
        let store = world.store();
        let before = Arc::new(Events::default());
        let jobs = audited(&world, &before, &world.credential());
        jobs.add(&adding("web", &leaves[0], Overwrite::No)).await;
        jobs.remove(&RemoveRequest::new(name("web"))).await;
        world.cloud.journal().clear();

        // Import (rejected), recover, import: six events.
        let events = Arc::new(Events { full_after: Some(full_after), ..Events::default() });
        let jobs = audited(&world, &events, &world.credential());
        let outcome = jobs.add(&adding("web", &leaves[1], Overwrite::No)).await;
        let journal = world.cloud.journal();
        let sent = [
            journal.count(Operation::ImportCertificate),
            journal.count(Operation::RecoverCertificate),
            journal.count(Operation::DeleteCertificate),
        ];
        let expected = match full_after {
            0 => [0, 0, 0],
            1 | 2 => [1, 0, 0],
            _ => [1, 1, 0],
        };
        assert_eq!(sent, expected, "{full_after}: {}", outcome.message());
        assert_eq!(outcome.status(), Status::Failure, "{full_after}: {}", outcome.message());
        assert!(outcome.message().contains("the audit c"), "{}", outcome.message());
        if full_after >= 3 {
            // With free space, the same job continues from the mark.
            let events = Arc::new(Events::default());
            let jobs = audited(&world, &events, &world.credential());
            let outcome = jobs.add(&adding("web", &leaves[1], Overwrite::No)).await;
            assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
        }
        drop(store);
    }
}

//! The audit of requests, merges and cancellations records the same events as the fake's journal.

use std::sync::{Arc, Mutex};

use akv_core::audit::{Audit, AuditEvent, AuditOutcome, AuditSink, NotRecorded};
use akv_core::job::{
    CertificateSpec, Effect, KeyRequest, MergeRequest, Overwrite, RequestJob, RequestJobs,
};
use akv_core::{Action, FixedClock, Layer, RequestedCertificate};
use akv_testkit::pki::TestPki;
use akv_testkit::{Fault, Operation};
use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};

use crate::requests::pem;
use crate::world::{World, name};

#[derive(Default)]
struct Events(Mutex<Vec<AuditEvent>>);

#[async_trait]
impl AuditSink for Events {
    async fn record(&self, event: &AuditEvent) -> Result<(), NotRecorded> {
        self.0.lock().expect("events").push(event.clone());
        Ok(())
    }
}

fn asking(alias: &str, key: &str) -> KeyRequest {
    let subject = format!("CN={alias}").parse().expect("a name");
    let wanted = RequestedCertificate::new(subject).with_key(key.parse().expect("a key"));
    KeyRequest::new(name(alias), CertificateSpec::Explicit(wanted)).with_overwrite(Overwrite::Yes)
}

/// Requests, requests something else instead, merges, requests again and cancels.
async fn life(jobs: &RequestJobs, pki: &TestPki, alias: &str) {
    jobs.request(&asking(alias, "ec-p256")).await;
    let requested = jobs.request(&asking(alias, "ec-p384")).await;
    if let Effect::Requested { csr: Some(csr), .. } = requested.effect() {
        let issued = pki.sign(csr.der()).expect("signed");
        jobs.merge(&MergeRequest::new(name(alias), pem(&issued))).await;
    }
    jobs.request(&asking(alias, "ec-p256")).await;
    jobs.cancel(&name(alias)).await;
}

#[tokio::test(start_paused = true)]
async fn audit_and_journal_agree_over_faulty_requests() {
    const NAMES: usize = 100;
    let world = World::new();
    world.cloud.fault(Fault::anywhere().in_vault("contoso").with_probability(0.1, 17).status(503));
    let lost_reply = Fault::anywhere().in_vault("contoso").with_probability(0.1, 18);
    world.cloud.fault(lost_reply.after_change().close_connection());
    let events = Arc::new(Events::default());
    let now = world.cloud.clock().now();
    let clock = Arc::new(FixedClock::at(now));
    let audit = Audit::new(Arc::clone(&events) as _, Arc::clone(&clock) as _, "run");
    let vault = Arc::new(world.store());
    let (store, requests) = audit.requests(Arc::clone(&vault) as _, vault, Arc::new(None));
    let jobs = RequestJobs::new(store, requests, clock);
    let pki = TestPki::elliptic(now);
    let names: Vec<String> = (0..NAMES).map(|number| format!("web-{number}")).collect();
    stream::iter(&names).for_each_concurrent(16, |alias| life(&jobs, &pki, alias)).await;

    let events = events.0.lock().expect("events").clone();
    let attempts = events.iter().filter(|it| it.outcome == AuditOutcome::Attempted).count();
    assert_eq!(events.len(), 2 * attempts, "each attempt has its result");
    let journal = world.cloud.journal().entries();
    for alias in &names {
        let recorded = |action: Action, outcome: AuditOutcome| {
            let fits = |it: &&AuditEvent| {
                it.name.as_deref() == Some(alias) && (it.action, it.outcome) == (action, outcome)
            };
            events.iter().filter(fits).count()
        };
        for (action, operation) in [
            (Action::CreateCertificate, Operation::CreateCertificate),
            (Action::Merge, Operation::MergePending),
            (Action::Cancel, Operation::DeletePending),
        ] {
            let sent = journal
                .iter()
                .filter(|it| it.operation == operation && it.name.as_deref() == Some(alias));
            let (sent, attempted) = (sent.count(), recorded(action, AuditOutcome::Attempted));
            assert!(sent >= attempted, "{alias} {action}: more recorded than sent");
            assert_eq!(sent > 0, attempted > 0, "{alias} {action}: one sent, none recorded");
        }
        // A pending or cancelled version has no certificate.
        let versions = world.cloud.vault("contoso").versions(alias);
        let merged = versions.iter().filter(|version| !version.certificates.is_empty()).count();
        let done = recorded(Action::Merge, AuditOutcome::Done);
        let unknown = recorded(Action::Merge, AuditOutcome::Unknown);
        assert!(
            (done..=done + unknown).contains(&merged),
            "{alias}: {merged} made, {done} recorded"
        );
    }
    let done = events.iter().filter(|it| it.outcome == AuditOutcome::Done);
    assert!(done.count() > 3 * NAMES, "most of them came to their end");
}

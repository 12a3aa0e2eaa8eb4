//! Before each run, its plan is made on a copy of the vault. Both make the same decisions, the plan
//! changes nothing, and the audit of the run contains the planned changes.

use std::sync::{Arc, Mutex};

use akv_core::audit::{AuditEvent, AuditOutcome, AuditSink, NotRecorded};
use akv_core::job::{Outcome, StoreJobs};
use akv_core::memory::{DirectoryCall, MemoryDirectory, StoreCall};
use akv_core::plan::Plan;
use akv_core::{Action, FixedClock, Layer, TenantId};
use async_trait::async_trait;
use futures::executor::block_on;

use crate::scene::Scene;

/// Stores events for assertions.
#[derive(Debug, Default)]
pub(crate) struct Recorded(Mutex<Vec<AuditEvent>>);

#[async_trait]
impl AuditSink for Recorded {
    async fn record(&self, event: &AuditEvent) -> Result<(), NotRecorded> {
        self.0.lock().expect("events").push(event.clone());
        Ok(())
    }
}

impl Recorded {
    /// Takes the completed changes, in order.
    fn done(&self) -> Vec<Action> {
        let events = std::mem::take(&mut *self.0.lock().expect("events"));
        let done = |event: &&AuditEvent| event.outcome == AuditOutcome::Done;
        events.iter().filter(done).map(|event| event.action).collect()
    }
}

/// Runs a job on the scene's vault after its plan.
pub(crate) fn run(scene: &Scene, job: &impl AsyncFn(&StoreJobs) -> Outcome) -> Outcome {
    let directory = Arc::new(MemoryDirectory::new());
    let expected = Expected::of(scene, &directory, None, job);
    let outcome = block_on(job(&scene.jobs));
    expected.assert_agrees(scene, &outcome);
    outcome
}

/// The expected result of a run, from its plan.
pub(crate) struct Expected {
    outcome: Outcome,
    changes: Vec<Action>,
    /// Whether all reads that the run depends on are permitted.
    is_visible: bool,
}

impl Expected {
    pub(crate) fn of(
        scene: &Scene,
        directory: &Arc<MemoryDirectory>,
        tenant: Option<TenantId>,
        job: &impl AsyncFn(&StoreJobs) -> Outcome,
    ) -> Self {
        let twin = scene.store.twin();
        let vaults_before = directory.created();
        let (plan, unknown) = (Plan::new(), Arc::new(None));
        let store = plan.store(Arc::new(twin.clone()), Arc::clone(&unknown) as _);
        let layered = plan.directory(Arc::clone(directory) as _, unknown);
        let jobs = StoreJobs::new(store, layered, tenant, Arc::new(FixedClock::at(scene.now)));
        let outcome = block_on(job(&jobs));
        assert!(twin.calls().iter().all(|(call, _)| !changes(*call)), "a plan changes nothing");
        assert_eq!(directory.created(), vaults_before, "a plan creates nothing");
        scene.recorded.done();
        Self {
            outcome,
            changes: plan.finish().changes.iter().map(|change| change.action).collect(),
            is_visible: !scene.store.failing_calls().into_iter().any(changes)
                && !directory.failing_calls().contains(&DirectoryCall::Create),
        }
    }

    pub(crate) fn assert_agrees(&self, scene: &Scene, outcome: &Outcome) {
        let done = scene.recorded.done();
        if self.is_visible {
            assert_eq!(self.changes, done, "{}", outcome.message());
            assert_eq!(self.outcome.status(), outcome.status(), "{}", self.outcome.message());
            let effect = |outcome: &Outcome| std::mem::discriminant(outcome.effect());
            assert_eq!(effect(&self.outcome), effect(outcome));
        }
    }
}

fn changes(call: StoreCall) -> bool {
    matches!(
        call,
        StoreCall::Import
            | StoreCall::UpdateTags
            | StoreCall::Delete
            | StoreCall::Recover
            | StoreCall::Purge
    )
}

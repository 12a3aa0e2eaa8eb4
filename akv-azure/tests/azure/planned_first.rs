//! Jobs with a plan before the run: both have the same result, and the plan changes nothing.

use std::mem::discriminant;
use std::sync::{Arc, Mutex};

use akv_azure::KeyVault;
use akv_core::audit::{Audit, AuditEvent, AuditOutcome, AuditSink, NotRecorded};
use akv_core::job::{KeyRequest, MergeRequest, Outcome, RequestJob, RequestJobs};
use akv_core::plan::Plan;
use akv_core::{Action, CertificateName, Clock, Layer};
use akv_testkit::Journal;
use async_trait::async_trait;

pub(crate) struct PlannedFirst {
    pub(crate) vault: Arc<KeyVault>,
    pub(crate) journal: Journal,
    pub(crate) clock: Arc<dyn Clock>,
}

impl PlannedFirst {
    fn jobs(&self, layer: &dyn Layer) -> RequestJobs {
        let (store, requests) = (Arc::clone(&self.vault), Arc::clone(&self.vault));
        let (store, requests) = layer.requests(store, requests, Arc::new(None));
        RequestJobs::new(store, requests, Arc::clone(&self.clock))
    }

    async fn run(&self, job: Job<'_>) -> Outcome {
        let (plan, before) = (Plan::new(), changes(&self.journal));
        let planned = job.run(&self.jobs(&plan)).await;
        assert_eq!(changes(&self.journal), before, "a plan changes nothing");
        let done = Arc::new(Done::default());
        let audit = Audit::new(Arc::clone(&done) as _, Arc::clone(&self.clock), "run");
        let outcome = job.run(&self.jobs(&audit)).await;
        let message = planned.message();
        let actions: Vec<Action> = plan.finish().changes.iter().map(|one| one.action).collect();
        assert_eq!(actions, *done.0.lock().expect("actions"), "{message}");
        assert_eq!(planned.status(), outcome.status(), "{message}\n{}", outcome.message());
        assert_eq!(discriminant(planned.effect()), discriminant(outcome.effect()));
        let kind = |outcome: &Outcome| outcome.error().map(akv_core::Error::kind);
        assert_eq!(kind(&planned), kind(&outcome));
        outcome
    }
}

#[derive(Clone, Copy)]
enum Job<'a> {
    Request(&'a KeyRequest),
    Merge(&'a MergeRequest),
    Cancel(&'a CertificateName),
}

impl Job<'_> {
    async fn run(self, jobs: &RequestJobs) -> Outcome {
        match self {
            Self::Request(request) => jobs.request(request).await,
            Self::Merge(request) => jobs.merge(request).await,
            Self::Cancel(name) => jobs.cancel(name).await,
        }
    }
}

#[async_trait]
impl RequestJob for PlannedFirst {
    async fn request(&self, request: &KeyRequest) -> Outcome {
        self.run(Job::Request(request)).await
    }

    async fn merge(&self, request: &MergeRequest) -> Outcome {
        self.run(Job::Merge(request)).await
    }

    async fn cancel(&self, name: &CertificateName) -> Outcome {
        self.run(Job::Cancel(name)).await
    }
}

/// The changes that were made, in order.
#[derive(Default)]
struct Done(Mutex<Vec<Action>>);

#[async_trait]
impl AuditSink for Done {
    async fn record(&self, event: &AuditEvent) -> Result<(), NotRecorded> {
        if event.outcome == AuditOutcome::Done {
            self.0.lock().expect("actions").push(event.action);
        }
        Ok(())
    }
}

fn changes(journal: &Journal) -> usize {
    journal.entries().iter().filter(|it| it.vault.is_some() && it.method != "GET").count()
}

//! How a command makes its changes: with an audit, or as a plan.

use std::sync::Arc;

use akv_azure::AzureJobs;
use akv_core::SystemClock;
use akv_core::audit::{Audit, AuditEvent, AuditSink, NotRecorded};
use akv_core::job::{Outcome, Status};
use akv_core::plan::Plan;
use akv_keyfactor::{JobId, JobOutput, JobResult, JobStatus, PlanOutput};
use anyhow::Result;
use async_trait::async_trait;
use uuid::Uuid;

use crate::args::{ChangeArgs, Common, LogFormat, Output};
use crate::audit_file::AuditFile;
use crate::exit::Exit;
use crate::render;

/// The changes of one command or job. Clones share them.
#[derive(Clone)]
pub(crate) struct Changes {
    /// Only in a dry run.
    plan: Option<Plan>,
    audit: Option<Audit>,
}

impl Changes {
    pub(crate) fn new(common: &Common, args: &ChangeArgs) -> Self {
        let sink: Option<Arc<dyn AuditSink>> = match (&common.audit_file, common.log_format) {
            _ if args.dry_run => None,
            (Some(file), _) => Some(Arc::new(AuditFile::new(file.clone()))),
            // The reader of the log stores the events.
            (None, LogFormat::Json) => Some(Arc::new(LogOnly)),
            (None, LogFormat::Text) => None,
        };
        let run = || Uuid::new_v4().simple().to_string();
        Self {
            plan: args.dry_run.then(Plan::new),
            audit: sink.map(|sink| Audit::new(sink, Arc::new(SystemClock), run())),
        }
    }

    /// The same for a job of Command.
    pub(crate) fn of_job(self, configuration: &[u8]) -> Self {
        let audit = self.audit.map(|audit| {
            let job = JobId::read(configuration);
            audit.of_job(job.job_history_id, job.capability.as_deref())
        });
        Self { audit, ..self }
    }

    /// The jobs that make the changes.
    pub(crate) fn by(&self, jobs: &AzureJobs) -> AzureJobs {
        match (&self.plan, &self.audit) {
            (Some(plan), _) => jobs.clone().with_layer(Arc::new(plan.clone())),
            (None, Some(audit)) => jobs.clone().with_layer(Arc::new(audit.clone())),
            (None, None) => jobs.clone(),
        }
    }

    /// Prints the completed or the planned changes.
    pub(crate) fn report(&self, output: Output, outcome: &Outcome) -> Result<Exit> {
        if let Some(plan) = &self.plan {
            return render::plan(output, outcome, &plan.finish());
        }
        let Some(cause) = self.incomplete() else { return render::outcome(output, outcome) };
        render::say(&format!("warning: {cause}"));
        match outcome.status() {
            Status::Success => {
                let effect = outcome.effect().clone();
                let warning = Outcome::warning(effect, outcome.message()).with_notes([cause]);
                render::outcome(output, &warning)
            }
            Status::Warning | Status::Failure => render::outcome(output, outcome),
        }
    }

    /// Adds a warning to the result if its audit is incomplete.
    pub(crate) fn with_audit_warning(&self, mut output: JobOutput) -> JobOutput {
        if let Some(cause) = self.incomplete() {
            let JobResult { result, job_history_id, failure_message, .. } = output.job_result;
            let result = match result {
                JobStatus::Success => JobStatus::Warning,
                result => result,
            };
            let message = format!("{cause}; {failure_message}");
            output.job_result = JobResult::new(job_history_id, result, message);
        }
        output
    }

    /// The document of a dry run.
    pub(crate) fn planned(&self, output: &JobOutput) -> Option<PlanOutput> {
        let plan = self.plan.as_ref()?;
        Some(PlanOutput::new(output.clone(), &plan.finish()))
    }

    fn incomplete(&self) -> Option<String> {
        let cause = self.audit.as_ref()?.incomplete()?;
        Some(format!("a change was made, but its result is missing from the audit: {cause}"))
    }
}

/// Writes events only to the log.
struct LogOnly;

#[async_trait]
impl AuditSink for LogOnly {
    async fn record(&self, _event: &AuditEvent) -> Result<(), NotRecorded> {
        Ok(())
    }
}

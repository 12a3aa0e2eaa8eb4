//! The output of a dry run of a job.

use akv_core::Action;
use akv_core::plan::{Planned, PlannedChange};
use serde::Serialize;

use crate::result::{JobOutput, JobResult};

/// The document of a dry run: the expected result of the job, and its planned changes. It contains
/// no inventory and no discovered stores, because Command must not store anything from a dry run.
///
/// ```
/// use akv_core::plan::Planned;
/// use akv_keyfactor::{JobOutput, JobResult, JobStatus, PlanOutput};
/// let output = JobOutput::new(JobResult::new(42, JobStatus::Success, String::new()));
/// let json = serde_json::to_string(&PlanOutput::new(output, &Planned::default()))?;
/// assert!(json.starts_with(r#"{"JobResult":{"Result":2,"JobHistoryId":42,"#));
/// assert!(json.ends_with(r#""Plan":[]}"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct PlanOutput {
    /// The expected result of the job; its message states that nothing was changed.
    pub job_result: JobResult,
    /// The changes, in order.
    pub plan: Vec<PlanItem>,
}

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct PlanItem {
    /// The planned action: `import`, `recover`, …
    pub action: Action,
    /// The vault.
    pub vault: String,
    /// The certificate; `null` if the change is to the vault itself.
    pub name: Option<String>,
    /// A description of the change.
    pub detail: String,
}

impl PlanOutput {
    /// The document for a job that ran against a plan.
    pub fn new(output: JobOutput, planned: &Planned) -> Self {
        let JobResult { result, job_history_id, failure_message } = output.job_result;
        let message = planned.message(&failure_message);
        let plan = planned.changes.iter().cloned().map(PlanItem::from).collect();
        Self { job_result: JobResult::new(job_history_id, result, message), plan }
    }
}

impl From<PlannedChange> for PlanItem {
    fn from(change: PlannedChange) -> Self {
        let PlannedChange { action, vault, name, detail, .. } = change;
        Self { action, vault, name, detail }
    }
}

//! What a dry run of a job prints.

use akv_core::Action;
use akv_core::plan::{Planned, PlannedChange};
use serde::Serialize;

use crate::result::{JobOutput, JobResult};

/// The document of a dry run: the result that the job would have, and what it would change. It has
/// no inventory and no discovered stores, because nothing of it is to be stored in Command.
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
    /// The result that the job would have; its message says that nothing was changed.
    pub job_result: JobResult,
    /// The changes, in order.
    pub plan: Vec<PlanItem>,
}

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct PlanItem {
    /// What would be done: `import`, `recover`, …
    pub action: Action,
    /// In which vault.
    pub vault: String,
    /// To which certificate; `null` where it is the vault itself.
    pub name: Option<String>,
    /// The change in words.
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

//! The documents for the orchestrator.

use akv_core::job::Status;
use akv_core::setters;
use akv_core::text::printable;
use serde::{Serialize, Serializer};

use crate::inventory_item::CurrentInventoryItem;

/// The output document of a job.
///
/// It contains a result, with one exception: after the first step of a successful reenrollment it
/// contains the request and a null result, because the job has not ended.
///
/// ```
/// use akv_keyfactor::{JobOutput, JobResult, JobStatus};
/// let output = JobOutput::new(JobResult::new(42, JobStatus::Success, String::new()))
///     .with_inventory(Vec::new());
/// assert_eq!(
///     serde_json::to_string(&output)?,
///     r#"{"JobResult":{"Result":2,"JobHistoryId":42,"FailureMessage":""},"Inventory":[]}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobOutput {
    /// The result of the job, or of its first step.
    pub job_result: JobResult,
    /// The request to be signed, in PEM. Absent for other jobs, and if no request was created.
    pub request: Option<String>,
    /// The complete inventory, which replaces Command's previous one. Absent for other jobs, and if
    /// the inventory failed, because then nothing may be uploaded.
    pub inventory: Option<Vec<CurrentInventoryItem>>,
    /// The discovered store paths. Absent for other jobs, and if discovery failed.
    pub discovery: Option<Vec<String>>,
}

impl JobOutput {
    /// A result without further data.
    pub fn new(job_result: JobResult) -> Self {
        Self { job_result, request: None, inventory: None, discovery: None }
    }
}

setters! {
    JobOutput {
        with_request(request: impl Into<Option<String>>),
        with_inventory(inventory: impl Into<Option<Vec<CurrentInventoryItem>>>),
        with_discovery(discovery: impl Into<Option<Vec<String>>>),
    }
}

impl Serialize for JobOutput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Document {
            request: self.request.as_deref().map(|csr| Request { csr }),
            job_result: self.request.is_none().then_some(&self.job_result),
            inventory: self.inventory.as_deref(),
            discovery: self.discovery.as_deref(),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Request<'a>>,
    job_result: Option<&'a JobResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory: Option<&'a [CurrentInventoryItem]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discovery: Option<&'a [String]>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    csr: &'a str,
}

/// Keyfactor's `JobResult`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct JobResult {
    /// Success, Warning or Failure, as a number.
    pub result: JobStatus,
    /// The ID of the job's entry in Command's history; 0 if it could not be read.
    pub job_history_id: i64,
    /// The text that Command shows with the result, also for a success. At most 4,000 characters.
    pub failure_message: String,
}

impl JobResult {
    /// The longest message, in UTF-16 code units: Command counts in this unit, and there are never
    /// fewer units than characters.
    pub const MAX_MESSAGE: usize = 4000;

    /// A result, with its message made [printable] and truncated to
    /// [`MAX_MESSAGE`](Self::MAX_MESSAGE).
    pub fn new(job_history_id: i64, result: JobStatus, mut message: String) -> Self {
        message = printable(&message).into_owned();
        Self { result, job_history_id, failure_message: cut(message) }
    }
}

/// Keyfactor's `OrchestratorJobStatusJobResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "u8")]
#[expect(clippy::exhaustive_enums, reason = "the orchestrator has exactly these three results")]
pub enum JobStatus {
    /// 2: the job did everything that was requested.
    Success,
    /// 3: the job did not do everything that was requested; nothing was damaged.
    Warning,
    /// 4: the job failed.
    Failure,
}

impl From<JobStatus> for u8 {
    fn from(status: JobStatus) -> Self {
        match status {
            JobStatus::Success => 2,
            JobStatus::Warning => 3,
            JobStatus::Failure => 4,
        }
    }
}

impl From<Status> for JobStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Success => Self::Success,
            Status::Warning => Self::Warning,
            Status::Failure => Self::Failure,
        }
    }
}

impl From<JobStatus> for Status {
    fn from(status: JobStatus) -> Self {
        match status {
            JobStatus::Success => Self::Success,
            JobStatus::Warning => Self::Warning,
            JobStatus::Failure => Self::Failure,
        }
    }
}

fn cut(mut message: String) -> String {
    if message.encode_utf16().count() <= JobResult::MAX_MESSAGE {
        return message;
    }
    let room = JobResult::MAX_MESSAGE - CUT_NOTE.len();
    let mut used = 0;
    let end = message.char_indices().find(|(_, c)| {
        used += c.len_utf16();
        used > room
    });
    message.truncate(end.map_or(message.len(), |(at, _)| at));
    message + CUT_NOTE
}

/// ASCII, so that its length is the same in every unit.
const CUT_NOTE: &str = " ... (truncated at 4,000 characters; see the log)";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str) -> String {
        JobResult::new(1, JobStatus::Failure, text.to_owned()).failure_message
    }

    #[test]
    fn a_long_message_is_cut_between_characters_with_a_note() {
        assert_eq!(message(&"x".repeat(4000)), "x".repeat(4000));
        for character in ["x", "é", "界", "🔑"] {
            let cut = message(&character.repeat(4001));
            assert!(cut.ends_with(CUT_NOTE), "{character}");
            let length = cut.encode_utf16().count();
            assert!((3999..=4000).contains(&length), "{character}: {length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn no_message_is_longer_than_command_takes(text in "\\PC{3900,4200}") {
            prop_assert!(message(&text).encode_utf16().count() <= JobResult::MAX_MESSAGE);
        }
    }
}

//! The common fields of all job configurations: the job history ID, and whether the job may start.

use crate::document::{Member, Object};
use crate::problem::Problem;

/// The ID under which the result is reported. Absent is 0, for orchestrators without such an ID.
pub(crate) fn job_history_id(job: &Object<'_>) -> Result<i64, Problem> {
    Ok(job.member("JobHistoryId").integer()?.unwrap_or(0))
}

/// Rejects a job that was cancelled, or whose configuration the server marks as an error.
pub(crate) fn check_may_start(job: &Object<'_>) -> Result<(), Problem> {
    if job.member("JobCancelled").boolean()? == Some(true) {
        return Err(Problem::Refused(
            "the job was cancelled before it started: nothing was done".into(),
        ));
    }
    let status = job.member("RequestStatus").integer()?;
    let said = server_error(&job.member("ServerError"));
    // The server's warning status (2) may have a text and does not stop the job.
    if status == Some(ERROR) || (said.is_some() && status != Some(WARNING)) {
        return Err(Problem::Refused(format!(
            "the job was not started, because its configuration contains an error from Command: {}",
            said.as_deref().unwrap_or("no error text")
        )));
    }
    Ok(())
}

/// The members of `ServerError` have the names of the agents API's `Result.Error`; `None` if no
/// member reports an error.
fn server_error(member: &Member<'_>) -> Option<String> {
    if let Ok(text) = member.text() {
        return text.map(|text| text.to_string());
    }
    let Ok(fault) = member.object() else { return Some(NOT_READABLE.into()) };
    let part = |name: &str| {
        let text = fault.member(name).text().ok().flatten()?;
        (&*text != "0").then(|| text.to_string())
    };
    let parts: Vec<_> = ["Message", "CodeString", "Code"].into_iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

const NOT_READABLE: &str = "its ServerError is neither text of at most 256 KiB nor an object";
const WARNING: i64 = 2;
const ERROR: i64 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn may_start(text: &str) -> Result<(), String> {
        let document = Document::read(text.as_bytes()).expect("JSON");
        check_may_start(&document.root().expect("an object")).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_job_starts_unless_it_is_clearly_not_to() {
        for text in [
            "{}",
            r#"{"JobCancelled":false,"ServerError":null,"RequestStatus":1}"#,
            r#"{"ServerError":{"Code":0,"Message":null,"CodeString":""}}"#,
            r#"{"ServerError":{"Message":"old agent"},"RequestStatus":2}"#,
            r#"{"RequestStatus":0,"JobCancelled":"False","ServerError":""}"#,
        ] {
            assert_eq!(may_start(text), Ok(()), "{text}");
        }
        for (text, says) in [
            (r#"{"JobCancelled":true}"#, "cancelled before it started"),
            (r#"{"JobCancelled":"TRUE"}"#, "cancelled before it started"),
            (r#"{"JobCancelled":"maybe"}"#, "JobCancelled"),
            (r#"{"RequestStatus":3}"#, "no error text"),
            (r#"{"RequestStatus":3,"ServerError":{"Message":"no such job"}}"#, "no such job"),
            (r#"{"RequestStatus":1,"ServerError":{"Code":7,"CodeString":"A01"}}"#, "A01, 7"),
            (r#"{"ServerError":"no such job"}"#, "no such job"),
            (r#"{"ServerError":[1]}"#, "ServerError"),
        ] {
            let said = may_start(text).expect_err(text);
            assert!(said.contains(says), "{said}");
        }
    }
}

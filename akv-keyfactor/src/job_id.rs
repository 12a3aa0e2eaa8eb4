//! Identifies Command's job in a configuration, for an audit.

use crate::config::{Capability, job_history_id};
use crate::document::Document;

/// A job's ID and capability, if its configuration can be read.
///
/// ```
/// use akv_keyfactor::JobId;
/// let job = JobId::read(br#"{"JobHistoryId": 42, "Capability": "CertStores.AKV.Management"}"#);
/// assert_eq!(job.job_history_id, Some(42));
/// assert_eq!(job.capability.as_deref(), Some("CertStores.AKV.Management"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct JobId {
    /// The ID of the job's entry in Command's history.
    pub job_history_id: Option<i64>,
    /// The capability, as Command writes it.
    pub capability: Option<String>,
}

impl JobId {
    /// Reads a job configuration. A field that cannot be read is `None`; running the job reports
    /// the problem.
    pub fn read(configuration: &[u8]) -> Self {
        let Ok(document) = Document::read(configuration) else { return Self::default() };
        let Ok(job) = document.root() else { return Self::default() };
        let capability = Capability::of(&job).ok().and_then(|_| {
            let name = job.member("Capability").text().ok().flatten()?;
            is_plain(&name).then(|| name.to_string())
        });
        Self { job_history_id: job_history_id(&job).ok(), capability }
    }
}

/// A capability contains the administrator's own short name of the store type.
fn is_plain(name: &str) -> bool {
    name.len() <= LONGEST
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

const LONGEST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_configurations_have_no_id() {
        for odd in [
            &b""[..],
            b"[]",
            b"{\"JobHistoryId\": \"x\"}",
            b"{\"Capability\": \"CertStores.a b.Inventory\"}",
            b"{\"Capability\": \"MARKER\"}",
        ] {
            let read = JobId::read(odd);
            assert_eq!(read.capability, None, "{odd:?}");
            assert!(matches!(read.job_history_id, None | Some(0)), "{odd:?}");
        }
    }
}

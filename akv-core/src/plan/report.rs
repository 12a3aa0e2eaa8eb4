//! A finished plan, for a person or a program.

use serde::Serialize;

use super::record::NEW_VERSION;
use crate::change::Action;

/// The planned changes of a job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Planned {
    /// The changes, in order.
    pub changes: Vec<PlannedChange>,
    /// Conditions of the plan that reads cannot determine.
    pub unknown: Vec<String>,
}

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlannedChange {
    /// The planned action.
    pub action: Action,
    /// The vault.
    pub vault: String,
    /// The certificate; `None` if the change is to the vault itself.
    pub name: Option<String>,
    /// A description with the reasons: `would import a new version of …`.
    pub detail: String,
}

impl Planned {
    /// The plan on one line: the planned changes, the expected report of the real run, and the
    /// unknown conditions. `outcome` is the parts of the planned job.
    pub fn message(&self, outcome: &str) -> String {
        let mut parts = vec!["dry run, nothing was changed".to_owned()];
        if self.changes.is_empty() {
            parts.push("the real run would change nothing".to_owned());
        }
        for (number, change) in (1..).zip(&self.changes) {
            parts.push(format!("{number}. {}", change.detail));
        }
        let outcome = self.outcome(outcome);
        if !outcome.is_empty() {
            parts.push(format!("the real run would report: {outcome}"));
        }
        parts.extend(self.unknown.iter().map(|what| format!("cannot be known in advance: {what}")));
        parts.join("; ")
    }

    /// The message of the job without the placeholder version.
    pub fn outcome(&self, outcome: &str) -> String {
        outcome.replace(NEW_VERSION, "(assigned by the service)")
    }
}

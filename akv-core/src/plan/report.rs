//! A finished plan, for a person or a program.

use serde::Serialize;

use super::record::NEW_VERSION;
use crate::change::Action;

/// What a job would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Planned {
    /// The changes, in order.
    pub changes: Vec<PlannedChange>,
    /// What the plan depends on and reading cannot show.
    pub unknown: Vec<String>,
}

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlannedChange {
    /// What would be done.
    pub action: Action,
    /// In which vault.
    pub vault: String,
    /// To which certificate; `None` where it is the vault itself.
    pub name: Option<String>,
    /// The change in words, with its reasons: `would import a new version of …`.
    pub detail: String,
}

impl Planned {
    /// The plan on one line: what would be done, what the real run would report, and what cannot
    /// be known. `outcome` is the message that the job ended with.
    pub fn message(&self, outcome: &str) -> String {
        let mut told = vec!["dry run, nothing was changed".to_owned()];
        if self.changes.is_empty() {
            told.push("the real run would change nothing".to_owned());
        }
        for (number, change) in (1..).zip(&self.changes) {
            told.push(format!("{number}. {}", change.detail));
        }
        let outcome = self.outcome(outcome);
        if !outcome.is_empty() {
            told.push(format!("the real run would report: {outcome}"));
        }
        told.extend(self.unknown.iter().map(|what| format!("cannot be known in advance: {what}")));
        told.join("; ")
    }

    /// The message of the job, in which a version that does not exist is not shown as one.
    pub fn outcome(&self, outcome: &str) -> String {
        outcome.replace(NEW_VERSION, "(assigned by the service)")
    }
}

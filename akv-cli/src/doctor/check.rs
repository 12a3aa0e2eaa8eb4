//! One line of a diagnosis.

use akv_core::Error;
use serde::Serialize;

use crate::exit::Exit;

/// The checks, in order.
#[derive(Debug, Default, Serialize)]
pub(super) struct Checks {
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) detail: String,
    /// The remedy.
    pub(super) hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    Ok,
    Warning,
    Problem,
    NotChecked,
}

impl Checks {
    pub(super) fn ok(&mut self, name: &str, detail: impl Into<String>) {
        self.add(name, Status::Ok, detail.into(), None);
    }

    pub(super) fn warning(&mut self, name: &str, detail: impl Into<String>, hint: Option<String>) {
        self.add(name, Status::Warning, detail.into(), hint);
    }

    pub(super) fn problem(&mut self, name: &str, detail: impl Into<String>, hint: Option<String>) {
        self.add(name, Status::Problem, detail.into(), hint);
    }

    /// A failure with its remedy: `hint`, or otherwise the hint of the error.
    pub(super) fn failed(
        &mut self,
        name: &str,
        status: Status,
        error: &Error,
        hint: Option<String>,
    ) {
        let hint = hint.or_else(|| error.advice().map(str::to_owned));
        self.add(name, status, cause(error), hint);
    }

    /// Marks several checks as not done, with the same reason.
    pub(super) fn not_checked(&mut self, names: &[&str], why: &str) {
        for name in names {
            self.add(name, Status::NotChecked, why.to_owned(), None);
        }
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.checks.extend(others.checks);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter()
    }

    pub(super) fn exit(&self) -> Exit {
        let any = |status| self.checks.iter().any(|check| check.status == status);
        if any(Status::Problem) {
            Exit::Failure
        } else if any(Status::Warning) {
            Exit::Warning
        } else {
            Exit::Success
        }
    }

    fn add(&mut self, name: &str, status: Status, detail: String, hint: Option<String>) {
        self.checks.push(Check { name: name.to_owned(), status, detail, hint });
    }
}

/// The cause without the hint, which is shown separately.
pub(super) fn cause(error: &Error) -> String {
    let said = error.reply().map(|reply| format!("; the service said {reply}"));
    error.summary() + &said.unwrap_or_default()
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
            Self::NotChecked => "not checked",
        }
    }
}

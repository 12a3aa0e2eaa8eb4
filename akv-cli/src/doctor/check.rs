//! One line of a diagnosis.

use akv_core::Error;
use akv_core::text::printable;
use serde::Serialize;

use crate::exit::Exit;

/// What was checked, in order.
#[derive(Debug, Default, Serialize)]
pub(super) struct Checks {
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) detail: String,
    /// What to do about it.
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

    /// A failure, with what can be done about it: `hint`, or else what the error advises.
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

    /// The same reason for several.
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

/// What went wrong, without the advice: that is the hint.
pub(super) fn cause(error: &Error) -> String {
    let text = error.to_string();
    let advice = error.advice().map(|advice| format!("; {}", printable(advice)));
    let cause = advice.and_then(|advice| text.strip_suffix(&*advice).map(str::to_owned));
    cause.unwrap_or(text)
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

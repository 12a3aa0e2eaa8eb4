//! The class of a failure.

use akv_core::{Denial, Error, ErrorKind};

/// An error kind with its message and hint.
#[derive(Debug, Clone)]
pub(super) struct Classification {
    pub(super) kind: ErrorKind,
    pub(super) problem: String,
    pub(super) advice: Option<String>,
}

impl Classification {
    pub(super) fn new(kind: ErrorKind, problem: impl Into<String>) -> Self {
        Self { kind, problem: problem.into(), advice: None }
    }

    pub(super) fn advised(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// The error of the attempted `operation`.
    pub(super) fn into_error(self, operation: &str) -> Error {
        let error = Error::new(self.kind, operation, self.problem);
        match self.advice {
            Some(advice) => error.with_advice(advice),
            None => error,
        }
    }
}

pub(super) fn azure_policy() -> Classification {
    Classification::new(ErrorKind::Denied(Denial::AzurePolicy), "Azure Policy denied the request")
        .advised("change the request or the policy; the activity log names the policy")
}

pub(super) fn not_the_service() -> Classification {
    Classification::new(ErrorKind::Protocol, "the response did not come from Azure")
        .advised("check for an intercepting proxy, a gateway or a wrong DNS record")
}

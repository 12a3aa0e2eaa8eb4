//! A problem of a job configuration: the field and the expected value, never the actual value.

use akv_core::InvalidValue;

/// Why a job does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("the job configuration cannot be read: {0}")]
    Unreadable(String),
    #[error("{field} is missing from the job configuration: expected {expected}")]
    Missing { field: String, expected: String },
    #[error("{field} of the job configuration is not valid: expected {expected}")]
    Invalid { field: String, expected: String },
    #[error("{field} of the job configuration was not resolved: {why}")]
    Unresolved { field: String, why: String },
    #[error("{0}")]
    Refused(String),
}

impl Problem {
    pub(crate) fn missing(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Missing { field: field.into(), expected: expected.into() }
    }

    pub(crate) fn invalid(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), expected: expected.into() }
    }

    /// The domain's description of the expected value, without the actual value.
    pub(crate) fn of_value(field: impl Into<String>, invalid: &InvalidValue) -> Self {
        Self::invalid(field, invalid.expected())
    }
}

//! The findings that fail a pipeline.

use std::str::FromStr;

use super::code::{self, Code};
use super::finding::Finding;
use crate::bundle::Severity;
use crate::error::InvalidValue;

/// A code, or a minimum severity.
///
/// ```
/// use akv_core::report::{Code, FailOn, Severity};
/// assert_eq!("stale".parse(), Ok(FailOn::Code(Code::Stale)));
/// assert_eq!("warning".parse(), Ok(FailOn::Severity(Severity::Warning)));
/// assert!("fatal".parse::<FailOn>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailOn {
    /// Findings with this code.
    Code(Code),
    /// Findings of this severity or a higher one.
    Severity(Severity),
}

impl FailOn {
    /// Whether it matches a finding.
    pub fn matches(self, finding: &Finding) -> bool {
        self.includes(finding.code)
    }

    /// Whether a finding with this code would match.
    pub fn includes(self, code: Code) -> bool {
        match self {
            Self::Code(one) => one == code,
            Self::Severity(severity) => code.severity() >= severity,
        }
    }
}

impl FromStr for FailOn {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let severities = [Severity::Info, Severity::Warning, Severity::Error];
        let named = |severity: &Severity| severity.to_string().eq_ignore_ascii_case(text.trim());
        match severities.into_iter().find(named) {
            Some(severity) => Ok(Self::Severity(severity)),
            None => text.parse().map(Self::Code).map_err(|_: InvalidValue| {
                let expected = format!("error, warning, info, or one of {}", code::all());
                InvalidValue::new("severity or finding code", text, expected)
            }),
        }
    }
}

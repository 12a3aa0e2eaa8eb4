//! Certificates that cannot be read, and unreadable fields of other certificates.

use std::fmt;

use super::name::{ComparableName, Name, shown};

/// Why bytes cannot be read as a certificate: a fragment that follows its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct CertificateError {
    reason: &'static str,
    subject: Option<Subject>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Subject {
    shown: String,
    name: ComparableName,
}

impl CertificateError {
    pub(super) const fn new(reason: &'static str) -> Self {
        Self { reason, subject: None }
    }

    pub(super) fn of(subject: Name<'_>, reason: &'static str) -> Self {
        let shown = shown(&subject.to_string());
        Self { reason, subject: Some(Subject { shown, name: subject.comparable() }) }
    }

    /// Its subject, if at least that can be read.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_ref().map(|subject| subject.shown.as_str())
    }

    pub(super) fn name(&self) -> Option<ComparableName> {
        self.subject.as_ref().map(|subject| subject.name)
    }
}

/// An unreadable certificate of a file; it displays as `certificate 2 of the file cannot be read: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableCertificate {
    /// Its number in the file, counted from 1.
    pub number: usize,
    /// The reason.
    pub error: CertificateError,
}

impl fmt::Display for UnreadableCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate {} of the file", self.number)?;
        if let Some(subject) = self.error.subject() {
            write!(f, " ({subject})")?;
        }
        write!(f, " cannot be read: {}", self.error)
    }
}

/// An unreadable field of a readable certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownField {
    /// The name of the field.
    pub field: &'static str,
    /// The reason.
    pub reason: &'static str,
}

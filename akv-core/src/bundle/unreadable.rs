//! Certificates that cannot be read, and what of others cannot.

use std::fmt;

use super::name::{ComparableName, Name, shown};

/// Why bytes cannot be read as a certificate: a fragment after its name.
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

    /// Its subject, where that much can be read.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_ref().map(|subject| subject.shown.as_str())
    }

    pub(super) fn name(&self) -> Option<ComparableName> {
        self.subject.as_ref().map(|subject| subject.name)
    }
}

/// A certificate of a file that cannot be read.
///
/// ```
/// use akv_core::bundle::{UnreadableCertificate, X509};
/// let error = X509::from_der(b"\x30\x00").unwrap_err();
/// let second = UnreadableCertificate::new(2, error);
/// let message = "certificate 2 of the file cannot be read: it is not laid out as a certificate";
/// assert_eq!(second.to_string(), message);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableCertificate {
    /// Which of the file's certificates it is, the first being 1.
    pub number: usize,
    /// What is wrong with it.
    pub error: CertificateError,
}

impl UnreadableCertificate {
    /// The certificate of that number, counted from 1, and what is wrong with it.
    pub fn new(number: usize, error: CertificateError) -> Self {
        Self { number, error }
    }
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

/// A field of a certificate that cannot be read, while the rest can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownField {
    /// The field, in words.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

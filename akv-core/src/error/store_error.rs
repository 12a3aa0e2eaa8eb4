//! The errors of a store or a directory.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{ErrorKind, InvalidValue, Reply};
use crate::text::printable;

/// A failure of a store or a directory.
///
/// A scheduler asks it what to do next:
///
/// ```
/// use std::time::Duration;
/// use akv_core::{Error, ErrorKind};
///
/// fn next_attempt(error: &Error) -> Option<Duration> {
///     match error.retry_after() {
///         Some(wait) => Some(wait),
///         None if error.is_throttled() => Some(Duration::from_secs(60)),
///         None if error.is_denied() || error.may_have_happened() => None,
///         None => Some(Duration::from_secs(600)),
///     }
/// }
/// let error = Error::new(ErrorKind::Throttled, "list certificates in vault contoso", "throttled")
///     .with_retry_after(Duration::from_secs(40));
/// assert_eq!(next_attempt(&error), Some(Duration::from_secs(40)));
/// ```
///
/// Displays as one line: the failed operation, the cause, the service's own words and a hint.
///
/// ```
/// use akv_core::{Denial, Error, ErrorKind, Reply};
///
/// let error = Error::new(ErrorKind::Denied(Denial::Rbac), "get certificate web-01 in vault contoso", "not allowed")
///     .with_reply(Reply::new(403).with_code("Forbidden".to_owned()).with_inner_code("ForbiddenByRbac".to_owned()))
///     .with_advice("assign the role \"Key Vault Certificates Officer\" on the vault");
/// assert_eq!(
///     error.to_string(),
///     "cannot get certificate web-01 in vault contoso: not allowed; the service said HTTP 403 Forbidden/ForbiddenByRbac; \
///      assign the role \"Key Vault Certificates Officer\" on the vault",
/// );
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    operation: String,
    problem: String,
    reply: Option<Reply>,
    advice: Option<String>,
    taken: bool,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`. `operation` is what failed (`get certificate web in vault contoso`), `problem`
    /// is the cause, both as lower-case fragments.
    pub fn new(kind: ErrorKind, operation: impl Into<String>, problem: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: operation.into(),
            problem: problem.into(),
            reply: None,
            advice: None,
            taken: false,
            retry_after: None,
            source: None,
        }))
    }

    /// Adds the service's response.
    #[must_use]
    pub fn with_reply(mut self, reply: Reply) -> Self {
        self.0.reply = Some(reply);
        self
    }

    /// Adds a hint for the reader.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Adds the wait that the service asked for.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Marks that the service accepted the request before the error: only its completion was not
    /// seen.
    #[must_use]
    pub fn after_acceptance(mut self) -> Self {
        self.0.taken = true;
        self
    }

    /// Whether the service accepted the request, so that it is or will be completed.
    pub fn was_accepted(&self) -> bool {
        self.0.taken
    }

    /// Whether the service rejected the change itself. Such a rejection also covers an earlier
    /// attempt, because both requests are the same.
    pub fn rejects_the_change(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Denied(_)
                | ErrorKind::Absent
                | ErrorKind::SoftDeleted
                | ErrorKind::BeingDeleted
                | ErrorKind::BeingRecovered
                | ErrorKind::Conflict
                | ErrorKind::NameTaken
                | ErrorKind::Invalid
        )
    }

    /// Whether a change with this error may have been made anyway: check the state before a retry.
    /// A definite rejection means that nothing was changed.
    ///
    /// Ports follow this rule: a change with an unknown outcome is `TimedOut`, `Cancelled` or
    /// `Protocol`, or was [accepted](Self::after_acceptance), whatever its kind.
    pub fn may_have_happened(&self) -> bool {
        self.was_accepted()
            || matches!(
                self.kind(),
                ErrorKind::Cancelled | ErrorKind::TimedOut | ErrorKind::Protocol
            )
    }

    /// The wait that the service asked for, from the creation of the error. `None` if it did not ask,
    /// or if waiting does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the service throttled the request (HTTP 429): retry it later. See
    /// [`retry_after`](Self::retry_after).
    pub fn is_throttled(&self) -> bool {
        self.kind() == ErrorKind::Throttled
    }

    /// Whether the caller lacks a permission (HTTP 403). Retrying does not help.
    pub fn is_denied(&self) -> bool {
        matches!(self.kind(), ErrorKind::Denied(_))
    }

    /// Whether the object of the operation does not exist (HTTP 404).
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::Absent
    }

    /// The kind of error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The service's response, if there was one.
    pub fn reply(&self) -> Option<&Reply> {
        self.0.reply.as_ref()
    }

    /// The failed operation and the cause on one line: `cannot VERB OBJECT: CAUSE`, without the
    /// service's own words and hints.
    pub fn summary(&self) -> String {
        let Inner { operation, problem, .. } = &*self.0;
        format!("cannot {}: {}", printable(operation), printable(problem))
    }

    /// The hint for the reader, if there is one.
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }
}

impl From<InvalidValue> for Error {
    fn from(invalid: InvalidValue) -> Self {
        Self::new(ErrorKind::Invalid, format!("read {}", invalid.what()), invalid.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { reply, advice, .. } = &*self.0;
        f.write_str(&self.summary())?;
        if let Some(reply) = reply {
            write!(f, "; the service said {reply}")?;
        }
        if let Some(advice) = advice {
            write!(f, "; {}", printable(advice))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// A result of a store or a directory.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Denial;

    #[test]
    fn predicates_follow_the_kind() {
        let of = |kind| Error::new(kind, "import certificate web-01", "it failed");
        let answers = |error: &Error| {
            [
                error.is_denied(),
                error.is_throttled(),
                error.is_not_found(),
                error.may_have_happened(),
            ]
        };
        for (kind, expected) in [
            (ErrorKind::Denied(Denial::Firewall), [true, false, false, false]),
            (ErrorKind::Throttled, [false, true, false, false]),
            (ErrorKind::Absent, [false, false, true, false]),
            (ErrorKind::TimedOut, [false, false, false, true]),
            (ErrorKind::Cancelled, [false, false, false, true]),
            (ErrorKind::Protocol, [false, false, false, true]),
            (ErrorKind::Unauthenticated, [false; 4]),
            (ErrorKind::Unavailable, [false; 4]),
            (ErrorKind::SoftDeleted, [false; 4]),
            (ErrorKind::Conflict, [false; 4]),
            (ErrorKind::Invalid, [false; 4]),
        ] {
            assert_eq!(answers(&of(kind)), expected, "{kind:?}");
        }
        let taken = of(ErrorKind::Denied(Denial::Rbac)).after_acceptance();
        assert_eq!(answers(&taken), [true, false, false, true]);
    }

    #[test]
    fn retry_after_is_kept_and_survives_a_clone() {
        let error = Error::new(ErrorKind::Throttled, "list", "throttled");
        assert_eq!(error.retry_after(), None);
        let wait = Duration::from_secs(40);
        assert_eq!(error.with_retry_after(wait).clone().retry_after(), Some(wait));
    }

    #[test]
    fn an_error_is_one_inert_line_whatever_is_in_it() {
        let odd = "a\u{1b}[2J\r\nb\u{9b}\u{202e}\u{2028}";
        let reply = Reply {
            status: 400,
            code: Some(odd.into()),
            inner_code: Some(odd.into()),
            message: Some(odd.into()),
            request_id: Some(odd.into()),
        };
        let error = Error::new(ErrorKind::Invalid, odd, odd).with_advice(odd).with_reply(reply);
        let invalid = InvalidValue::new("name", odd, odd);
        for shown in [error.to_string(), format!("{error:?}"), Error::from(invalid).to_string()] {
            assert!(!shown.chars().any(crate::text::is_unprintable), "{shown:?}");
        }
    }
}

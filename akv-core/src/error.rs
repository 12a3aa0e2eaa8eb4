//! The errors of a store or a directory.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::text::printable;

/// A text from outside that is not what it should be: what was read and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {read:?} is not valid: expected {expected}")]
pub struct InvalidValue {
    what: &'static str,
    read: String,
    expected: String,
}

impl InvalidValue {
    /// `read` is cut to 200 characters: the message is for a person.
    pub fn new(what: &'static str, read: &str, expected: impl Into<String>) -> Self {
        let mut shown: String = read.chars().take(SHOWN).collect();
        if shown.len() < read.len() {
            shown.push('…');
        }
        Self { what, read: shown, expected: expected.into() }
    }

    /// What the value was to be: `certificate name`, `store path`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// What was expected, for whoever may not show what was read.
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

/// Why a request was denied (HTTP 403), by the service's inner code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denial {
    /// The vault uses access policies and the caller's lacks the permission.
    AccessPolicy,
    /// The vault uses Azure RBAC and the caller has no role with the permission.
    Rbac,
    /// The vault's firewall does not admit the caller's address.
    Firewall,
    /// The vault admits private links only.
    PrivateLink,
    /// Azure Policy forbids it.
    AzurePolicy,
    /// The object's state forbids it: disabled, expired, protected from purge.
    ObjectState,
    /// The service did not say why.
    Unspecified,
}

/// What an [`Error`] means to whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not allowed. Never to be taken for "not there".
    Denied(Denial),
    /// No token could be had, or the service refused it.
    Unauthenticated,
    /// What the operation needs is not there.
    Absent,
    /// A certificate or vault of that name is in soft delete.
    SoftDeleted,
    /// A certificate of that name was still being deleted when the deadline passed.
    BeingDeleted,
    /// A certificate of that name was still being recovered when the deadline passed.
    BeingRecovered,
    /// Another object stands in the way, such as a stand-alone secret of the same name.
    Conflict,
    /// The vault name is used by someone else; vault names are unique worldwide.
    NameTaken,
    /// Too many requests, still so when the deadline passed.
    Throttled,
    /// What was asked for is refused as wrong: by us before sending or by the service (HTTP 400).
    Invalid,
    /// The service failed (HTTP 5xx) or could not be reached.
    Unavailable,
    /// The deadline passed.
    TimedOut,
    /// The caller cancelled.
    Cancelled,
    /// The answer is not what the interface promises: too large, endless, unreadable.
    Protocol,
    /// The audit could not record the change, so it was not made.
    Unrecorded,
    /// The answer points to a host that the configuration did not name. No token went there.
    UntrustedHost,
}

impl ErrorKind {
    /// Whether the caller may simply not look: a permission, a token or a budget is missing. Such
    /// an error says nothing about what is in the store.
    pub fn is_permission_or_throttling(self) -> bool {
        matches!(self, Self::Denied(_) | Self::Unauthenticated | Self::Throttled)
    }
}

/// What the service answered, as far as it helps a person to find the cause.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `error.code`: `Forbidden`, `Conflict`, an AADSTS code.
    pub code: Option<String>,
    /// `error.innererror.code`: `ForbiddenByRbac`, `ObjectIsBeingDeleted`.
    pub inner_code: Option<String>,
    /// The service's own words.
    pub message: Option<String>,
    /// `x-ms-request-id`: what Microsoft's support asks for.
    pub request_id: Option<String>,
}

impl Reply {
    /// An answer with this HTTP status.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
}

setters! {
    Reply {
        with_code(code: impl Into<Option<String>>),
        with_inner_code(inner_code: impl Into<Option<String>>),
        with_message(message: impl Into<Option<String>>),
        with_request_id(request_id: impl Into<Option<String>>),
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {}", printable(code))?;
        }
        if let Some(inner) = &self.inner_code {
            write!(f, "/{}", printable(inner))?;
        }
        if let Some(message) = &self.message {
            write!(f, " \"{}\"", printable(message.trim()))?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {})", printable(id))?;
        }
        Ok(())
    }
}

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
    tried: String,
    problem: String,
    reply: Option<Reply>,
    advice: Option<String>,
    taken: bool,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` met when `tried` was tried; `problem` says what went wrong, both as
    /// lower-case fragments.
    pub fn new(kind: ErrorKind, tried: impl Into<String>, problem: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            tried: tried.into(),
            problem: problem.into(),
            reply: None,
            advice: None,
            taken: false,
            retry_after: None,
            source: None,
        }))
    }

    /// Adds what the service answered.
    #[must_use]
    pub fn with_reply(mut self, reply: Reply) -> Self {
        self.0.reply = Some(reply);
        self
    }

    /// Adds what the reader can do about it.
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

    /// Adds how long the service asked to be left alone.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Says that the service had taken what was asked for before this happened: only the end of it
    /// was not seen.
    #[must_use]
    pub fn after_it_was_taken(mut self) -> Self {
        self.0.taken = true;
        self
    }

    /// Whether the service had taken what was asked for, so that it is done or will be.
    pub fn was_taken(&self) -> bool {
        self.0.taken
    }

    /// Whether the service rejected the change for what it is. That speaks for an attempt before it
    /// too, as the same was asked for.
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

    /// Whether a change that ended in this error may have been made all the same: look before trying
    /// it again. An error that answers no says that nothing was changed.
    ///
    /// Ports keep to this: a change whose end is not known is `TimedOut`, `Cancelled` or `Protocol`,
    /// or was [taken](Self::after_it_was_taken) whatever its kind is.
    pub fn may_have_happened(&self) -> bool {
        self.was_taken()
            || matches!(
                self.kind(),
                ErrorKind::Cancelled | ErrorKind::TimedOut | ErrorKind::Protocol
            )
    }

    /// How long the service asked to be left alone, counted from when the error was made. `None`
    /// where it did not ask, or where waiting does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether there were too many requests (HTTP 429): the same will do later. See
    /// [`retry_after`](Self::retry_after).
    pub fn is_throttled(&self) -> bool {
        self.kind() == ErrorKind::Throttled
    }

    /// Whether the caller is known and may not do this (HTTP 403). Retrying does not help.
    pub fn is_denied(&self) -> bool {
        matches!(self.kind(), ErrorKind::Denied(_))
    }

    /// Whether what the operation needs does not exist (HTTP 404).
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::Absent
    }

    /// What it means.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the service answered, where it did.
    pub fn reply(&self) -> Option<&Reply> {
        self.0.reply.as_ref()
    }

    /// What failed and why, on one line: `cannot VERB OBJECT: CAUSE`. The service's own words and
    /// the hints are not in it.
    pub fn summary(&self) -> String {
        let Inner { tried, problem, .. } = &*self.0;
        format!("cannot {}: {}", printable(tried), printable(problem))
    }

    /// What the reader can do about it, where that is known.
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }
}

impl From<InvalidValue> for Error {
    fn from(invalid: InvalidValue) -> Self {
        Self::new(ErrorKind::Invalid, format!("read {}", invalid.what), invalid.to_string())
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

const SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

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
        let taken = of(ErrorKind::Denied(Denial::Rbac)).after_it_was_taken();
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
        for told in [error.to_string(), format!("{error:?}"), Error::from(invalid).to_string()] {
            assert!(!told.chars().any(crate::text::is_unprintable), "{told:?}");
        }
    }
}

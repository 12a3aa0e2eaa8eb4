//! The service's response in an error.

use std::fmt;

use crate::text::printable;

/// The parts of the service's response that help to find the cause.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `error.code`: `Forbidden`, `Conflict`, an AADSTS code.
    pub code: Option<String>,
    /// `error.innererror.code`: `ForbiddenByRbac`, `ObjectIsBeingDeleted`.
    pub inner_code: Option<String>,
    /// The service's own message.
    pub message: Option<String>,
    /// `x-ms-request-id`, for Microsoft support.
    pub request_id: Option<String>,
}

impl Reply {
    /// A response with this HTTP status.
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

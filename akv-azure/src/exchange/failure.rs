//! How one attempt failed, before anything is decided about it.

use std::sync::Arc;
use std::time::Duration;

use super::error_response::ErrorResponse;
use super::no_connection::NoConnection;

/// One attempt that did not give what was asked for.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// No connection came about, so nothing was sent.
    NotSent { why: NoConnection, source: Arc<azure_core::Error> },
    /// The connection broke after something was sent: the service may have carried it out.
    Lost { source: Arc<azure_core::Error> },
    /// No whole answer within the bound of an attempt.
    Stalled { after: Duration },
    /// The answer is a success, and larger than this answer can be.
    TooLarge { limit: usize },
    /// The service answered, and not with a success.
    Refused(Box<ErrorResponse>),
}

impl Failure {
    /// What an error of the transport says about the request.
    pub(crate) fn of_transport(source: azure_core::Error) -> Self {
        let source = Arc::new(source);
        if matches!(source.kind(), azure_core::error::ErrorKind::Connection) {
            Self::NotSent { why: NoConnection::of(&*source), source }
        } else {
            Self::Lost { source }
        }
    }

    /// Whether the service may have carried the request out all the same.
    pub(crate) fn may_have_happened(&self) -> bool {
        match self {
            // What is too large is a success whose content is not known.
            Self::Lost { .. } | Self::Stalled { .. } | Self::TooLarge { .. } => true,
            Self::Refused(response) => matches!(response.reply.status, 200..=299 | 408 | 500..),
            Self::NotSent { .. } => false,
        }
    }

    /// Whether the same request can do better a little later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::NotSent { why, .. } => {
                !matches!(why, NoConnection::Untrusted(_) | NoConnection::ProxySignIn)
            }
            Self::Lost { .. } | Self::Stalled { .. } => true,
            Self::TooLarge { .. } => false,
            Self::Refused(response) => {
                matches!(response.reply.status, 408 | 429 | 500 | 502 | 503 | 504)
            }
        }
    }

    pub(crate) fn is_throttling(&self) -> bool {
        matches!(self, Self::Refused(response) if response.reply.status == 429)
    }

    /// How long the service asks to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(response) => response.retry_after,
            _ => None,
        }
    }

    /// The transport's own error.
    pub(crate) fn source(&self) -> Option<Arc<azure_core::Error>> {
        match self {
            Self::NotSent { source, .. } | Self::Lost { source } => Some(Arc::clone(source)),
            Self::Stalled { .. } | Self::TooLarge { .. } | Self::Refused(_) => None,
        }
    }
}

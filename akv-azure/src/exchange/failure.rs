//! How one attempt failed, before its classification.

use std::sync::Arc;
use std::time::Duration;

use super::error_response::ErrorResponse;
use super::no_connection::NoConnection;

/// A failed attempt.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// The connection was not established, so nothing was sent.
    NotSent { why: NoConnection, source: Arc<azure_core::Error> },
    /// The connection broke after something was sent: the service may have executed the request.
    ConnectionLost { source: Arc<azure_core::Error> },
    /// The answer was not complete within the deadline of an attempt.
    Stalled { after: Duration },
    /// The answer is a success but exceeds the size limit, in bytes.
    TooLarge { limit: usize },
    /// The service answered with an error.
    Refused(Box<ErrorResponse>),
}

impl Failure {
    /// Converts an error of the transport.
    pub(crate) fn of_transport(source: azure_core::Error) -> Self {
        let source = Arc::new(source);
        if matches!(source.kind(), azure_core::error::ErrorKind::Connection) {
            Self::NotSent { why: NoConnection::of(&*source), source }
        } else {
            Self::ConnectionLost { source }
        }
    }

    /// Whether the service may have executed the request anyway.
    pub(crate) fn may_have_happened(&self) -> bool {
        match self {
            // An oversized answer is a success with unknown content.
            Self::ConnectionLost { .. } | Self::Stalled { .. } | Self::TooLarge { .. } => true,
            Self::Refused(response) => matches!(response.reply.status, 200..=299 | 408 | 500..),
            Self::NotSent { .. } => false,
        }
    }

    /// Whether the same request can succeed a little later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::NotSent { why, .. } => {
                !matches!(why, NoConnection::Untrusted(_) | NoConnection::ProxySignIn)
            }
            Self::ConnectionLost { .. } | Self::Stalled { .. } => true,
            Self::TooLarge { .. } => false,
            Self::Refused(response) => {
                matches!(response.reply.status, 408 | 429 | 500 | 502 | 503 | 504)
            }
        }
    }

    pub(crate) fn is_throttling(&self) -> bool {
        matches!(self, Self::Refused(response) if response.reply.status == 429)
    }

    /// The pause that the service requires.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(response) => response.retry_after,
            _ => None,
        }
    }

    /// The transport's own error.
    pub(crate) fn source(&self) -> Option<Arc<azure_core::Error>> {
        match self {
            Self::NotSent { source, .. } | Self::ConnectionLost { source } => {
                Some(Arc::clone(source))
            }
            Self::Stalled { .. } | Self::TooLarge { .. } | Self::Refused(_) => None,
        }
    }
}

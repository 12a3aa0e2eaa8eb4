//! How one attempt failed, before anything is decided about it.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use akv_core::Reply;

use crate::transport::{Distrust, Unresolved};

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
    Refused(Box<Refusal>),
}

/// Why no connection came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoConnection {
    /// The name has no address.
    Unresolved,
    /// The proxy's name has no address.
    ProxyUnresolved,
    /// Whoever answered could not prove to be the host, or speaks no TLS that is taken here.
    Untrusted(Distrust),
    /// A proxy on the way wants to be signed in to (407 to CONNECT).
    ProxySignIn,
    /// A proxy on the way makes no connection (any other answer to CONNECT than a success).
    ProxyRefused,
    /// Nobody answers, or it is not known why.
    Unreachable,
}

/// A service's answer that is not a success.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refusal {
    pub(crate) reply: Reply,
    /// Whether it was written by something that does not speak the service's JSON.
    pub(crate) foreign: bool,
    /// The host that a redirect leads to.
    pub(crate) location: Option<String>,
    /// The tenant that a 401 names.
    pub(crate) tenant: Option<String>,
    /// The audience that a 401 wants a token for, where that is not the cloud's.
    pub(crate) other_audience: Option<String>,
    /// Whether a 401 says that the token was revoked by continuous access evaluation.
    pub(crate) insufficient_claims: bool,
    /// How long the service wants to be left alone.
    pub(crate) wish: Option<Duration>,
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

    /// Whether no connection came about because nobody there spoke TLS: they hung up or answered in
    /// plain text.
    pub(crate) fn is_without_tls(error: &azure_core::Error) -> bool {
        if !matches!(error.kind(), azure_core::error::ErrorKind::Connection) {
            return false;
        }
        let hung_up = |error: &(dyn StdError + 'static)| {
            use io::ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof};
            error.downcast_ref::<io::Error>().is_some_and(|io| {
                matches!(io.kind(), ConnectionAborted | ConnectionReset | UnexpectedEof)
            })
        };
        let first: &(dyn StdError + 'static) = error;
        std::iter::successors(Some(first), |error| within(*error))
            .any(|error| hung_up(error) || Distrust::of(error) == Some(Distrust::NotTls))
    }

    /// Whether the service may have carried the request out all the same.
    pub(crate) fn may_have_happened(&self) -> bool {
        match self {
            // What is too large is a success whose content is not known.
            Self::Lost { .. } | Self::Stalled { .. } | Self::TooLarge { .. } => true,
            Self::Refused(refusal) => matches!(refusal.reply.status, 200..=299 | 408 | 500..),
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
            Self::Refused(refusal) => {
                matches!(refusal.reply.status, 408 | 429 | 500 | 502 | 503 | 504)
            }
        }
    }

    pub(crate) fn is_throttling(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.reply.status == 429)
    }

    pub(crate) fn wish(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.wish,
            _ => None,
        }
    }
}

impl NoConnection {
    fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(unresolved) = error.downcast_ref::<Unresolved>() {
                let proxy = unresolved.is_proxy;
                return if proxy { Self::ProxyUnresolved } else { Self::Unresolved };
            }
            // The error of the tunnel has no public type.
            let told = error.to_string();
            if told.ends_with(PROXY_SIGN_IN) {
                return Self::ProxySignIn;
            }
            if told.ends_with(PROXY_REFUSED) {
                return Self::ProxyRefused;
            }
            if let Some(distrust) = Distrust::of(error) {
                return Self::Untrusted(distrust);
            }
            cause = within(error);
        }
        Self::Unreachable
    }
}

/// The next error of a chain. An I/O error is no error of its own but shows the one within as
/// itself, so its source is one further than what it holds.
fn within<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(within) => Some(within),
        None => error.source(),
    }
}

/// What hyper-util says when a proxy answers CONNECT with 407.
const PROXY_SIGN_IN: &str = "tunnel error: proxy authorization required";
/// What hyper-util says when a proxy answers CONNECT with any other refusal, whatever its status.
const PROXY_REFUSED: &str = "tunnel error: unsuccessful";

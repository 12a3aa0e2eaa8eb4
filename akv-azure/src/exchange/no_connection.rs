//! Why no connection was established.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::distrust::Distrust;

/// Why no connection was established.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoConnection {
    /// The name does not resolve.
    Unresolved,
    /// The proxy's name does not resolve.
    ProxyUnresolved,
    /// The server could not prove that it is the host, or supports no accepted TLS version.
    Untrusted(Distrust),
    /// A proxy requires authentication (407 to CONNECT).
    ProxySignIn,
    /// A proxy rejected the connection (any other error answer to CONNECT).
    ProxyRefused,
    /// No server answers, or the reason is unknown.
    Unreachable,
}

/// A name that the system cannot resolve.
#[derive(Debug)]
pub(crate) struct Unresolved {
    pub(crate) name: String,
    /// Whether it is the proxy's name.
    pub(crate) is_proxy: bool,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name {} does not resolve", self.name)
    }
}

impl StdError for Unresolved {}

impl NoConnection {
    /// Whether the connection failed because the server does not speak TLS: it hung up or answered
    /// in plain text.
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

    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(unresolved) = error.downcast_ref::<Unresolved>() {
                let proxy = unresolved.is_proxy;
                return if proxy { Self::ProxyUnresolved } else { Self::Unresolved };
            }
            // The error of the tunnel has no public type.
            let message = error.to_string();
            if message.ends_with(PROXY_SIGN_IN) {
                return Self::ProxySignIn;
            }
            if message.ends_with(PROXY_REFUSED) {
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

/// The next error of a chain. An I/O error displays the error it wraps as itself, so its own source
/// is the one after that.
fn within<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(within) => Some(within),
        None => error.source(),
    }
}

/// hyper-util's error if a proxy answers CONNECT with 407.
const PROXY_SIGN_IN: &str = "tunnel error: proxy authorization required";
/// hyper-util's error if a proxy answers CONNECT with any other error status.
const PROXY_REFUSED: &str = "tunnel error: unsuccessful";

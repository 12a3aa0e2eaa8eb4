//! Why no connection came about.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::distrust::Distrust;

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

/// A name that has no address, as far as the system knows.
#[derive(Debug)]
pub(crate) struct Unresolved {
    pub(crate) name: String,
    /// Whether it is the proxy that has that name.
    pub(crate) is_proxy: bool,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name {} does not resolve", self.name)
    }
}

impl StdError for Unresolved {}

impl NoConnection {
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

    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
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

//! Three transports, each behind its feature. They extend the cloud, which depends on none of them.

#[cfg(feature = "serve")]
mod body;
#[cfg(feature = "serve")]
mod control;
#[cfg(feature = "serve")]
mod limit;
#[cfg(feature = "serve")]
mod pause;
#[cfg(any(feature = "azure-core", feature = "serve"))]
mod pieces;
#[cfg(feature = "serve")]
mod proxy;
#[cfg(feature = "serve")]
mod streams;
#[cfg(feature = "serve")]
mod tls;
#[cfg(feature = "azure-core")]
mod transport;
#[cfg(feature = "wiremock")]
mod wiremock;

#[cfg(feature = "serve")]
pub use tls::TlsServer;

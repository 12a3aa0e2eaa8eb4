//! The transport in production: one connection pool over rustls.

mod pool;
mod presented;
mod proxy;
mod resolver;

pub(crate) use pool::Pool;
pub(crate) use presented::presented;
pub(crate) use proxy::ProxyChoice;

//! What carries the requests in production: one pool of connections over rustls.

mod pool;
mod proxy;
mod resolver;

pub(crate) use pool::Pool;
pub(crate) use proxy::ProxyChoice;

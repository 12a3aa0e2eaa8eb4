//! Three ways to reach the same state.

mod body;
mod control;
mod limit;
mod pause;
mod proxy;
pub(crate) mod tls;
pub(crate) mod transport;
pub(crate) mod wiremock;

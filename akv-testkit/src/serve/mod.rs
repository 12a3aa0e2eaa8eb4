//! Three ways to reach the same state.

mod body;
mod control;
mod pause;
pub(crate) mod tls;
pub(crate) mod transport;
pub(crate) mod wiremock;

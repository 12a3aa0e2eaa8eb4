//! Three ways to reach the same state.

pub(crate) mod transport;

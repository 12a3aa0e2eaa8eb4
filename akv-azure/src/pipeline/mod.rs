//! The steps of every request: authorize, rate-limit, send, read, and retry where that may help.

mod call;
mod quota;
mod rate_limiter;
mod receipt;
mod send;
#[cfg(test)]
mod tests;

pub(crate) use call::Call;
pub(crate) use quota::Quota;
pub(crate) use rate_limiter::RateLimiter;
pub(crate) use send::{Failed, Pacing, Pipeline};

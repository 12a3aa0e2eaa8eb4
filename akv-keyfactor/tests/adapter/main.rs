//! The adapter on mocked jobs: what a job configuration asks of the domain, and what becomes of the
//! domain's answer. And whole jobs on the fake cloud: what a configuration does to a vault.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets what it did not expect has failed"
)]

mod configurations;
mod documents;
mod endpoints;
mod fake;
mod mocks;
mod on_the_fake;
mod parity;
mod robustness;
mod secrets;
mod tolerance;

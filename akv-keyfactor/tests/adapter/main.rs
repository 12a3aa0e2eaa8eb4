//! The adapter on mocked jobs: the domain call of a job configuration, and the result of the
//! domain's outcome. And complete jobs on the fake cloud: the effect of a configuration on a vault.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "an unexpected state fails the test"
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

//! The ports over REST against the fake cloud, at the services' real URLs.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test helpers fail the test in an unexpected state"
)]

mod answers;
mod audit;
mod audit_requests;
mod change;
mod cloud;
mod converge;
mod directory;
mod echo;
mod graph;
mod hostile;
mod jobs;
mod lists;
mod pace;
mod planned_first;
mod redaction;
mod refusal;
mod requests;
mod sign_in;
mod store;
mod tap;
mod tls;
#[cfg(feature = "token-credential")]
mod token_credential;
mod traps;
mod world;

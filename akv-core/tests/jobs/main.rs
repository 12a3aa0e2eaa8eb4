//! What the jobs decide, on a vault in memory.
#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod add;
mod agreement;
mod create;
mod inventory;
mod pki;
mod remove;
mod scene;
mod soft_delete;

//! The decisions of the jobs, on an in-memory vault.
#![expect(clippy::expect_used, reason = "test helpers fail like tests")]

mod add;
mod agreement;
mod create;
mod fleet;
mod inventory;
mod pki;
mod remove;
mod scene;
mod soft_delete;

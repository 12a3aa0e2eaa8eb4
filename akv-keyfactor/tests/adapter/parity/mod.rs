//! One test a row of `docs/parity.md`, as far as the row is about the adapter. The rows about what
//! is decided and what is sent have their tests where that happens.

mod add;
mod discovery;
mod inventory;
mod management;
mod start;

use akv_core::job::Outcome;
use akv_core::{Denial, Error, ErrorKind};

fn denied(tried: &str) -> Error {
    Error::new(ErrorKind::Denied(Denial::Rbac), tried, "not allowed")
}

fn failed(tried: &str) -> Outcome {
    Outcome::failure(denied(tried))
}

//! One test per row of `docs/parity.md`, for the rows that concern the adapter. The rows about
//! decisions and requests are tested in the crates that implement them.

mod add;
mod discovery;
mod inventory;
mod management;
mod start;

use akv_core::job::Outcome;
use akv_core::{Denial, Error, ErrorKind};

fn denied(operation: &str) -> Error {
    Error::new(ErrorKind::Denied(Denial::Rbac), operation, "not allowed")
}

fn failed(operation: &str) -> Outcome {
    Outcome::failure(denied(operation))
}

//! The errors of a store or a directory, and of a text from outside.

mod invalid_value;
mod kind;
mod reply;
mod store_error;

pub use invalid_value::InvalidValue;
pub use kind::{Denial, ErrorKind};
pub use reply::Reply;
pub use store_error::{Error, Result};

//! PKCS#12 files (RFC 7292).

mod mac;
mod opening;
mod read;
mod safe;
mod structure;
mod write;

pub use read::read;
pub(super) use read::read_into;
pub(super) use write::write;

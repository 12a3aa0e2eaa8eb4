//! Certificates and names as the service reads and writes them.

mod certificate;
mod name;

pub(crate) use certificate::{Facts, PublicKey, public_part};
pub(crate) use name::read as read_name;

//! PEM text.

pub(super) mod armor;
mod read;

pub(super) use armor::is_armored;
pub use read::read;

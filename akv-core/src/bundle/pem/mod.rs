//! PEM text.

pub(super) mod armor;
mod read;

pub(super) use armor::{is_armored, without_white_space};
pub use read::read;

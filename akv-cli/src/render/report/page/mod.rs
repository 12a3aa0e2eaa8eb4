//! The report as one HTML file.

mod data;
mod template;

pub(super) use template::page;

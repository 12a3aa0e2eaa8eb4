//! A report as a web page in one file.
//!
//! The page loads nothing. Its one script and its one style sheet are allowed by their digests in
//! the content security policy; the certificates are JSON that no browser runs, and the script puts
//! them on the page as text alone.

mod data;
mod html;

pub(super) use html::page;

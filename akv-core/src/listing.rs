//! A list of the control plane, whole or with a gap.

use crate::error::Error;

/// What the control plane listed, as far as it can be read: an item that cannot must not hide the
/// others, and must not go unnoticed.
///
/// ```
/// use akv_core::Listing;
/// let listing = Listing::from(vec!["contoso", "fabrikam"]);
/// assert!(listing.gap.is_none(), "all of it was read");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Listing<T> {
    /// What was read, as listed.
    pub items: Vec<T>,
    /// What is missing of the list, and why.
    pub gap: Option<Error>,
}

impl<T> From<Vec<T>> for Listing<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, gap: None }
    }
}

impl<T> Listing<T> {
    /// The same, with something missing.
    #[must_use]
    pub fn with_gap(self, gap: impl Into<Option<Error>>) -> Self {
        Self { gap: gap.into(), ..self }
    }
}

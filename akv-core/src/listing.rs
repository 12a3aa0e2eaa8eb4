//! A list of the control plane, complete or with a gap.

use crate::error::Error;

/// The readable part of a list of the control plane: an unreadable item must neither hide the
/// others nor go unnoticed.
///
/// ```
/// use akv_core::Listing;
/// let listing = Listing::from(vec!["contoso", "fabrikam"]);
/// assert!(listing.gap.is_none(), "all of it was read");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Listing<T> {
    /// The readable items, in order.
    pub items: Vec<T>,
    /// The missing part, and the reason.
    pub gap: Option<Error>,
}

impl<T> From<Vec<T>> for Listing<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, gap: None }
    }
}

impl<T> Listing<T> {
    /// Sets the gap.
    #[must_use]
    pub fn with_gap(self, gap: impl Into<Option<Error>>) -> Self {
        Self { gap: gap.into(), ..self }
    }
}

//! Certificate bundles.

/// Leaf, key and chain, checked when made.
#[derive(Debug, Clone)]
pub struct Bundle;

//! Tags as the command line gives them.

use std::collections::HashSet;

use anyhow::Result;

use crate::usage::Usage;

/// The tags as given, each name once: of two values nobody knows which is meant.
pub(super) fn each_once(tags: &[(String, String)]) -> Result<Vec<(String, String)>> {
    let mut names = HashSet::new();
    match tags.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(Usage::new(format!("the tag {name:?} is given twice")).into()),
        None => Ok(tags.to_vec()),
    }
}

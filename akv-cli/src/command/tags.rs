//! Tags from the command line.

use std::collections::HashSet;

use anyhow::Result;

use crate::usage::Usage;

/// The given tags; a duplicate name is an error, because the intended value is unknown.
pub(super) fn each_once(tags: &[(String, String)]) -> Result<Vec<(String, String)>> {
    let mut names = HashSet::new();
    match tags.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(Usage::new(format!("the tag {name:?} is given twice")).into()),
        None => Ok(tags.to_vec()),
    }
}

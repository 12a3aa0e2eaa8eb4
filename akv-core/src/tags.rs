//! Tags of a certificate, within the service's limits.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::InvalidValue;

/// The tags of a certificate: at most 15, names and values of at most 256 characters
/// (Key Vault "about keys, secrets and certificates").
///
/// ```
/// use akv_core::Tags;
/// let old = Tags::new([("owner", "pki"), ("env", "test")])?;
/// let new = Tags::new([("env", "prod")])?;
/// assert_eq!(old.merged_with(&new)?, Tags::new([("owner", "pki"), ("env", "prod")])?);
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// How many tags a certificate may have.
    pub const MAX_COUNT: usize = 15;
    /// How many characters a name or a value may have.
    pub const MAX_LENGTH: usize = 256;

    /// Tags to write, checked against the limits. The later one of two with the same name is kept.
    pub fn new<K: Into<String>, V: Into<String>>(
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, InvalidValue> {
        Self::as_stored(tags).checked()
    }

    /// Tags from the service, without checks.
    pub fn as_stored<K: Into<String>, V: Into<String>>(
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self(tags.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The union of both; `newer` takes precedence. Checked against the limits.
    pub fn merged_with(&self, newer: &Self) -> Result<Self, InvalidValue> {
        let mut union = self.0.clone();
        union.extend(newer.0.clone());
        Self(union).checked()
    }

    /// Name and value of each, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of the tag with that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether there are no tags.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of tags.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn checked(self) -> Result<Self, InvalidValue> {
        let invalid = |read: &str, expected: &str| InvalidValue::new("tags", read, expected);
        if self.0.len() > Self::MAX_COUNT {
            let names = self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(invalid(&names, "at most 15 tags on a certificate"));
        }
        for (name, value) in &self.0 {
            if name.is_empty() {
                return Err(invalid(name, "a tag name of at least one character"));
            }
            if name.chars().count() > Self::MAX_LENGTH || value.chars().count() > Self::MAX_LENGTH {
                return Err(invalid(name, "tag names and values of at most 256 characters"));
            }
        }
        Ok(self)
    }
}

impl fmt::Display for Tags {
    /// `name=value, name=value`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tags: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&tags.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> Vec<(String, String)> {
        (0..count).map(|number| (format!("tag{number}"), String::new())).collect()
    }

    #[test]
    fn limits_hold_for_writes_and_not_for_reads() {
        assert!(Tags::new(numbered(15)).is_ok());
        assert!(Tags::new(numbered(16)).is_err());
        assert_eq!(Tags::as_stored(numbered(16)).len(), 16);
        assert!(Tags::new([("n", "ü".repeat(256))]).is_ok(), "characters count, not bytes");
        assert!(Tags::new([("n", "x".repeat(257))]).is_err());
        assert!(Tags::new([("x".repeat(257), "v")]).is_err());
        assert!(Tags::new([("", "v")]).is_err());
    }

    #[test]
    fn a_union_over_the_limit_is_rejected_and_names_the_tags() {
        let old = Tags::new(numbered(15)).expect("15 tags");
        let new = Tags::new([("owner", "pki")]).expect("a tag");
        let error = old.merged_with(&new).expect_err("16 tags");
        assert!(error.to_string().contains("owner"), "{error}");
        assert_eq!(old.merged_with(&old).expect("the same"), old);
    }
}

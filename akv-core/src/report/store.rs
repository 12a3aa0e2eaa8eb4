//! The store that a record belongs to.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::store_path::StorePath;

/// A store, as its source names it. Vault names are unique in a cloud, so two values are equal if
/// they name the same vault, in any spelling. Cheap to clone.
///
/// ```
/// use akv_core::report::Store;
/// let short = Store::new("Contoso");
/// assert_eq!(short, Store::new("https://contoso.vault.azure.net"));
/// assert_eq!(short, Store::new("11111111-2222-3333-4444-555555555555:rg:contoso"));
/// assert_ne!(short, Store::new("fabrikam"));
/// ```
#[derive(Debug, Clone)]
pub struct Store(Arc<Names>);

#[derive(Debug)]
struct Names {
    shown: String,
    vault: String,
    key: String,
}

impl Store {
    /// A store by its path. A text that is not a store path is kept as a label, truncated to 300
    /// characters.
    pub fn new(text: &str) -> Self {
        if let Ok(path) = text.parse::<StorePath>() {
            return Self::from(&path);
        }
        let shown: String = text.trim().chars().take(LONGEST).collect();
        let key = shown.to_lowercase();
        Self(Arc::new(Names { vault: shown.clone(), shown, key }))
    }

    /// The store path in the form of `discover`.
    pub fn as_str(&self) -> &str {
        &self.0.shown
    }

    /// The vault's name.
    pub fn vault(&self) -> &str {
        &self.0.vault
    }
}

impl From<&StorePath> for Store {
    fn from(path: &StorePath) -> Self {
        let vault = path.vault().to_string();
        let key = vault.to_ascii_lowercase();
        Self(Arc::new(Names { shown: path.to_string(), vault, key }))
    }
}

impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Store {}

impl PartialOrd for Store {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Store {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.key.cmp(&other.0.key)
    }
}

impl Hash for Store {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

const LONGEST: usize = 300;

//! The changes in Azure, with the same names in plans and audits.

use std::fmt;

use serde::Serialize;

/// A change of a certificate or a vault.
///
/// ```
/// use akv_core::Action;
/// assert_eq!(Action::CreateVault.to_string(), "create-vault");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// Creates a vault.
    CreateVault,
    /// Lets the vault create a key and a certificate, or a certificate signing request.
    CreateCertificate,
    /// Merges an issued certificate with its pending request.
    Merge,
    /// Cancels a pending request.
    Cancel,
    /// Recovers a soft-deleted certificate. This includes marking a certificate that was recovered
    /// for an addition.
    Recover,
    /// Imports a certificate.
    Import,
    /// Updates the tags of a certificate.
    Update,
    /// Deletes all versions of a certificate.
    Delete,
    /// Purges a soft-deleted certificate.
    Purge,
}

impl Action {
    /// The name in plans and audits.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateVault => "create-vault",
            Self::CreateCertificate => "create-certificate",
            Self::Merge => "merge",
            Self::Cancel => "cancel",
            Self::Recover => "recover",
            Self::Import => "import",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Purge => "purge",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn action_has_one_name_in_text_and_json() {
        for action in [
            Action::CreateVault,
            Action::CreateCertificate,
            Action::Merge,
            Action::Cancel,
            Action::Recover,
            Action::Import,
            Action::Update,
            Action::Delete,
            Action::Purge,
        ] {
            assert_eq!(serde_json::json!(action), action.as_str());
        }
    }
}

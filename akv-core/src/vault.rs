//! The names that address a vault, each validated at construction.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::error::InvalidValue;

/// The name of a vault: 3 to 24 letters, digits and single hyphens, from a letter to a letter or
/// digit (Azure resource name rules). Comparison ignores letter case.
///
/// ```
/// use akv_core::VaultName;
/// assert!("contoso-prod".parse::<VaultName>().is_ok());
/// assert!("contoso--prod".parse::<VaultName>().is_err());
/// ```
#[derive(Debug, Clone)]
pub struct VaultName(String);

impl FromStr for VaultName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let name = text.trim();
        let bytes = name.as_bytes();
        let fits = (3..=24).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
            && bytes.first().is_some_and(u8::is_ascii_alphabetic)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
            && !name.contains("--");
        if fits {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidValue::new(
                "vault name",
                text,
                "3 to 24 letters, digits and single hyphens, starting with a letter and ending \
                 with a letter or digit",
            ))
        }
    }
}

/// The name of a resource group: 1 to 90 letters, digits, `-`, `_`, `.`, `(`, `)`, not ending in a
/// full stop (Azure resource name rules). Comparison ignores letter case.
#[derive(Debug, Clone)]
pub struct ResourceGroupName(String);

impl FromStr for ResourceGroupName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let name = text.trim();
        let fits = (1..=90).contains(&name.chars().count())
            && name.chars().all(|c| c.is_alphanumeric() || "-_.()".contains(c))
            && !name.ends_with('.');
        if fits {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidValue::new(
                "resource group",
                text,
                "1 to 90 letters, digits, hyphens, underscores, full stops and parentheses, not \
                 ending in a full stop",
            ))
        }
    }
}

macro_rules! name_without_case {
    ($name:ident) => {
        impl $name {
            /// The name as it was given, trimmed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.to_lowercase() == other.0.to_lowercase()
            }
        }

        impl Eq for $name {}

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.0.to_lowercase().hash(state);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_without_case!(VaultName);
name_without_case!(ResourceGroupName);

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                let trimmed = text.trim();
                match Uuid::try_parse(trimmed) {
                    Ok(id) if trimmed.len() == 36 => Ok(Self(id)),
                    _ => Err(InvalidValue::new(
                        $what,
                        text,
                        "a GUID such as 00000000-1111-2222-3333-444444444444",
                    )),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

guid! {
    /// The ID of a subscription: a GUID.
    SubscriptionId, "subscription id"
}

guid! {
    /// The client ID (application ID) of a service principal or a managed identity: a GUID.
    ClientId, "client id"
}

guid! {
    /// The object ID of a user, group or service principal in Entra ID: a GUID.
    ObjectId, "object id"
}

/// A tenant of Entra ID: its GUID or one of its domain names.
///
/// Comparison ignores letter case.
///
/// ```
/// use akv_core::TenantId;
/// assert!("contoso.onmicrosoft.com".parse::<TenantId>().is_ok());
/// assert!("contoso/../common".parse::<TenantId>().is_err());
/// ```
#[derive(Debug, Clone)]
pub struct TenantId(String);

name_without_case!(TenantId);

impl TenantId {
    /// The GUID, if it is one: Resource Manager's vault body accepts no domain name.
    pub fn as_guid(&self) -> Option<Uuid> {
        Uuid::try_parse(&self.0).ok()
    }
}

impl FromStr for TenantId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let id = text.trim();
        let is_domain = id.contains('.')
            && id.len() <= 253
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
            && id.split('.').all(|label| !label.is_empty());
        if Uuid::try_parse(id).is_ok() || is_domain {
            Ok(Self(id.to_owned()))
        } else {
            Err(InvalidValue::new("tenant id", text, "a GUID or a domain name of the tenant"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vault_names_keep_the_rules_of_the_service() {
        for name in ["abc", "contoso-prod-01", &"a".repeat(24), " trimmed "] {
            assert!(name.parse::<VaultName>().is_ok(), "{name:?}");
        }
        for name in
            ["", "ab", &"a".repeat(25), "1abc", "-abc", "abc-", "a--b", "a.b", "a/b", "naïve"]
        {
            assert!(name.parse::<VaultName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn nothing_in_a_name_can_change_a_url() {
        for name in ["a/../b", "a?b=c", "a#b", "a%2fb", "a\\b", "a\nb", "a b", "a@b", "a:b"] {
            assert!(name.parse::<VaultName>().is_err(), "{name:?}");
            assert!(name.parse::<ResourceGroupName>().is_err(), "{name:?}");
            assert!(name.parse::<TenantId>().is_err(), "{name:?}");
            assert!(name.parse::<SubscriptionId>().is_err(), "{name:?}");
            assert!(name.parse::<crate::CertificateName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn guid_is_accepted_only_in_its_usual_form() {
        assert!("11111111-2222-3333-4444-555555555555".parse::<ClientId>().is_ok());
        for text in
            ["", "11111111222233334444555555555555", "{11111111-2222-3333-4444-555555555555}"]
        {
            assert!(text.parse::<ClientId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_compare_without_case() {
        let name = |text: &str| text.parse::<VaultName>().expect("a name");
        assert_eq!(name("Contoso"), name("contoso"));
        assert_ne!(name("contoso"), name("fabrikam"));
    }
}

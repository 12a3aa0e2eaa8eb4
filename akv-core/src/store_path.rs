//! The path of a certificate store, in all spellings in use.

use std::fmt;
use std::str::FromStr;

use crate::error::InvalidValue;
use crate::vault::{ResourceGroupName, SubscriptionId, VaultName};

/// The path of a certificate store: a vault and, if known, its location.
///
/// Parses every spelling in use, and displays the three-part form if it is known:
///
/// ```
/// use akv_core::StorePath;
/// let sub = "11111111-2222-3333-4444-555555555555";
/// for spelling in [
///     format!("{sub}:pki-rg:contoso"),
///     format!(" {sub} : pki-rg : contoso "),
///     format!("/SUBSCRIPTIONS/{sub}/resourcegroups/pki-rg/providers/microsoft.keyvault/vaults/contoso"),
/// ] {
///     let path: StorePath = spelling.parse()?;
///     assert_eq!(path.to_string(), format!("{sub}:pki-rg:contoso"));
/// }
/// let url: StorePath = "https://contoso.vault.azure.net/".parse()?;
/// assert_eq!(url.vault().as_str(), "contoso");
/// assert_eq!(url.host(), Some("contoso.vault.azure.net"));
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StorePath {
    subscription: Option<SubscriptionId>,
    resource_group: Option<ResourceGroupName>,
    vault: VaultName,
    host: Option<String>,
}

impl StorePath {
    /// The full path of a vault, as in a discovery.
    pub fn new(
        subscription: SubscriptionId,
        resource_group: ResourceGroupName,
        vault: VaultName,
    ) -> Self {
        Self {
            subscription: Some(subscription),
            resource_group: Some(resource_group),
            vault,
            host: None,
        }
    }

    /// The subscription, if the path names one.
    pub fn subscription(&self) -> Option<SubscriptionId> {
        self.subscription
    }

    /// The resource group, if the path names one.
    pub fn resource_group(&self) -> Option<&ResourceGroupName> {
        self.resource_group.as_ref()
    }

    /// The vault.
    pub fn vault(&self) -> &VaultName {
        &self.vault
    }

    /// The host of a vault URL, in lower case and with its port if it has one. It must match the
    /// configured cloud before anything is sent to it.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The same path with these parts replaced.
    #[must_use]
    pub fn with_overrides(
        mut self,
        subscription: Option<SubscriptionId>,
        resource_group: Option<ResourceGroupName>,
        vault: Option<VaultName>,
    ) -> Self {
        self.subscription = subscription.or(self.subscription);
        self.resource_group = resource_group.or(self.resource_group);
        if let Some(vault) = vault.filter(|vault| *vault != self.vault) {
            self.vault = vault;
            self.host = None;
        }
        self
    }

    fn vault_alone(vault: VaultName) -> Self {
        Self { subscription: None, resource_group: None, vault, host: None }
    }

    fn from_resource_id(text: &str) -> Result<Self, InvalidValue> {
        let parts: Vec<&str> = text.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            // The portal's pages append their own name.
            [subscriptions, subscription, groups, group, providers, provider, kind, name, ..]
                if same(&[subscriptions, groups], &["subscriptions", "resourcegroups"])
                    && same(&[providers, provider], &["providers", "microsoft.keyvault"]) =>
            {
                match kind.to_ascii_lowercase().as_str() {
                    "vaults" => Ok(Self::new(subscription.parse()?, group.parse()?, name.parse()?)),
                    "managedhsms" => Err(InvalidValue::new(WHAT, text, MANAGED_HSM)),
                    _ => Err(invalid(text)),
                }
            }
            _ => Err(invalid(text)),
        }
    }

    /// The resource ID in an address of the portal, which follows `#` and is sometimes
    /// percent-encoded.
    fn from_portal(text: &str) -> Result<Self, InvalidValue> {
        let decoded = text.replace("%2F", "/").replace("%2f", "/");
        let lower = decoded.to_ascii_lowercase();
        let id = lower.find("/subscriptions/").and_then(|start| decoded.get(start..));
        let id = id.and_then(|id| id.split(['?', '#']).next()).unwrap_or_default();
        // The pages of certificates, keys and secrets contain the vault's URL instead.
        let url = decoded.rsplit_once("https://").map(|(_, url)| url).filter(|url| !is_portal(url));
        let of_url = || url.and_then(|url| Self::from_host(text, url).ok());
        Self::from_resource_id(id).or_else(|error| of_url().ok_or(error)).map_err(|_| {
            let expected = if lower.contains("/managedhsms/") { MANAGED_HSM } else { PORTAL };
            InvalidValue::new(WHAT, text, expected)
        })
    }

    /// From a URL, or a host without a scheme.
    fn from_host(text: &str, rest: &str) -> Result<Self, InvalidValue> {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host);
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if is_portal(host) {
            return Self::from_portal(text);
        }
        let (vault, suffix) = host.split_once('.').ok_or_else(|| invalid(text))?;
        if suffix.is_empty() || !host.chars().all(known) {
            return Err(invalid(text));
        }
        if suffix.split('.').any(|label| label == "managedhsm") {
            return Err(InvalidValue::new(WHAT, text, MANAGED_HSM));
        }
        if let Some(advice) = private_link_advice(host) {
            return Err(InvalidValue::new(WHAT, text, advice));
        }
        Ok(Self { host: Some(host.to_owned()), ..Self::vault_alone(vault.parse()?) })
    }
}

/// The replacement for a name in one of Azure's own zones for private endpoints, such as
/// `contoso.privatelink.vaultcore.azure.net`. `None` for any other name.
///
/// Such a name resolves, but the vault's certificate does not contain it: the vault's usual name
/// leads to the private endpoint.
pub(crate) fn private_link_advice(host: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let host = host.split(':').next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
    let at = labels.iter().position(|label| *label == "privatelink")?;
    let (before, after) = labels.split_at_checked(at)?;
    let zone = after.get(1..)?.join(".");
    let zone = zone.strip_prefix("vaultcore.").or_else(|| zone.strip_prefix("vault."));
    let usual = format!("vault.{}", zone?);
    let vault = before.last().copied().unwrap_or("VAULT");
    Some(format!(
        "https://{vault}.{usual}/ and no private endpoint: that name leads to the private endpoint \
         by DNS, and the vault's TLS certificate has no privatelink name"
    ))
}

impl FromStr for StorePath {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let path = text.trim();
        if let Some((scheme, rest)) = path.split_once("://") {
            let secure = scheme.eq_ignore_ascii_case("https");
            return if secure { Self::from_host(text, rest) } else { Err(invalid(text)) };
        }
        // No other spelling has a full stop in its first part; group names may contain some.
        let first = path.split(['/', '?', '#', ':']).next().unwrap_or_default();
        if first.contains('.') {
            return Self::from_host(text, path);
        }
        if path.starts_with('/') {
            return Self::from_resource_id(path);
        }
        match path.split(':').collect::<Vec<_>>().as_slice() {
            [subscription, group, vault] => {
                Ok(Self::new(subscription.parse()?, group.parse()?, vault.parse()?))
            }
            [subscription, vault] => Ok(Self {
                subscription: Some(subscription.parse()?),
                ..Self::vault_alone(vault.parse()?)
            }),
            [one] if one.contains('/') => Self::from_resource_id(one),
            [vault] if !vault.trim().is_empty() => Ok(Self::vault_alone(vault.parse()?)),
            _ => Err(invalid(text)),
        }
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.subscription, &self.resource_group, &self.host) {
            (Some(subscription), Some(group), _) => {
                write!(f, "{subscription}:{group}:{}", self.vault)
            }
            (Some(subscription), None, _) => write!(f, "{subscription}:{}", self.vault),
            (None, _, Some(host)) => write!(f, "https://{host}/"),
            (None, _, None) => write!(f, "{}", self.vault),
        }
    }
}

/// Whether a URL without its scheme is one of the portal, which also has hosts below its own
/// (`ms.portal.azure.com`).
fn is_portal(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase();
    PORTALS.iter().any(|portal| {
        host.strip_suffix(portal).is_some_and(|below| below.is_empty() || below.ends_with('.'))
    })
}

fn same(parts: &[&str], words: &[&str]) -> bool {
    parts.len() == words.len()
        && parts.iter().zip(words).all(|(part, word)| part.eq_ignore_ascii_case(word))
}

fn invalid(text: &str) -> InvalidValue {
    InvalidValue::new(
        WHAT,
        text,
        "subscription:resource-group:vault, subscription:vault, a Key Vault resource id \
         (/subscriptions/…/providers/Microsoft.KeyVault/vaults/…), a vault URL (https://…) or a \
         vault name",
    )
}

const WHAT: &str = "store path";

pub(crate) const MANAGED_HSM: &str =
    "a vault: a managed HSM holds keys and no certificates (name a vault, or its URL)";

const PORTAL: &str = "the vault's resource id, its URL or its name: this is an address of the \
     portal without a vault's resource id (the vault's page has it under Properties)";

const PORTALS: &[&str] = &["portal.azure.com", "portal.azure.us", "portal.azure.cn"];

#[cfg(test)]
mod tests;

//! Where a certificate store is: every spelling in use, one meaning.

use std::fmt;
use std::str::FromStr;

use crate::error::InvalidValue;
use crate::vault::{ResourceGroupName, SubscriptionId, VaultName};

/// The path of a certificate store: a vault and, where known, where the vault lives.
///
/// Read from any spelling in use, shown in the three-part form where it is known:
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
    /// The full path of a vault, as discovery finds it.
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

    /// The subscription, where the path names one.
    pub fn subscription(&self) -> Option<SubscriptionId> {
        self.subscription
    }

    /// The resource group, where the path names one.
    pub fn resource_group(&self) -> Option<&ResourceGroupName> {
        self.resource_group.as_ref()
    }

    /// The vault.
    pub fn vault(&self) -> &VaultName {
        &self.vault
    }

    /// The host that a vault URL named, in lower case and with its port if it had one. It must
    /// agree with the configured cloud before anything is sent there.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The same path with these parts in place of its own.
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
            // The portal's pages add their own name.
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

    /// The resource id in an address of the portal, which stands behind `#` and is sometimes
    /// percent-encoded.
    fn from_portal(text: &str) -> Result<Self, InvalidValue> {
        let decoded = text.replace("%2F", "/").replace("%2f", "/");
        let lower = decoded.to_ascii_lowercase();
        let id = lower.find("/subscriptions/").and_then(|start| decoded.get(start..));
        let id = id.and_then(|id| id.split(['?', '#']).next()).unwrap_or_default();
        // The pages of certificates, keys and secrets have the vault's URL instead.
        let url = decoded.rsplit_once("https://").map(|(_, url)| url).filter(|url| !is_portal(url));
        let of_url = || url.and_then(|url| Self::from_host(text, url).ok());
        Self::from_resource_id(id).or_else(|error| of_url().ok_or(error)).map_err(|_| {
            let expected = if lower.contains("/managedhsms/") { MANAGED_HSM } else { PORTAL };
            InvalidValue::new(WHAT, text, expected)
        })
    }

    /// From a URL, or a host that stands alone.
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

/// What to write instead of a name in one of Azure's own zones for private endpoints, such as
/// `contoso.privatelink.vaultcore.azure.net`. `None` for any other name.
///
/// Such a name resolves, but the certificate behind it is the vault's, which does not have it: the
/// vault's usual name leads to the private endpoint.
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
        // No other spelling has a full stop before anything else; names of groups may have some.
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

/// Whether a URL without its scheme is one of the portal, which has other hosts below its own
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SUB: &str = "11111111-2222-3333-4444-555555555555";

    #[test]
    fn reads_every_spelling() {
        for (text, shown) in [
            (format!("{SUB}:rg:contoso"), format!("{SUB}:rg:contoso")),
            (format!("  {SUB}: rg :contoso\n"), format!("{SUB}:rg:contoso")),
            (format!("{SUB}:contoso"), format!("{SUB}:contoso")),
            (
                format!(
                    "subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/contoso"
                ),
                format!("{SUB}:rg:contoso"),
            ),
            (
                format!(
                    "/Subscriptions/{SUB}/RESOURCEGROUPS/rg/providers/MICROSOFT.KEYVAULT/VAULTS/contoso/"
                ),
                format!("{SUB}:rg:contoso"),
            ),
            (
                "HTTPS://Contoso.Vault.Azure.Net:443/".into(),
                "https://contoso.vault.azure.net/".into(),
            ),
            (
                "https://contoso.vault.localhost:8443".into(),
                "https://contoso.vault.localhost:8443/".into(),
            ),
            ("contoso".into(), "contoso".into()),
        ] {
            assert_eq!(text.parse::<StorePath>().expect(&text).to_string(), shown);
        }
    }

    #[test]
    fn takes_hosts_without_scheme_and_addresses_of_the_portal() {
        let id = format!(
            "/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/contoso"
        );
        let encoded = id.replace('/', "%2F");
        let full = format!("{SUB}:rg:contoso");
        for (text, shown) in [
            ("contoso.vault.azure.net", "https://contoso.vault.azure.net/"),
            ("Contoso.Vault.Azure.Net/", "https://contoso.vault.azure.net/"),
            ("contoso.vault.azure.net:443", "https://contoso.vault.azure.net/"),
            ("contoso.vault.azure.net/certificates/web/", "https://contoso.vault.azure.net/"),
            ("contoso.vault.usgovcloudapi.net", "https://contoso.vault.usgovcloudapi.net/"),
            ("contoso.vault.localhost:8443", "https://contoso.vault.localhost:8443/"),
            (&format!("https://portal.azure.com/#@contoso.com/resource{id}/overview"), &full),
            (&format!("https://portal.azure.com/#@contoso.com/resource{id}"), &full),
            (&format!("https://ms.portal.azure.com/#@contoso.com/resource{id}"), &full),
            (
                "https://portal.azure.com/#@t/asset/Microsoft_Azure_KeyVault/Certificate/\
                 https://contoso.vault.azure.net/certificates/web",
                "https://contoso.vault.azure.net/",
            ),
            (&format!("https://portal.azure.us/#resource{id}/certificates?x=y"), &full),
            (&format!("portal.azure.com/#@contoso.com/resource{id}/keys"), &full),
            (&format!("https://portal.azure.cn/#view/Blade/~/overview/id/{encoded}"), &full),
            (&format!("https://PORTAL.azure.com/?feature=x#@t/resource{id}/secrets"), &full),
        ] {
            let path = text.parse::<StorePath>();
            assert_eq!(path.as_ref().map(ToString::to_string).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn names_the_fault_and_the_format_of_a_store_path() {
        let hsm_id = format!(
            "/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.KeyVault/managedHSMs/hsm"
        );
        let usual = "https://contoso.vault.azure.net/";
        for (text, words) in [
            ("https://myhsm.managedhsm.azure.net/", "a managed HSM holds keys and no certificates"),
            ("myhsm.managedhsm.azure.net", "a managed HSM holds keys and no certificates"),
            ("https://myhsm.managedhsm.usgovcloudapi.net/keys/x", "a managed HSM"),
            ("https://myhsm.privatelink.managedhsm.azure.net/", "a managed HSM"),
            (&hsm_id, "a managed HSM"),
            (&format!("https://portal.azure.com/#@t/resource{hsm_id}/overview"), "a managed HSM"),
            ("https://ms.portal.azure.com/", "the portal without a vault's resource id"),
            ("https://portal.azure.com/", "the portal without a vault's resource id"),
            ("https://portal.azure.com/#home", "the portal without a vault's resource id"),
            ("https://contoso.privatelink.vaultcore.azure.net/", usual),
            ("contoso.privatelink.vaultcore.azure.net", usual),
            ("Contoso.PrivateLink.VaultCore.Azure.Net:443", usual),
            ("https://contoso.privatelink.vault.azure.net", usual),
            ("https://contoso.privatelink.vaultcore.azure.cn/", "https://contoso.vault.azure.cn/"),
            (
                "https://contoso.privatelink.vaultcore.usgovcloudapi.net/",
                "https://contoso.vault.usgovcloudapi.net/",
            ),
        ] {
            let error = text.parse::<StorePath>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
            assert!(!error.contains("https://myhsm.vault"), "{error}");
        }
    }

    #[test]
    fn rejects_ambiguous_text() {
        for text in [
            "",
            "  ",
            "a:b:c:d",
            "not-a-guid:rg:contoso",
            &format!("{SUB}:rg:"),
            &format!("{SUB}::contoso"),
            &format!("{SUB}:rg.:contoso"),
            "http://contoso.vault.azure.net/",
            "https://user@contoso.vault.azure.net/",
            "https://contoso/",
            "/subscriptions/x/resourceGroups/rg/providers/Microsoft.Web/sites/contoso",
            "ab",
            "contoso--x",
            "1contoso",
            "contoso-",
        ] {
            assert!(text.parse::<StorePath>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn error_has_the_read_and_the_expected_value() {
        let error = "one:two:three:four".parse::<StorePath>().expect_err("four parts");
        let text = error.to_string();
        assert!(
            text.contains("one:two:three:four")
                && text.contains("subscription:resource-group:vault")
        );
    }

    #[test]
    fn an_override_of_the_vault_drops_the_host_of_the_other() {
        let path: StorePath = "https://contoso.vault.azure.net/".parse().expect("a path");
        let same = path.clone().with_overrides(None, None, "Contoso".parse().ok());
        assert_eq!(same.host(), path.host());
        let other = path.with_overrides(None, None, "fabrikam".parse().ok());
        assert_eq!((other.vault().as_str(), other.host()), ("fabrikam", None));
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in "\\PC{0,80}") {
            if let Ok(path) = text.parse::<StorePath>() {
                prop_assert_eq!(path.to_string().parse::<StorePath>().expect("its own form"), path);
            }
        }
    }
}

//! Everything that is needed to reach a store, except the credential.

use std::fmt;
use std::str::FromStr;

use crate::cloud::Cloud;
use crate::error::InvalidValue;
use crate::store_path::{MANAGED_HSM, StorePath, private_link_advice};
use crate::vault::{TenantId, VaultName};

/// A store and its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreAddress {
    /// The path of the store.
    pub path: StorePath,
    /// The tenant that issues the vault's tokens.
    pub tenant: Option<TenantId>,
    /// The cloud that contains it.
    pub cloud: Cloud,
    /// Its endpoint, if it differs from the public name.
    pub private_endpoint: Option<PrivateEndpoint>,
}

impl StoreAddress {
    /// The store at this path, in the public cloud and under its public name.
    pub fn new(path: StorePath) -> Self {
        Self { path, tenant: None, cloud: Cloud::public(), private_endpoint: None }
    }
}

setters! {
    StoreAddress {
        with_tenant(tenant: impl Into<Option<TenantId>>),
        with_cloud(cloud: Cloud),
        with_private_endpoint(private_endpoint: impl Into<Option<PrivateEndpoint>>),
    }
}

impl StoreAddress {
    /// The host of the vault, with a port unless it is 443: the only host that may receive a vault
    /// token. A store path that is a URL must match the cloud (or the private endpoint).
    ///
    /// ```
    /// use akv_core::StoreAddress;
    /// let address = StoreAddress::new("https://contoso.vault.azure.cn/".parse()?);
    /// assert!(address.vault_host().is_err(), "a vault in China is not reached with public tokens");
    /// # Ok::<(), akv_core::InvalidValue>(())
    /// ```
    pub fn vault_host(&self) -> Result<String, InvalidValue> {
        let vault = self.path.vault();
        let host = match &self.private_endpoint {
            Some(endpoint) => endpoint.host_of(vault),
            None => format!("{vault}.{}", self.cloud.vault_suffix),
        }
        .to_ascii_lowercase();
        match self.path.host() {
            Some(named) if named != host => Err(InvalidValue::new(
                "store path",
                &format!("https://{named}/"),
                format!(
                    "https://{host}/, the address of vault {vault} in cloud \"{}\" (check the \
                     cloud, or set the private endpoint)",
                    self.cloud.name
                ),
            )),
            _ => Ok(host),
        }
    }
}

/// The endpoint of a vault that is not reached under its public name: a suffix
/// (`vaults.example.net`), a complete host or a URL.
///
/// A value whose first label is the vault's name is the complete host; any other value is a suffix.
///
/// ```
/// use akv_core::PrivateEndpoint;
/// let vault = "contoso".parse()?;
/// for spelling in ["internal.example", ".internal.example", "contoso.internal.example", "https://contoso.internal.example/"] {
///     assert_eq!(spelling.parse::<PrivateEndpoint>()?.host_of(&vault), "contoso.internal.example");
/// }
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateEndpoint(String);

impl PrivateEndpoint {
    /// The host of the vault at this endpoint.
    pub fn host_of(&self, vault: &VaultName) -> String {
        let own = format!("{vault}.").to_ascii_lowercase();
        if self.0.starts_with(&own) { self.0.clone() } else { format!("{own}{}", self.0) }
    }
}

impl FromStr for PrivateEndpoint {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let lower = text.trim().to_ascii_lowercase();
        let rest = lower.strip_prefix("https://").unwrap_or(&lower);
        let host = rest.trim_end_matches('/').trim_start_matches('.');
        if let Some(advice) = private_link_advice(host) {
            return Err(InvalidValue::new("private endpoint", text, advice));
        }
        let (name, port) = host.split_once(':').unwrap_or((host, "443"));
        if name.split('.').any(|label| label == "managedhsm") {
            return Err(InvalidValue::new("private endpoint", text, MANAGED_HSM));
        }
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if port.parse::<u16>().is_ok() && name.contains('.') && name.split('.').all(label) {
            Ok(Self(host.strip_suffix(":443").unwrap_or(host).to_owned()))
        } else {
            Err(InvalidValue::new(
                "private endpoint",
                text,
                "a DNS suffix, a host name or an https URL without a path",
            ))
        }
    }
}

impl fmt::Display for PrivateEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(path: &str, cloud: Cloud, endpoint: Option<&str>) -> Result<String, InvalidValue> {
        let address = StoreAddress {
            path: path.parse()?,
            tenant: None,
            cloud,
            private_endpoint: endpoint.map(str::parse).transpose()?,
        };
        address.vault_host()
    }

    #[test]
    fn the_host_follows_cloud_and_private_endpoint() {
        for (path, cloud, endpoint, expected) in [
            ("Contoso", Cloud::public(), None, "contoso.vault.azure.net"),
            ("contoso", Cloud::china(), None, "contoso.vault.azure.cn"),
            ("contoso", Cloud::government(), None, "contoso.vault.usgovcloudapi.net"),
            ("contoso", Cloud::public(), Some(".vaults.example"), "contoso.vaults.example"),
            (
                "contoso",
                Cloud::public(),
                Some("https://contoso.vaults.example/"),
                "contoso.vaults.example",
            ),
            (
                "contoso",
                Cloud::public(),
                Some("vaults.example:8443"),
                "contoso.vaults.example:8443",
            ),
            ("https://contoso.vault.azure.net", Cloud::public(), None, "contoso.vault.azure.net"),
        ] {
            assert_eq!(host(path, cloud, endpoint).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn url_outside_the_cloud_is_rejected_with_the_right_host() {
        for path in [
            "https://contoso.vault.azure.cn/",
            "https://contoso.evil.example/",
            "https://contoso.vault.azure.net:8443/",
        ] {
            let error = host(path, Cloud::public(), None).expect_err(path);
            assert!(error.to_string().contains("contoso.vault.azure.net"), "{error}");
        }
    }

    #[test]
    fn zones_of_azure_are_rejected_as_private_endpoints() {
        for (text, usual) in [
            ("myhsm.managedhsm.azure.net", "a managed HSM holds keys and no certificates"),
            ("privatelink.vaultcore.azure.net", "https://VAULT.vault.azure.net/"),
            (".PrivateLink.vaultcore.azure.net", "https://VAULT.vault.azure.net/"),
            (
                "https://contoso.privatelink.vaultcore.azure.net/",
                "https://contoso.vault.azure.net/",
            ),
            ("privatelink.vaultcore.usgovcloudapi.net:443", "vault.usgovcloudapi.net/"),
            ("privatelink.vaultcore.azure.cn", "vault.azure.cn/"),
        ] {
            let error = text.parse::<PrivateEndpoint>().expect_err(text).to_string();
            assert!(error.contains(usual), "{text}: {error}");
        }
        assert!(
            "privatelink.example.net".parse::<PrivateEndpoint>().is_ok(),
            "a zone of one's own"
        );
    }

    #[test]
    fn a_private_endpoint_is_a_host_and_nothing_else() {
        for text in [
            "",
            ".",
            "localhost",
            "https://a.b/path",
            "a.b?x",
            "user@a.b",
            "a.b:x",
            "http://a.b",
            "a..b",
        ] {
            assert!(text.parse::<PrivateEndpoint>().is_err(), "{text:?}");
        }
    }
}

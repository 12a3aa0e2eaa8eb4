//! A cloud as data: its endpoints and their audiences.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::InvalidValue;

/// Everything that differs between Azure clouds. URLs have no final slash.
///
/// ```
/// use akv_core::Cloud;
/// let cloud = Cloud::public();
/// assert_eq!(cloud.vault_suffix, "vault.azure.net");
/// assert_eq!("usgov".parse::<Cloud>()?, Cloud::government());
/// # Ok::<(), akv_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cloud {
    /// Its display name: `public`, `government`, `china`.
    pub name: String,
    /// The URL of Entra ID: `https://login.microsoftonline.com`.
    pub authority: String,
    /// The endpoint of Resource Manager: `https://management.azure.com`.
    pub resource_manager: String,
    /// The audience of Resource Manager tokens: `https://management.azure.com`.
    pub resource_manager_audience: String,
    /// The part of a vault's host after its name, with a port unless it is 443: `vault.azure.net`.
    pub vault_suffix: String,
    /// The audience of vault tokens: `https://vault.azure.net`.
    pub vault_audience: String,
    /// Additional trust anchors as a PEM file, for a private cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Cloud {
    /// The public cloud.
    pub fn public() -> Self {
        Self::new(
            "public",
            "https://login.microsoftonline.com",
            "https://management.azure.com",
            "vault.azure.net",
        )
    }

    /// Azure for US Government.
    pub fn government() -> Self {
        Self::new(
            "government",
            "https://login.microsoftonline.us",
            "https://management.usgovcloudapi.net",
            "vault.usgovcloudapi.net",
        )
        .with_resource_manager_audience("https://management.core.usgovcloudapi.net")
    }

    /// Azure in China, operated by 21Vianet.
    pub fn china() -> Self {
        Self::new(
            "china",
            "https://login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn",
            "vault.azure.cn",
        )
    }

    /// A cloud with these endpoints. The URLs of Resource Manager and of the vaults are also the
    /// audiences of their tokens.
    pub fn new(
        name: impl Into<String>,
        authority: impl Into<String>,
        resource_manager: impl Into<String>,
        vault_suffix: impl Into<String>,
    ) -> Self {
        let (resource_manager, vault_suffix) = (resource_manager.into(), vault_suffix.into());
        Self {
            name: name.into(),
            authority: authority.into(),
            resource_manager_audience: resource_manager.clone(),
            resource_manager,
            vault_audience: format!("https://{vault_suffix}"),
            vault_suffix,
            ca_file: None,
        }
    }
}

setters! {
    Cloud {
        with_resource_manager_audience(resource_manager_audience: impl Into<String>),
        with_vault_audience(vault_audience: impl Into<String>),
        with_ca_file(ca_file: impl Into<Option<PathBuf>>),
    }
}

impl FromStr for Cloud {
    type Err = InvalidValue;

    /// Parses the usual names of the built-in clouds, in any letter case.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text.trim().to_ascii_lowercase().as_str() {
            "public" | "azure" | "azurecloud" | "azurepublic" | "azurepubliccloud" => {
                Ok(Self::public())
            }
            "government" | "gov" | "usgov" | "usgovernment" | "azureusgovernment"
            | "azuregovernment" => Ok(Self::government()),
            "china" | "azurechina" | "azurechinacloud" => Ok(Self::china()),
            "germany" | "azuregermany" | "azuregermancloud" => Err(InvalidValue::new(
                "cloud",
                text,
                "public, government or china: the German cloud was closed on 29 October 2021, and \
                 the German regions of today belong to the public cloud",
            )),
            _ => Err(InvalidValue::new("cloud", text, "public, government or china")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_cloud_is_rejected_as_closed() {
        let error = "Germany".parse::<Cloud>().expect_err("closed");
        assert!(error.to_string().contains("closed on 29 October 2021"));
    }

    #[test]
    fn token_endpoints_vaults_and_resource_manager_never_mix_clouds() {
        for (cloud, ending) in [(Cloud::government(), ".us"), (Cloud::china(), ".cn")] {
            assert!(cloud.authority.ends_with(ending), "{}", cloud.authority);
            assert_ne!(cloud.resource_manager, Cloud::public().resource_manager);
            assert_ne!(cloud.vault_suffix, Cloud::public().vault_suffix);
            assert_eq!(cloud.vault_audience, format!("https://{}", cloud.vault_suffix));
        }
    }
}

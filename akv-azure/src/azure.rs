//! The facade: stores and directories of a process that share connections, tokens and rate limits.

use std::fmt;
use std::sync::Arc;

use akv_core::{Cloud, Result, StoreAddress};

use crate::cloud;
use crate::credential::AzureCredential;
use crate::directory::ResourceManager;
use crate::exchange::Origin;
use crate::options::AzureOptions;
use crate::pipeline::{Pacing, Pipeline};
use crate::shared::Shared;
use crate::vault::KeyVault;

/// The Azure side of a process. Create it once, so that all jobs share connections, tokens and each
/// vault's rate limit.
///
/// ```
/// use akv_azure::{Azure, AzureOptions};
/// use akv_core::{CertificateStore, Credential, StoreAddress};
///
/// # fn main() -> akv_core::Result<()> {
/// let azure = Azure::new(AzureOptions::default())?;
/// let address = StoreAddress::new("https://contoso.vault.azure.net/".parse()?);
/// // Opening a store sends nothing.
/// let store = azure.store(&address, &Credential::SystemAssignedIdentity)?;
/// assert_eq!(store.vault().as_str(), "contoso");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Azure(Arc<Shared>);

impl Azure {
    /// Fails if a CA file cannot be read, if the system has no trust anchors and none are
    /// configured, or if the configured proxy is invalid.
    pub fn new(options: AzureOptions) -> Result<Self> {
        Shared::new(options).map(|shared| Self(Arc::new(shared)))
    }

    /// Opens a vault. Sends nothing yet.
    pub fn store(
        &self,
        address: &StoreAddress,
        credential: impl Into<AzureCredential>,
    ) -> Result<KeyVault> {
        let StoreAddress { path, tenant, cloud, .. } = address;
        let shared = &self.0;
        let vault = path.vault().clone();
        let host = address.vault_host()?;
        let origin = Origin::new("vault's host", &format!("https://{host}"))?;
        if !is_below(&host, &cloud.vault_suffix) {
            shared.warn_of(&host, cloud);
        }
        let operation = format!("sign in for vault {vault}");
        let audience = &cloud.vault_audience;
        let pipeline = Pipeline {
            transport: shared.transport(cloud)?,
            tokens: Some(shared.tokens(
                cloud,
                &credential.into(),
                tenant.as_ref(),
                audience,
                &operation,
            )?),
            audience: Some(audience.clone()),
            pacing: Pacing::Vault {
                vault: shared.limiter(&origin.host()),
                all: shared.limiter_of_all(path.subscription()),
            },
            origin,
            cancellation: shared.cancellation(),
        };
        Ok(KeyVault::new(pipeline, vault, shared.deadline()))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// Opens Resource Manager of a cloud. Sends nothing yet.
    pub fn directory(
        &self,
        cloud: &Cloud,
        credential: impl Into<AzureCredential>,
    ) -> Result<ResourceManager> {
        ResourceManager::new(Arc::clone(&self.0), cloud, credential.into())
    }

    /// Loads the endpoints of a cloud that is not built in from its Resource Manager.
    /// `resource_manager` is the URL of that endpoint. Its answer decides where credentials are
    /// sent, so use only a trusted URL.
    pub async fn cloud_from_metadata(&self, resource_manager: &str) -> Result<Cloud> {
        cloud::from_metadata(&self.0, resource_manager).await
    }
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Azure").field("options", self.0.options()).finish_non_exhaustive()
    }
}

fn is_below(host: &str, suffix: &str) -> bool {
    let (host, suffix) = (host.to_ascii_lowercase(), suffix.to_ascii_lowercase());
    host.strip_suffix(&suffix).is_some_and(|rest| rest.ends_with('.'))
}

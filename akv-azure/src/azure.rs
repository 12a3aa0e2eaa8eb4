//! What all stores and directories of a process share: connections, tokens, paces.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use akv_core::{Cloud, Credential, Result, StoreAddress, SubscriptionId, TenantId};
use azure_core::http::HttpClient;
use tokio_util::sync::CancellationToken;

use crate::auth::{CredentialMint, SignIn, TokenCache};
use crate::cloud;
use crate::directory::ResourceManager;
use crate::options::AzureOptions;
use crate::pipeline::{Origin, Pacer, Pacing, Pipeline, Quota};
use crate::transport::{Pool, ProxyChoice};
use crate::vault::KeyVault;

/// The Azure side of a process: made once, so that all its jobs share connections, tokens and each
/// vault's pace.
///
/// ```
/// use akv_azure::{Azure, AzureOptions};
/// use akv_core::{Cloud, CertificateStore, Credential, StoreAddress};
///
/// # fn main() -> akv_core::Result<()> {
/// let azure = Azure::new(AzureOptions::default())?;
/// let address = StoreAddress {
///     path: "https://contoso.vault.azure.net/".parse()?,
///     tenant: None,
///     cloud: Cloud::public(),
///     private_endpoint: None,
/// };
/// // Nothing is sent before the store is asked something.
/// let store = azure.store(&address, &Credential::SystemAssignedIdentity)?;
/// assert_eq!(store.vault().as_str(), "contoso");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Azure(Arc<Shared>);

/// What is shared.
pub(crate) struct Shared {
    options: AzureOptions,
    proxy: ProxyChoice,
    transports: Mutex<HashMap<Option<PathBuf>, Arc<dyn HttpClient>>>,
    tokens: Mutex<Vec<Tokens>>,
    pacers: Mutex<HashMap<String, Arc<Pacer>>>,
    /// By subscription; of vaults whose subscription is not known under none.
    all_vaults: Mutex<HashMap<Option<SubscriptionId>, Arc<Pacer>>>,
    quota: Arc<Quota>,
}

struct Tokens {
    sign_in: SignIn,
    audience: String,
    cache: Arc<TokenCache>,
}

impl Azure {
    /// Fails where a CA file cannot be read, where the system has no roots and none are named, or
    /// where the proxy that is named cannot be one.
    pub fn new(options: AzureOptions) -> Result<Self> {
        let proxy = match options.transport {
            Some(_) => ProxyChoice::Direct,
            None => ProxyChoice::new(
                options.proxy.as_deref(),
                options.no_proxy.as_deref(),
                ProxyChoice::variable,
            )?,
        };
        let shared = Shared {
            proxy,
            options,
            transports: Mutex::default(),
            tokens: Mutex::default(),
            pacers: Mutex::default(),
            all_vaults: Mutex::default(),
            quota: Quota::new(),
        };
        if shared.options.ca_file.is_some() {
            shared.transport(&Cloud::public())?;
        }
        Ok(Self(Arc::new(shared)))
    }

    /// A vault. Nothing is sent yet.
    pub fn store(&self, address: &StoreAddress, credential: &Credential) -> Result<KeyVault> {
        let StoreAddress { path, tenant, cloud, .. } = address;
        let shared = &self.0;
        let vault = path.vault().clone();
        let host = address.vault_host()?;
        let origin = Origin::new("vault's host", &format!("https://{host}"))?;
        if !is_below(&host, &cloud.vault_suffix) {
            shared.warn_of(&host, cloud);
        }
        let tried = format!("sign in for vault {vault}");
        let audience = &cloud.vault_audience;
        let pipeline = Pipeline {
            transport: shared.transport(cloud)?,
            tokens: Some(shared.tokens(cloud, credential, tenant.as_ref(), audience, &tried)?),
            audience: Some(audience.clone()),
            pacing: Pacing::Vault {
                vault: shared.pacer(&origin.host()),
                all: shared.pacer_of_all(path.subscription()),
            },
            origin,
            cancellation: shared.cancellation(),
        };
        Ok(KeyVault::new(pipeline, vault, shared.deadline()))
    }

    /// Resource Manager of a cloud. Nothing is sent yet.
    pub fn directory(&self, cloud: &Cloud, credential: &Credential) -> Result<ResourceManager> {
        ResourceManager::new(Arc::clone(&self.0), cloud, credential)
    }

    /// A cloud as its own Resource Manager describes it: for clouds that are not built in.
    /// `resource_manager` is that endpoint's URL. Whoever answers there decides where credentials
    /// are sent, so it has to be a URL that is trusted.
    pub async fn cloud_from_metadata(&self, resource_manager: &str) -> Result<Cloud> {
        cloud::from_metadata(&self.0, resource_manager).await
    }
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Azure").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn deadline(&self) -> Duration {
        self.options.deadline
    }

    pub(crate) fn cancellation(&self) -> CancellationToken {
        self.options.cancellation.clone()
    }

    pub(crate) fn quota(&self) -> Arc<Quota> {
        Arc::clone(&self.quota)
    }

    /// One pool for all clouds that trust the same roots.
    pub(crate) fn transport(&self, cloud: &Cloud) -> Result<Arc<dyn HttpClient>> {
        if let Some(transport) = &self.options.transport {
            return Ok(Arc::clone(transport));
        }
        let mut transports = locked(&self.transports);
        if let Some(transport) = transports.get(&cloud.ca_file) {
            return Ok(Arc::clone(transport));
        }
        let files: Vec<_> =
            [&self.options.ca_file, &cloud.ca_file].into_iter().flatten().map(|it| &**it).collect();
        let pool: Arc<dyn HttpClient> = Pool::new(&files, self.proxy.clone())?;
        transports.insert(cloud.ca_file.clone(), Arc::clone(&pool));
        Ok(pool)
    }

    /// One cache for each identity and audience.
    pub(crate) fn tokens(
        &self,
        cloud: &Cloud,
        credential: &Credential,
        tenant: Option<&TenantId>,
        audience: &str,
        tried: &str,
    ) -> Result<Arc<TokenCache>> {
        let sign_in = SignIn::new(cloud, credential, tenant, tried)?;
        let transport = self.transport(cloud)?;
        let mut tokens = locked(&self.tokens);
        let known =
            tokens.iter().find(|it| it.audience == audience && it.sign_in.is_same(&sign_in));
        if let Some(known) = known {
            return Ok(Arc::clone(&known.cache));
        }
        let cache = TokenCache::new(CredentialMint::new(sign_in.clone(), audience, transport));
        tokens.push(Tokens { sign_in, audience: audience.to_owned(), cache: Arc::clone(&cache) });
        Ok(cache)
    }

    /// Says once that tokens go to a host that is none of the cloud's own.
    fn warn_of(&self, host: &str, cloud: &Cloud) {
        if !locked(&self.pacers).contains_key(host) {
            tracing::warn!(
                host,
                audience = cloud.vault_audience,
                "vault tokens and certificates go to a host outside {}, the domain of cloud {}'s \
                 vaults: whoever runs that host can use the tokens",
                cloud.vault_suffix,
                cloud.name
            );
        }
    }

    /// One pacer for each vault.
    fn pacer(&self, host: &str) -> Arc<Pacer> {
        let mut pacers = locked(&self.pacers);
        if !pacers.contains_key(host) {
            // A fleet has more vaults than are asked at a time.
            pacers.retain(|_, pacer| Arc::strong_count(pacer) > 1 || !pacer.is_idle());
        }
        let pacer = pacers.entry(host.to_owned()).or_insert_with(|| Pacer::new(self.options.pace));
        Arc::clone(pacer)
    }

    /// One pacer for the vaults of each subscription.
    fn pacer_of_all(&self, subscription: Option<SubscriptionId>) -> Arc<Pacer> {
        let pace = self.options.pace.of_subscription();
        let mut pacers = locked(&self.all_vaults);
        if !pacers.contains_key(&subscription) {
            pacers.retain(|_, pacer| Arc::strong_count(pacer) > 1 || !pacer.is_idle());
        }
        Arc::clone(pacers.entry(subscription).or_insert_with(|| Pacer::new(pace)))
    }
}

fn is_below(host: &str, suffix: &str) -> bool {
    let (host, suffix) = (host.to_ascii_lowercase(), suffix.to_ascii_lowercase());
    host.strip_suffix(&suffix).is_some_and(|rest| rest.ends_with('.'))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The state that all stores and directories of a process share: connections, tokens, rate limits.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use akv_core::{Cloud, Result, SubscriptionId, TenantId};
use azure_core::http::HttpClient;
use tokio_util::sync::CancellationToken;

use crate::auth::{CredentialMint, SignIn, TokenCache};
use crate::credential::AzureCredential;
use crate::options::{AzureOptions, TrustAnchors};
use crate::pipeline::{Quota, RateLimiter};
use crate::transport::{Pool, ProxyChoice};

pub(crate) struct Shared {
    options: AzureOptions,
    proxy: ProxyChoice,
    transports: Mutex<HashMap<Option<PathBuf>, Arc<dyn HttpClient>>>,
    tokens: Mutex<Vec<Tokens>>,
    limiters: Mutex<HashMap<String, Arc<RateLimiter>>>,
    /// By subscription; `None` for vaults of an unknown subscription.
    all_vaults: Mutex<HashMap<Option<SubscriptionId>, Arc<RateLimiter>>>,
    quota: Arc<Quota>,
}

struct Tokens {
    sign_in: SignIn,
    audience: String,
    cache: Arc<TokenCache>,
}

impl Shared {
    pub(crate) fn new(options: AzureOptions) -> Result<Self> {
        let proxy = match options.transport {
            Some(_) => ProxyChoice::Direct,
            None => ProxyChoice::new(
                options.proxy.as_deref(),
                options.no_proxy.as_deref(),
                ProxyChoice::variable,
            )?,
        };
        let shared = Self {
            proxy,
            options,
            transports: Mutex::default(),
            tokens: Mutex::default(),
            limiters: Mutex::default(),
            all_vaults: Mutex::default(),
            quota: Quota::new(),
        };
        if !shared.options.trust_anchors.is_empty() {
            shared.transport(&Cloud::public())?;
        }
        Ok(shared)
    }

    pub(crate) fn options(&self) -> &AzureOptions {
        &self.options
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.options.deadline
    }

    pub(crate) fn cancellation(&self) -> CancellationToken {
        self.options.cancellation.clone()
    }

    pub(crate) fn quota(&self) -> Arc<Quota> {
        Arc::clone(&self.quota)
    }

    pub(crate) fn proxy(&self) -> &ProxyChoice {
        &self.proxy
    }

    /// Whether the caller's own transport carries the requests.
    pub(crate) fn is_embedded(&self) -> bool {
        self.options.transport.is_some()
    }

    /// One pool for all clouds with the same trust anchors.
    pub(crate) fn transport(&self, cloud: &Cloud) -> Result<Arc<dyn HttpClient>> {
        if let Some(transport) = &self.options.transport {
            return Ok(Arc::clone(transport));
        }
        let mut transports = locked(&self.transports);
        if let Some(transport) = transports.get(&cloud.ca_file) {
            return Ok(Arc::clone(transport));
        }
        let mut anchors = self.options.trust_anchors.clone();
        anchors.extend(cloud.ca_file.clone().map(TrustAnchors::File));
        let pool: Arc<dyn HttpClient> = Pool::new(&anchors, self.proxy.clone())?;
        transports.insert(cloud.ca_file.clone(), Arc::clone(&pool));
        Ok(pool)
    }

    /// One cache for each identity and audience.
    pub(crate) fn tokens(
        &self,
        cloud: &Cloud,
        credential: &AzureCredential,
        tenant: Option<&TenantId>,
        audience: &str,
        operation: &str,
    ) -> Result<Arc<TokenCache>> {
        let sign_in = SignIn::new(cloud, credential, tenant, operation)?;
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

    /// Warns once that tokens go to a host outside the cloud.
    pub(crate) fn warn_of(&self, host: &str, cloud: &Cloud) {
        if !locked(&self.limiters).contains_key(host) {
            tracing::warn!(
                host,
                audience = cloud.vault_audience,
                "vault tokens and certificates are sent to a host outside {}, the domain of the \
                 vaults of cloud {}; the operator of that host can use the tokens",
                cloud.vault_suffix,
                cloud.name
            );
        }
    }

    /// One rate limiter for each vault.
    pub(crate) fn limiter(&self, host: &str) -> Arc<RateLimiter> {
        let mut limiters = locked(&self.limiters);
        if !limiters.contains_key(host) {
            // A fleet has more vaults than are in use at a time.
            limiters.retain(|_, limiter| Arc::strong_count(limiter) > 1 || !limiter.is_idle());
        }
        let limiter = limiters
            .entry(host.to_owned())
            .or_insert_with(|| RateLimiter::new(self.options.rate_limit));
        Arc::clone(limiter)
    }

    /// One rate limiter for the vaults of each subscription.
    pub(crate) fn limiter_of_all(&self, subscription: Option<SubscriptionId>) -> Arc<RateLimiter> {
        let rate_limit = self.options.rate_limit.of_subscription();
        let mut limiters = locked(&self.all_vaults);
        if !limiters.contains_key(&subscription) {
            limiters.retain(|_, limiter| Arc::strong_count(limiter) > 1 || !limiter.is_idle());
        }
        Arc::clone(limiters.entry(subscription).or_insert_with(|| RateLimiter::new(rate_limit)))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Settings of the program that runs a job, for values that the job does not or must not choose.

use std::fmt;
use std::sync::Arc;

use akv_core::bundle::X509;
use akv_core::job::{CertificateScope, Concurrency, Purge, SoftDeleted, Unchanged, Via};
use akv_core::{
    Cloud, Credential, EndpointSuffix, KeyProtection, PrivateEndpoint, TenantId, VaultOptions,
    setters,
};

use crate::local_secrets::LocalSecrets;
use crate::pam::SecretResolver;

/// How jobs are run. By default the job decides everything.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Resolves references to secrets. The default provides no secret of this machine.
    pub secrets: Arc<dyn SecretResolver>,
    /// Overrides the credential that the job names.
    pub credential: Option<Credential>,
    /// Overrides the cloud that the job names. A discovery job can name none.
    pub cloud: Option<Cloud>,
    /// The tenant of a job that names none.
    pub tenant: Option<TenantId>,
    /// Overrides the private endpoint that the job names.
    pub private_endpoint: Option<PrivateEndpoint>,
    /// Additional hosts to which a job may send tokens of a credential that it does not contain
    /// itself, beside the vault suffix of its cloud.
    pub allowed_endpoints: Vec<EndpointSuffix>,
    /// Whether an inventory reports the leaf only or the full chain.
    pub scope: CertificateScope,
    /// Whether an inventory fetches a certificate that did not change since `LastInventory`.
    /// Without it, Command does not see changes of its other parameters.
    pub unchanged: Unchanged,
    /// How many certificates an inventory fetches in parallel.
    pub concurrency: Concurrency,
    /// CA certificates that complete the chain of an addition; see
    /// [`read_issuers`](akv_core::bundle::read_issuers).
    pub issuers: Vec<X509>,
    /// What an addition does if the alias is in soft delete.
    pub soft_deleted: SoftDeleted,
    /// Whether a removed certificate is purged.
    pub purge: Purge,
    /// Where the keys of reenrollments are generated and kept.
    pub requested_key_protection: KeyProtection,
    /// How a discovery finds vaults.
    pub via: Via,
    /// The settings of a new vault; the job's SKU overrides the one here.
    pub new_vault: VaultOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            secrets: Arc::new(LocalSecrets::default()),
            credential: None,
            cloud: None,
            tenant: None,
            private_endpoint: None,
            allowed_endpoints: Vec::new(),
            scope: CertificateScope::default(),
            unchanged: Unchanged::default(),
            concurrency: Concurrency::default(),
            issuers: Vec::new(),
            soft_deleted: SoftDeleted::default(),
            purge: Purge::default(),
            requested_key_protection: KeyProtection::default(),
            via: Via::default(),
            new_vault: VaultOptions::default(),
        }
    }
}

setters! {
    Options {
        with_secrets(secrets: Arc<dyn SecretResolver>),
        with_credential(credential: impl Into<Option<Credential>>),
        with_cloud(cloud: impl Into<Option<Cloud>>),
        with_tenant(tenant: impl Into<Option<TenantId>>),
        with_private_endpoint(private_endpoint: impl Into<Option<PrivateEndpoint>>),
        with_allowed_endpoints(allowed_endpoints: Vec<EndpointSuffix>),
        with_scope(scope: CertificateScope),
        with_unchanged(unchanged: Unchanged),
        with_concurrency(concurrency: Concurrency),
        with_soft_deleted(soft_deleted: SoftDeleted),
        with_purge(purge: Purge),
        with_new_vault(new_vault: VaultOptions),
        with_issuers(issuers: Vec<X509>),
        with_requested_key_protection(requested_key_protection: KeyProtection),
        with_via(via: Via),
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("credential", &self.credential)
            .field("cloud", &self.cloud)
            .field("tenant", &self.tenant)
            .field("private_endpoint", &self.private_endpoint)
            .field("allowed_endpoints", &self.allowed_endpoints)
            .field("scope", &self.scope)
            .field("unchanged", &self.unchanged)
            .field("concurrency", &self.concurrency)
            .field("issuers", &self.issuers)
            .field("soft_deleted", &self.soft_deleted)
            .field("purge", &self.purge)
            .field("requested_key_protection", &self.requested_key_protection)
            .field("via", &self.via)
            .field("new_vault", &self.new_vault)
            .finish_non_exhaustive()
    }
}

//! The control plane over REST (Resource Manager): the port [`VaultDirectory`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use akv_core::{
    Cloud, Error, ErrorKind, InvalidValue, Listing, NewVault, Region, ResourceGroupName, Result,
    StorePath, Subscription, SubscriptionId, TenantId, Vault, VaultDirectory, VaultId, VaultQuery,
    VaultSettings,
};
use async_trait::async_trait;
use azure_core::http::Method;
use url::Url;

use super::create;
use crate::api::{ApiOperation, version};
use crate::credential::AzureCredential;
use crate::exchange::{Answer, Deadline, Origin, Retry};
use crate::page::{Bounds, Pages, read};
use crate::pipeline::{Call, Pacing, Pipeline};
use crate::shared::Shared;
use crate::wire;

/// Resource Manager of one cloud. It signs in with one credential, in the tenant of each call.
///
/// Clones share everything.
#[derive(Clone)]
pub struct ResourceManager(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    cloud: Cloud,
    credential: AzureCredential,
    origin: Origin,
}

impl ResourceManager {
    pub(crate) fn new(
        shared: Arc<Shared>,
        cloud: &Cloud,
        credential: AzureCredential,
    ) -> Result<Self> {
        let origin = Origin::new("cloud's Resource Manager", &cloud.resource_manager)?;
        Ok(Self(Arc::new(Inner { shared, cloud: cloud.clone(), credential, origin })))
    }

    /// The pipeline with a token of that tenant. It uses the rate limit of the subscription or,
    /// without one, of the tenant.
    pub(crate) fn pipeline(
        &self,
        tenant: &TenantId,
        subscription: Option<SubscriptionId>,
        operation: &str,
    ) -> Result<Pipeline> {
        let Inner { shared, cloud, credential, origin } = &*self.0;
        let audience = &cloud.resource_manager_audience;
        let budget = match subscription {
            Some(subscription) => format!("{} {subscription}", origin.host()),
            None => format!("{} {tenant}", origin.host()),
        };
        Ok(Pipeline {
            transport: shared.transport(cloud)?,
            origin: origin.clone(),
            tokens: Some(shared.tokens(cloud, credential, Some(tenant), audience, operation)?),
            audience: None,
            pacing: Pacing::ResourceManager { quota: shared.quota(), budget },
            cancellation: shared.cancellation(),
        })
    }

    pub(super) fn cloud(&self) -> &Cloud {
        &self.0.cloud
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    pub(crate) fn url(&self, path: &[&str], api_version: &str) -> Url {
        self.0.origin.url(path, &[("api-version", api_version)])
    }

    pub(super) fn pages(
        &self,
        pipeline: Pipeline,
        api: ApiOperation,
        operation: String,
        first: Url,
    ) -> Pages {
        let bounds = Bounds::RESOURCE_MANAGER;
        Pages::new(pipeline, api, operation, bounds, self.deadline(), first)
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.0.shared.deadline()
    }

    /// Gets one object. `None`: the object or its resource group does not exist. A missing
    /// subscription is an error, because the caller may lack the permission to see it.
    pub(super) async fn find<W: serde::de::DeserializeOwned, T>(
        &self,
        pipeline: &Pipeline,
        call: Call,
        retry: &mut Retry,
        convert: impl FnOnce(W) -> std::result::Result<T, InvalidValue>,
    ) -> Result<Option<T>> {
        match pipeline.send(&call, retry).await.map_err(Error::from) {
            Ok(answer) => read_as(&answer, &call.operation, convert).map(Some),
            Err(error) if is_absent_object(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn look(
        &self,
        pipeline: &Pipeline,
        id: &VaultId,
        retry: &mut Retry,
    ) -> Result<Option<Vault>> {
        let operation = format!("read vault {id}");
        let call = get(ApiOperation::GetVault, self.vault_url(id), operation);
        self.find(pipeline, call, retry, described).await
    }

    pub(super) fn vault_url(&self, id: &VaultId) -> Url {
        let (subscription, group) = (id.subscription.to_string(), id.resource_group.to_string());
        let path = [
            "subscriptions",
            &subscription,
            "resourceGroups",
            &group,
            "providers",
            "Microsoft.KeyVault",
            "vaults",
            id.name.as_str(),
        ];
        self.url(&path, version::VAULTS)
    }
}

#[async_trait]
impl VaultDirectory for ResourceManager {
    async fn subscriptions(&self, tenant: &TenantId) -> Result<Listing<Subscription>> {
        let operation = format!("list the subscriptions of tenant {tenant}");
        let pipeline = self.pipeline(tenant, None, &operation)?;
        let first = self.url(&["subscriptions"], version::SUBSCRIPTIONS);
        let api = ApiOperation::ListSubscriptions;
        self.pages(pipeline, api, operation, first)
            .listing(|one: wire::subscription::Subscription| {
                let [name, state] = [one.display_name, one.state].map(bounded);
                Ok(Subscription::new(one.id.parse()?, name, state))
            })
            .await
    }

    async fn vaults(
        &self,
        tenant: &TenantId,
        subscription: SubscriptionId,
    ) -> Result<Listing<StorePath>> {
        let operation = format!("list the vaults of subscription {subscription}");
        let pipeline = self.pipeline(tenant, Some(subscription), &operation)?;
        let id = subscription.to_string();
        let path = ["subscriptions", &id, "providers", "Microsoft.KeyVault", "vaults"];
        let first = self.url(&path, version::VAULTS);
        let api = ApiOperation::ListVaults;
        self.pages(pipeline, api, operation, first)
            .listing(|vault: wire::vault::ListedVault| {
                // A store path may be a bare name, which does not locate the vault.
                if vault.id.starts_with('/') {
                    vault.id.parse()
                } else {
                    Err(InvalidValue::new("vault's id", &vault.id, "the id of a resource"))
                }
            })
            .await
    }

    async fn vault(&self, tenant: &TenantId, id: &VaultId) -> Result<Option<Vault>> {
        let pipeline = self.pipeline(tenant, Some(id.subscription), &format!("read vault {id}"))?;
        let mut retry = Retry::new(Deadline::after(self.deadline()));
        self.look(&pipeline, id, &mut retry).await
    }

    async fn resource_group_region(
        &self,
        tenant: &TenantId,
        subscription: SubscriptionId,
        group: &ResourceGroupName,
    ) -> Result<Option<Region>> {
        let operation = format!("read resource group {group} of subscription {subscription}");
        let pipeline = self.pipeline(tenant, Some(subscription), &operation)?;
        let (id, name) = (subscription.to_string(), group.to_string());
        let url =
            self.url(&["subscriptions", &id, "resourcegroups", &name], version::RESOURCE_GROUPS);
        let mut retry = Retry::new(Deadline::after(self.deadline()));
        let call = get(ApiOperation::GetResourceGroup, url, operation);
        self.find(&pipeline, call, &mut retry, |group: wire::subscription::ResourceGroup| {
            group.location.parse()
        })
        .await
    }

    async fn create(&self, tenant: &TenantId, vault: &NewVault) -> Result<Vault> {
        create::run(self, tenant, vault).await
    }

    async fn ready(&self, tenant: &TenantId, vault: &NewVault, found: Vault) -> Result<Vault> {
        create::awaited(self, tenant, vault, found).await
    }

    async fn settings(&self, tenant: &TenantId, id: &VaultId) -> Result<Option<VaultSettings>> {
        Ok(self.facts(tenant, id).await?.map(VaultSettings::from))
    }

    fn query(&self) -> Option<&dyn VaultQuery> {
        Some(self)
    }
}

impl fmt::Debug for ResourceManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceManager")
            .field("cloud", &self.0.cloud.name)
            .field("host", &self.0.origin.host())
            .finish_non_exhaustive()
    }
}

fn is_absent_object(error: &Error) -> bool {
    let code = error.reply().and_then(|reply| reply.code.as_deref());
    error.kind() == ErrorKind::Absent && code != Some("SubscriptionNotFound")
}

/// A display name, cut to the longest length that is kept.
fn bounded(text: String) -> String {
    if text.len() <= LONGEST_NAME { text } else { text.chars().take(LONGEST_NAME).collect() }
}

/// A request for one object. A vault can have 1,024 access policies.
pub(super) fn get(api: ApiOperation, url: Url, operation: String) -> Call {
    Call::new(api, Method::Get, url, operation).with_limit(ONE_OBJECT)
}

/// Parses a successful answer and converts it.
pub(super) fn read_as<W: serde::de::DeserializeOwned, T>(
    answer: &Answer,
    operation: &str,
    convert: impl FnOnce(W) -> std::result::Result<T, InvalidValue>,
) -> Result<T> {
    convert(read(answer, operation)?).map_err(|invalid| {
        let why = answer.redactor().line(&invalid.to_string());
        Error::new(ErrorKind::Protocol, operation, format!("cannot read the response: {why}"))
    })
}

pub(super) fn described(vault: wire::vault::Vault) -> std::result::Result<Vault, InvalidValue> {
    Ok(Vault::new(vault.id.parse()?, vault.location.parse()?)
        .with_uri(vault.properties.vault_uri.map(|uri| uri.trim_end_matches('/').to_owned()))
        .with_provisioning_state(vault.properties.provisioning_state))
}

pub(super) const ONE_OBJECT: usize = 2 << 20;
/// Resource Manager allows 64 characters.
const LONGEST_NAME: usize = 256;

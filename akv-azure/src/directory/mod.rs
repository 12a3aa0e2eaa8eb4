//! The control plane over REST (Resource Manager): the port [`VaultDirectory`].

mod create;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use akv_core::{
    Cloud, Credential, Error, ErrorKind, InvalidValue, Listing, NewVault, Region,
    ResourceGroupName, Result, StorePath, Subscription, SubscriptionId, TenantId, Vault,
    VaultDirectory, VaultId,
};
use async_trait::async_trait;
use azure_core::http::Method;
use url::Url;

use crate::azure::Shared;
use crate::operation::Operation;
use crate::page::{Bounds, Pages, read};
use crate::pipeline::{Answer, Call, Deadline, Origin, Pacing, Pipeline, Retry};
use crate::wire;

/// Resource Manager of one cloud, reached as one credential in whichever tenant is asked about.
///
/// Clones share everything.
#[derive(Clone)]
pub struct ResourceManager(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    cloud: Cloud,
    credential: Credential,
    origin: Origin,
}

impl ResourceManager {
    pub(crate) fn new(shared: Arc<Shared>, cloud: &Cloud, credential: &Credential) -> Result<Self> {
        let origin = Origin::new("cloud's Resource Manager", &cloud.resource_manager)?;
        let (cloud, credential) = (cloud.clone(), credential.clone());
        Ok(Self(Arc::new(Inner { shared, cloud, credential, origin })))
    }

    /// The way there with a token of that tenant, within the budget of a subscription or, where
    /// none is meant, of the tenant.
    fn pipeline(
        &self,
        tenant: &TenantId,
        subscription: Option<SubscriptionId>,
        tried: &str,
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
            tokens: Some(shared.tokens(cloud, credential, Some(tenant), audience, tried)?),
            audience: None,
            pacing: Pacing::ResourceManager { quota: shared.quota(), budget },
            cancellation: shared.cancellation(),
        })
    }

    fn url(&self, path: &[&str], api_version: &str) -> Url {
        self.0.origin.url(path, &[("api-version", api_version)])
    }

    fn pages(&self, pipeline: Pipeline, operation: Operation, tried: String, first: Url) -> Pages {
        let bounds = Bounds::RESOURCE_MANAGER;
        Pages::new(pipeline, operation, tried, bounds, self.deadline(), first)
    }

    fn deadline(&self) -> Duration {
        self.0.shared.deadline()
    }

    /// Gets one object. `None`: the service says that it, or its resource group, is not there. A
    /// subscription that is not there is a failure, as it can be one that the caller may not see.
    async fn find<W: serde::de::DeserializeOwned, T>(
        &self,
        pipeline: &Pipeline,
        call: Call,
        retry: &mut Retry,
        convert: impl FnOnce(W) -> std::result::Result<T, InvalidValue>,
    ) -> Result<Option<T>> {
        match pipeline.send(&call, retry).await.map_err(Error::from) {
            Ok(answer) => read_as(&answer, &call.tried, convert).map(Some),
            Err(error) if is_absent_object(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn look(
        &self,
        pipeline: &Pipeline,
        id: &VaultId,
        retry: &mut Retry,
    ) -> Result<Option<Vault>> {
        let tried = format!("look at vault {id}");
        let call = get(Operation::GetVault, self.vault_url(id), tried);
        self.find(pipeline, call, retry, described).await
    }

    fn vault_url(&self, id: &VaultId) -> Url {
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
        self.url(&path, VAULTS)
    }
}

#[async_trait]
impl VaultDirectory for ResourceManager {
    async fn subscriptions(&self, tenant: &TenantId) -> Result<Listing<Subscription>> {
        let tried = format!("list the subscriptions of tenant {tenant}");
        let pipeline = self.pipeline(tenant, None, &tried)?;
        let first = self.url(&["subscriptions"], SUBSCRIPTIONS);
        let operation = Operation::ListSubscriptions;
        self.pages(pipeline, operation, tried, first)
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
        let tried = format!("list the vaults of subscription {subscription}");
        let pipeline = self.pipeline(tenant, Some(subscription), &tried)?;
        let id = subscription.to_string();
        let path = ["subscriptions", &id, "providers", "Microsoft.KeyVault", "vaults"];
        let first = self.url(&path, VAULTS);
        let operation = Operation::ListVaults;
        self.pages(pipeline, operation, tried, first)
            .listing(|vault: wire::vault::ListedVault| {
                // A store path may be a bare name, which says nothing of where the vault is.
                if vault.id.starts_with('/') {
                    vault.id.parse()
                } else {
                    Err(InvalidValue::new("vault's id", &vault.id, "the id of a resource"))
                }
            })
            .await
    }

    async fn vault(&self, tenant: &TenantId, id: &VaultId) -> Result<Option<Vault>> {
        let pipeline =
            self.pipeline(tenant, Some(id.subscription), &format!("look at vault {id}"))?;
        let mut retry = Retry::new(Deadline::after(self.deadline()));
        self.look(&pipeline, id, &mut retry).await
    }

    async fn resource_group_region(
        &self,
        tenant: &TenantId,
        subscription: SubscriptionId,
        group: &ResourceGroupName,
    ) -> Result<Option<Region>> {
        let tried = format!("look at resource group {group} of subscription {subscription}");
        let pipeline = self.pipeline(tenant, Some(subscription), &tried)?;
        let (id, name) = (subscription.to_string(), group.to_string());
        let url = self.url(&["subscriptions", &id, "resourcegroups", &name], RESOURCE_GROUPS);
        let mut retry = Retry::new(Deadline::after(self.deadline()));
        let call = get(Operation::GetResourceGroup, url, tried);
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

/// As much of a name for people as is kept.
fn bounded(text: String) -> String {
    if text.len() <= LONGEST_NAME { text } else { text.chars().take(LONGEST_NAME).collect() }
}

/// A request for one object. A vault can have 1,024 access policies.
fn get(operation: Operation, url: Url, tried: String) -> Call {
    Call::new(operation, Method::Get, url, tried).with_limit(ONE_OBJECT)
}

/// Reads an answer that is a success, as what it means.
fn read_as<W: serde::de::DeserializeOwned, T>(
    answer: &Answer,
    tried: &str,
    convert: impl FnOnce(W) -> std::result::Result<T, InvalidValue>,
) -> Result<T> {
    convert(read(answer, tried)?).map_err(|invalid| {
        let why = answer.redactor().line(&invalid.to_string());
        Error::new(ErrorKind::Protocol, tried, format!("the answer cannot be read: {why}"))
    })
}

fn described(vault: wire::vault::Vault) -> std::result::Result<Vault, InvalidValue> {
    Ok(Vault::new(vault.id.parse()?, vault.location.parse()?)
        .with_uri(vault.properties.vault_uri.map(|uri| uri.trim_end_matches('/').to_owned()))
        .with_provisioning_state(vault.properties.provisioning_state))
}

const ONE_OBJECT: usize = 2 << 20;
/// Resource Manager has 64 characters at most.
const LONGEST_NAME: usize = 256;
/// The first version after the retirement of all older ones on 27 February 2027.
pub(crate) const VAULTS: &str = "2026-02-01";
pub(crate) const SUBSCRIPTIONS: &str = "2022-12-01";
pub(crate) const RESOURCE_GROUPS: &str = "2021-04-01";

//! The stores that a command line selects.

use std::collections::HashSet;

use akv_core::job::{DiscoveryRequest, Jobs, Undiscovered};
use akv_core::{Cloud, Credential, StoreAddress, StorePath};
use anyhow::Result;

use crate::args::{Common, SelectionArgs};
use crate::render;
use crate::usage::Usage;
use crate::wiring::{Wiring, tenants};

/// The selected stores.
pub(crate) struct Selection {
    /// The credential for the stores.
    pub(crate) credential: Credential,
    /// The vaults without duplicates.
    pub(crate) stores: Vec<StoreAddress>,
    /// The tenants and subscriptions that could not be searched.
    pub(crate) missed: Vec<Undiscovered>,
    /// Whether it can be more than one store, instead of a single store path.
    pub(crate) is_fleet: bool,
}

impl Selection {
    pub(crate) async fn of(common: &Common, args: &SelectionArgs, wiring: &Wiring) -> Result<Self> {
        if !args.all {
            if args.stores.is_empty() {
                return Err(Usage::new("provide a STORE or --all").into());
            }
            let address = wiring.addresses(common).await?;
            let stores = args.stores.iter().map(address).collect::<Result<Vec<_>>>()?;
            let is_fleet = stores.len() > 1;
            let credential = wiring.credential(common).await?;
            return Ok(Self {
                credential,
                stores: each_once(stores),
                missed: Vec::new(),
                is_fleet,
            });
        }
        let tenants = tenants(common)?;
        if tenants.is_empty() {
            return Err(Usage::new("--all requires a tenant: --tenant or AZURE_TENANT_ID").into());
        }
        let cloud = wiring.cloud(common).await?.unwrap_or_else(Cloud::public);
        let credential = wiring.credential(common).await?;
        let discovery = wiring.jobs.discovery(&cloud, &credential)?;
        let (mut stores, mut missed) = (Vec::new(), Vec::new());
        for tenant in tenants {
            let request = DiscoveryRequest::new(vec![tenant.clone()])
                .with_via(args.via.resolved())
                .with_only(args.subscriptions.clone());
            let found = discovery.discover(&request).await;
            render::say(&found.message());
            missed.extend(found.missed);
            let selected = found.stores.into_iter().filter(|path| args.selects(path));
            stores.extend(selected.map(|path| {
                StoreAddress::new(path)
                    .with_tenant(tenant.clone())
                    .with_cloud(cloud.clone())
                    .with_private_endpoint(common.private_endpoint.clone())
            }));
        }
        Ok(Self { credential, stores: each_once(stores), missed, is_fleet: true })
    }
}

impl SelectionArgs {
    /// Filters require a discovery.
    pub(crate) fn check(&self) -> Result<()> {
        let is_filtered = !(self.subscriptions.is_empty()
            && self.resource_groups.is_empty()
            && self.vaults.is_empty()
            && self.exclude.is_empty());
        if is_filtered && !self.all {
            let problem = "--subscription, --resource-group, --vault and --exclude require --all";
            return Err(Usage::new(problem).into());
        }
        Ok(())
    }

    fn selects(&self, path: &StorePath) -> bool {
        let group = path.resource_group().map(ToString::to_string).unwrap_or_default();
        let in_group =
            |wanted: &akv_core::ResourceGroupName| wanted.to_string().eq_ignore_ascii_case(&group);
        (self.resource_groups.is_empty() || self.resource_groups.iter().any(in_group))
            && (self.vaults.is_empty() || self.vaults.iter().any(|it| it.matches(path.vault())))
            && !self.exclude.iter().any(|it| it.matches(path.vault()))
    }
}

/// A vault that is named twice is read once: names are unique in a cloud.
fn each_once(mut stores: Vec<StoreAddress>) -> Vec<StoreAddress> {
    let mut known = HashSet::with_capacity(stores.len());
    stores.retain(|store| known.insert(store.path.vault().as_str().to_ascii_lowercase()));
    stores
}

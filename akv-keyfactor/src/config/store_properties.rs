//! The custom properties of a store. A blank property counts as not set.

use std::str::FromStr;

use akv_core::{
    Cloud, InvalidValue, PrivateEndpoint, Region, ResourceGroupName, Sku, SubscriptionId, TenantId,
    VaultName,
};

use crate::document::Object;
use crate::options::Options;
use crate::problem::Problem;
use crate::store_type::{
    AZURE_CLOUD, PRIVATE_ENDPOINT, Property, SKU_TYPE, TENANT_ID, VAULT_REGION,
};

/// The values of a store's properties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StoreProperties {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) sku: Option<Sku>,
    pub(crate) region: Option<Region>,
    pub(crate) cloud: Option<Cloud>,
    pub(crate) private_endpoint: Option<PrivateEndpoint>,
    pub(crate) subscription: Option<SubscriptionId>,
    pub(crate) resource_group: Option<ResourceGroupName>,
    pub(crate) vault: Option<VaultName>,
}

impl StoreProperties {
    /// Cloud and endpoint are read only if the program does not override them.
    pub(crate) fn of(store: &Object<'_>, options: &Options) -> Result<Self, Problem> {
        let nested = store.member("Properties").object_or_text()?;
        let properties = nested.object()?;
        Ok(Self {
            tenant: properties.member(TENANT_ID.name).parsed()?,
            sku: choice(&properties, &SKU_TYPE)?,
            region: choice(&properties, &VAULT_REGION)?,
            cloud: match &options.cloud {
                Some(cloud) => Some(cloud.clone()),
                None => choice(&properties, &AZURE_CLOUD)?,
            },
            private_endpoint: match &options.private_endpoint {
                Some(endpoint) => Some(endpoint.clone()),
                None => properties.member(PRIVATE_ENDPOINT.name).parsed()?,
            },
            // Stores of older store types have these; new ones do not.
            subscription: properties.member("SubscriptionId").parsed()?,
            resource_group: properties.member("ResourceGroupName").parsed()?,
            vault: properties.member("VaultName").parsed()?,
        })
    }
}

/// One of several choices. If such a property is added to a store type in use, Command up to 25.2.1
/// sets it to the whole list of choices in existing stores. No administrator chose that value, and
/// no single choice contains a comma.
fn choice<T: FromStr<Err = InvalidValue>>(
    properties: &Object<'_>,
    property: &Property,
) -> Result<Option<T>, Problem> {
    let member = properties.member(property.name);
    match member.text()? {
        Some(text) if text.contains(',') => Ok(None),
        _ => member.parsed(),
    }
}

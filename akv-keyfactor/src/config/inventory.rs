//! The configuration of an inventory job.

use akv_core::CertificateName;
use akv_core::job::{InventoryRequest, Known, LastInventory};

use super::document::Object;
use super::problem::Problem;
use super::store::Store;
use crate::options::Options;

/// An inventory to be made.
pub(crate) struct Inventory {
    pub(crate) store: Store,
    pub(crate) request: InventoryRequest,
}

impl Inventory {
    pub(crate) async fn of(job: &Object<'_>, options: &Options) -> Result<Self, Problem> {
        Ok(Self {
            store: Store::of(job, options).await?,
            request: InventoryRequest {
                coverage: options.coverage,
                last: last_inventory(job)?,
                unchanged: options.unchanged,
                concurrency: options.concurrency,
            },
        })
    }
}

/// What Command knows already. An entry that no certificate of a vault can have made is passed
/// over, since nothing in the vault can be compared with it.
pub(crate) fn last_inventory(job: &Object<'_>) -> Result<LastInventory, Problem> {
    let items = job.member("LastInventory").objects()?;
    let mut known = Vec::with_capacity(items.len());
    for item in items {
        let Ok(Some(name)) = item.member("Alias").parsed::<CertificateName>() else { continue };
        let thumbprints = item.member("Thumbprints").texts()?;
        let thumbprints = thumbprints.iter().filter_map(|text| text.parse().ok()).collect();
        let has_key = item.member("PrivateKeyEntry").boolean()?.unwrap_or(true);
        known.push((name, Known::Summary { thumbprints, has_key }));
    }
    Ok(known.into_iter().collect())
}

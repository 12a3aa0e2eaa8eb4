//! The configuration of an inventory job.

use akv_core::job::{InventoryRequest, PreviousCertificate, PreviousInventory};
use akv_core::{CertificateName, Pending};

use super::store::Store;
use crate::document::Object;
use crate::options::Options;
use crate::problem::Problem;

/// An inventory request.
pub(crate) struct Inventory {
    pub(crate) store: Store,
    pub(crate) request: InventoryRequest,
}

impl Inventory {
    pub(crate) async fn of(job: &Object<'_>, options: &Options) -> Result<Self, Problem> {
        Ok(Self {
            store: Store::of(job, options).await?,
            request: InventoryRequest::default()
                .with_scope(options.scope)
                .with_previous(last_inventory(job)?)
                .with_unchanged(options.unchanged)
                .with_concurrency(options.concurrency)
                // Command's inventory contains certificates only, so a pending one is excluded.
                .with_pending(Pending::Exclude),
        })
    }
}

/// Command's previous inventory. An entry that cannot belong to a certificate of a vault is
/// skipped, because no certificate can match it.
pub(crate) fn last_inventory(job: &Object<'_>) -> Result<PreviousInventory, Problem> {
    let member = job.member("LastInventory");
    if member.has_more_than(MOST_ENTRIES) {
        return Err(member.invalid(format!("at most {MOST_ENTRIES} certificates")));
    }
    let mut last = PreviousInventory::default();
    member.each(|entry| {
        let entry = entry.object()?;
        let Ok(Some(name)) = entry.member("Alias").parsed::<CertificateName>() else {
            return Ok(());
        };
        let mut thumbprints = entry.member("Thumbprints").first_parsed(LONGEST_CHAIN)?;
        thumbprints.shrink_to_fit();
        let has_key = entry.member("PrivateKeyEntry").boolean()?.unwrap_or(true);
        last.extend([(name, PreviousCertificate::Summary { thumbprints, has_key })]);
        Ok(())
    })?;
    Ok(last)
}

/// More than Command can have inventoried from one vault, and about 60 MB.
const MOST_ENTRIES: usize = 250_000;
const LONGEST_CHAIN: usize = 16;

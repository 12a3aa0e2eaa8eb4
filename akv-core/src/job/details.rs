//! The details of an inventory beyond the certificate itself.

use futures::join;

use super::item::InventoryItem;
use crate::error::{Error, Result};
use crate::store::{CertificateStore, OperationState};

/// Whether an inventory reads policies, versions and requests: three more requests per certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Details {
    /// They are not read.
    #[default]
    Exclude,
    /// They are read.
    Include,
}

/// The details of a certificate; `None` if a detail could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ItemDetails {
    /// Whether the vault renews the certificate automatically.
    pub renews_itself: Option<bool>,
    /// Whether a request is pending.
    pub pending: Option<bool>,
    /// The number of enabled versions before the newest.
    pub older_enabled: Option<usize>,
    /// Why a detail could not be read.
    pub problem: Option<String>,
}

impl ItemDetails {
    pub(super) async fn read(store: &dyn CertificateStore, item: &InventoryItem) -> Self {
        let Some(details) = store.details() else { return Self::default() };
        let (renews, pending, versions) = join!(
            details.renews_itself(&item.name),
            store.operation(&item.name),
            details.enabled_versions(&item.name),
        );
        let mut problem = None;
        let renews_itself = known(renews, &mut problem).flatten();
        let pending = known(pending, &mut problem);
        let older_enabled = known(versions, &mut problem).map(|versions| {
            versions.iter().filter(|version| item.version.as_ref() != Some(version)).count()
        });
        Self {
            renews_itself,
            pending: pending.map(|state| state == Some(OperationState::InProgress)),
            older_enabled,
            problem: problem.map(|error| error.to_string()),
        }
    }
}

fn known<T>(read: Result<T>, problem: &mut Option<Error>) -> Option<T> {
    read.map_err(|error| problem.get_or_insert(error).kind()).ok()
}

//! The list of soft-deleted certificates: an optional capability of a store.

use futures::stream::BoxStream;
use time::OffsetDateTime;

use crate::certificate::ListedCertificate;
use crate::error::Result;

/// A store that can list its soft-deleted certificates: see
/// [`CertificateStore::soft_deleted`](crate::CertificateStore::soft_deleted).
pub trait SoftDeletedCertificates: Send + Sync {
    /// Every soft-deleted certificate, in the service's order. Pages are fetched while the stream
    /// is read; the stream ends after an error.
    fn list(&self) -> BoxStream<'_, Result<ListedDeletedCertificate>>;
}

/// The list item of a soft-deleted certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedDeletedCertificate {
    /// The newest version at the time of the deletion.
    pub certificate: ListedCertificate,
    /// When it was deleted (UTC).
    pub deleted: Option<OffsetDateTime>,
    /// When the service will purge it (UTC).
    pub scheduled_purge: Option<OffsetDateTime>,
}

impl ListedDeletedCertificate {
    /// A soft-deleted certificate without times.
    pub fn new(certificate: ListedCertificate) -> Self {
        Self { certificate, deleted: None, scheduled_purge: None }
    }
}

setters! {
    ListedDeletedCertificate {
        with_deleted(deleted: impl Into<Option<OffsetDateTime>>),
        with_scheduled_purge(scheduled_purge: impl Into<Option<OffsetDateTime>>),
    }
}

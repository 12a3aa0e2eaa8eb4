//! The list of what is in soft delete: a capability that not every kind of store has.

use futures::stream::BoxStream;
use time::OffsetDateTime;

use crate::certificate::ListedCertificate;
use crate::error::Result;

/// A store that can list its certificates in soft delete: see
/// [`CertificateStore::soft_deleted`](crate::CertificateStore::soft_deleted).
pub trait SoftDeletedCertificates: Send + Sync {
    /// Every certificate in soft delete, in the service's order. Pages are fetched as the stream is
    /// read; after an error the stream ends.
    fn list(&self) -> BoxStream<'_, Result<ListedDeletedCertificate>>;
}

/// What a list tells of a certificate in soft delete.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedDeletedCertificate {
    /// The newest version, as it was when it was deleted.
    pub certificate: ListedCertificate,
    /// When it was deleted (UTC).
    pub deleted: Option<OffsetDateTime>,
    /// When the service will purge it (UTC).
    pub scheduled_purge: Option<OffsetDateTime>,
}

impl ListedDeletedCertificate {
    /// A certificate in soft delete, of which the times are not known.
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

//! An optional capability of a store: the list of its soft-deleted certificates.

use futures::stream::BoxStream;
use time::OffsetDateTime;

use crate::certificate::ListedCertificate;
use crate::error::Result;
use crate::store::CertificateStore;

/// A store that can list its soft-deleted certificates.
pub trait ListDeleted: CertificateStore {
    /// The newest version of each certificate in soft delete, in the service's order. Pages are
    /// fetched as the stream is read; after an error the stream ends.
    fn list_deleted(&self) -> BoxStream<'_, Result<ListedDeleted>>;
}

/// What a list shows of a soft-deleted certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDeleted {
    /// The newest version, as it was when it was deleted.
    pub listed: ListedCertificate,
    /// When it was deleted (UTC).
    pub deleted: Option<OffsetDateTime>,
    /// When the service will purge it (UTC).
    pub scheduled_purge: Option<OffsetDateTime>,
}

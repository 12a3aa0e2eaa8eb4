//! The port to one vault.

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::bundle::Bundle;
use crate::certificate::{
    Certificate, CertificateName, DeletedCertificate, Exportable, ListedCertificate, Version,
};
use crate::error::Result;
use crate::tags::Tags;
use crate::vault::VaultName;

/// What one vault can do.
///
/// Absence is `Ok(None)`; every other failure is `Err`. There is no third way: "I may not look" is
/// never "it is not there". A store is silent about what passes by itself: it returns from `delete`
/// and `recover` when the service has settled, and waits out conflicts that resolve in time, each
/// bounded by its own deadline.
#[async_trait]
pub trait CertificateStore: Send + Sync {
    /// The vault's name, for messages.
    fn vault(&self) -> &VaultName;

    /// The newest version of each certificate, in the service's order. Pages are fetched as the
    /// stream is read; after an error the stream ends.
    fn list(&self) -> BoxStream<'_, Result<ListedCertificate>>;

    /// The newest version of a certificate.
    async fn certificate(&self, name: &CertificateName) -> Result<Option<Certificate>>;

    /// The certificates that a version was imported with: leaf first, then the chain, as DER. Needs
    /// permission to read the backing secret.
    async fn chain(&self, name: &CertificateName, version: &Version) -> Result<Vec<Vec<u8>>>;

    /// A certificate in soft delete.
    async fn deleted(&self, name: &CertificateName) -> Result<Option<DeletedCertificate>>;

    /// Makes the name's first version or a new one. Tags of earlier versions are not carried over.
    async fn import(&self, import: &Import) -> Result<Certificate>;

    /// Puts these tags in place of those of the newest version.
    async fn update_tags(&self, name: &CertificateName, tags: &Tags) -> Result<Certificate>;

    /// Deletes all versions and returns when that has settled. `None`: there was nothing.
    async fn delete(&self, name: &CertificateName) -> Result<Option<Deletion>>;

    /// Brings a certificate back from soft delete and returns when that has settled. `None`: it was
    /// not in soft delete.
    async fn recover(&self, name: &CertificateName) -> Result<Option<Certificate>>;

    /// Removes a certificate in soft delete for good. `None`: it was not in soft delete.
    async fn purge(&self, name: &CertificateName) -> Result<Option<()>>;
}

/// A certificate to be imported.
#[derive(Debug, Clone)]
pub struct Import {
    /// Under which name.
    pub name: CertificateName,
    /// Leaf, key and chain.
    pub bundle: Bundle,
    /// All the tags that the new version will have.
    pub tags: Tags,
    /// Whether its key may leave the vault again.
    pub exportable: Exportable,
    /// What the import was decided upon.
    pub over: Over,
}

/// What was under a name when an import was decided upon. A store does not import over anything
/// else: if meanwhile somebody is recovering a certificate of that name, that is
/// [`ErrorKind::BeingRecovered`](crate::ErrorKind::BeingRecovered) where nothing was there, and is
/// waited out where a certificate was to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// No live certificate.
    Nothing,
    /// A live certificate, of which this is to be a new version.
    Certificate,
}

/// What became of a certificate that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It is in soft delete.
    SoftDeleted,
    /// It is deleted, but the caller may not read deleted certificates, so nobody saw it settle.
    Unseen,
    /// The vault has no soft delete: it is gone.
    Gone,
}

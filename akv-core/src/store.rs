//! The port to one vault.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::bundle::Bundle;
use crate::certificate::{
    Certificate, CertificateName, DeletedCertificate, Exportable, ListedCertificate, Version,
};
use crate::error::Result;
use crate::soft_deleted::SoftDeletedCertificates;
use crate::store_details::CertificateDetails;
use crate::tags::Tags;
use crate::vault::VaultName;
use crate::versions::CertificateVersions;

/// What one vault can do.
///
/// Absence is `Ok(None)`; every other failure is `Err`. There is no third way: "I may not look" is
/// never "it is not there". A store is silent about what passes by itself: it returns from `delete`
/// and `recover` when the service has settled, and waits out conflicts that resolve in time, each
/// bounded by its own deadline.
///
/// What only some kinds of stores can do is a capability: a method that gives `None` unless a store
/// says otherwise. New ones are added in this way, so an implementation stays one.
#[async_trait]
pub trait CertificateStore: Send + Sync {
    /// The vault's name, for messages.
    fn vault(&self) -> &VaultName;

    /// The same store for the rest of a change that may not be left half done: cancelling the
    /// caller's work does not end it at once, only after a little while. Where nothing can be
    /// cancelled it is the store itself.
    fn finishing(&self) -> Arc<dyn CertificateStore>;

    /// The newest version of each certificate, in the service's order. Pages are fetched as the
    /// stream is read; after an error the stream ends.
    fn list(&self, options: ListOptions) -> BoxStream<'_, Result<ListedCertificate>>;

    /// The newest version of a certificate.
    async fn certificate(&self, name: &CertificateName) -> Result<Option<Certificate>>;

    /// The certificates that a version was imported with: leaf first, then the chain, as DER. Needs
    /// permission to read the backing secret.
    async fn chain(&self, name: &CertificateName, version: &Version) -> Result<Vec<Vec<u8>>>;

    /// What became of the creation of a certificate: by the service itself or by an authority. One
    /// that was imported had none.
    async fn operation(&self, name: &CertificateName) -> Result<Option<OperationState>>;

    /// A certificate in soft delete.
    async fn deleted(&self, name: &CertificateName) -> Result<Option<DeletedCertificate>>;

    /// Makes the name's first version or a new one. Tags of earlier versions are not carried over.
    async fn import(&self, import: &Import) -> Result<Certificate>;

    /// Puts these tags in place of those of the newest version.
    async fn update_tags(&self, name: &CertificateName, tags: &Tags) -> Result<Certificate>;

    /// Deletes all versions and returns when that has settled. `None`: there was nothing.
    async fn delete(&self, name: &CertificateName) -> Result<Option<Deletion>>;

    /// Brings a certificate back from soft delete and returns when that has settled; once the
    /// service has taken it, cancelling waits for that. `None`: it was not in soft delete.
    async fn recover(&self, name: &CertificateName) -> Result<Option<Certificate>>;

    /// Removes a certificate in soft delete for good.
    async fn purge(&self, name: &CertificateName) -> Result<Purged>;

    /// The list of what is in soft delete. `None`: this kind of store has no such list.
    fn soft_deleted(&self) -> Option<&dyn SoftDeletedCertificates> {
        None
    }

    /// The lists of versions. `None`: this kind of store has no such lists.
    fn versions(&self) -> Option<&dyn CertificateVersions> {
        None
    }

    /// Policies and versions, where the store can tell them.
    fn details(&self) -> Option<&dyn CertificateDetails> {
        None
    }
}

/// What a list is to have in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ListOptions {
    /// Whether certificates are listed whose creation is in progress.
    pub pending: Pending,
}

setters! { ListOptions { with_pending(pending: Pending) } }

/// Whether certificates count that are still being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "a store has to know every one to list")]
pub enum Pending {
    /// They do not.
    #[default]
    Exclude,
    /// They do.
    Include,
}

/// How far the creation of a certificate has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationState {
    /// The certificate is pending.
    InProgress,
    /// It was made.
    Completed,
    /// Somebody called it off.
    Cancelled,
    /// It came to nothing.
    Failed,
}

/// A certificate to be imported.
#[derive(Debug, Clone)]
#[non_exhaustive]
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
    pub precondition: Precondition,
}

impl Import {
    /// Imports this under that name, exportable and without tags.
    pub fn new(name: CertificateName, bundle: Bundle, precondition: Precondition) -> Self {
        let (tags, exportable) = (Tags::default(), Exportable::default());
        Self { name, bundle, tags, exportable, precondition }
    }
}

setters! { Import { with_name(name: CertificateName), with_bundle(bundle: Bundle), with_tags(tags: Tags), with_exportable(exportable: Exportable), with_precondition(precondition: Precondition), } }

/// What was under a name when an import was decided upon. A store does not import over anything
/// else: if meanwhile somebody is recovering a certificate of that name, that is
/// [`ErrorKind::BeingRecovered`](crate::ErrorKind::BeingRecovered) where nothing was there, and is
/// waited out where a certificate was to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store has to know every one to import")]
pub enum Precondition {
    /// No live certificate.
    Absent,
    /// A live certificate, of which this is to be a new version.
    Present,
}

/// What became of a certificate that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deletion {
    /// It is in soft delete.
    SoftDeleted,
    /// It is deleted, but the caller may not read deleted certificates, so nobody saw it settle.
    Unseen,
    /// The vault has no soft delete: it is gone.
    Gone,
}

/// What became of a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purged {
    /// The certificate is gone for good.
    Done,
    /// It was not in soft delete.
    NothingThere,
}

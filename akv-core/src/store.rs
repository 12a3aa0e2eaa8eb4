//! The port to one vault.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::bundle::Bundle;
use crate::certificate::{
    Certificate, CertificateName, DeletedCertificate, Exportable, ListedCertificate, Version,
};
use crate::certificate_der::CertificateDer;
use crate::error::Result;
use crate::soft_deleted::SoftDeletedCertificates;
use crate::store_details::CertificateDetails;
use crate::tags::Tags;
use crate::vault::VaultName;
use crate::versions::CertificateVersions;

/// The operations of one vault.
///
/// Absence is `Ok(None)`; every other failure is `Err`: a missing permission is never reported as
/// absence. A store handles transient states itself: `delete` and `recover` return when the service
/// has settled, and temporary conflicts are waited out, each until the store's own deadline.
///
/// An operation that only some kinds of stores have is a capability: a method that returns `None`
/// by default. New capabilities are added in this way, so existing implementations keep compiling.
#[async_trait]
pub trait CertificateStore: Send + Sync {
    /// The vault's name, for messages.
    fn vault(&self) -> &VaultName;

    /// The same store for the rest of a change that must not be left half done: cancellation takes
    /// effect only after a short delay. A store without cancellation returns itself.
    fn finishing(&self) -> Arc<dyn CertificateStore>;

    /// The newest version of each certificate, in the service's order. Pages are fetched while the
    /// stream is read; the stream ends after an error.
    fn list(&self, options: ListOptions) -> BoxStream<'_, Result<ListedCertificate>>;

    /// The newest version of a certificate.
    async fn certificate(&self, name: &CertificateName) -> Result<Option<Certificate>>;

    /// The certificates of an imported version: leaf first, then the chain, as DER. Needs
    /// permission to read the backing secret.
    async fn chain(&self, name: &CertificateName, version: &Version)
    -> Result<Vec<CertificateDer>>;

    /// The state of a certificate's creation by the service itself or by a CA. An imported
    /// certificate has none.
    async fn operation(&self, name: &CertificateName) -> Result<Option<OperationState>>;

    /// A soft-deleted certificate.
    async fn deleted(&self, name: &CertificateName) -> Result<Option<DeletedCertificate>>;

    /// Creates the name's first version or a new one. Tags of earlier versions are not carried
    /// over.
    async fn import(&self, import: &Import) -> Result<Certificate>;

    /// Replaces the tags of the newest version.
    async fn update_tags(&self, name: &CertificateName, tags: &Tags) -> Result<Certificate>;

    /// Deletes all versions and returns when that has settled. `None`: there was no certificate.
    async fn delete(&self, name: &CertificateName) -> Result<Option<Deletion>>;

    /// Recovers a soft-deleted certificate and returns when that has settled. Once the service has
    /// accepted the request, cancellation waits for that. `None`: it was not in soft delete.
    async fn recover(&self, name: &CertificateName) -> Result<Option<Certificate>>;

    /// Purges a soft-deleted certificate.
    async fn purge(&self, name: &CertificateName) -> Result<Purged>;

    /// The list of soft-deleted certificates. `None`: this kind of store has no such list.
    fn soft_deleted(&self) -> Option<&dyn SoftDeletedCertificates> {
        None
    }

    /// The lists of versions. `None`: this kind of store has no such lists.
    fn versions(&self) -> Option<&dyn CertificateVersions> {
        None
    }

    /// Policies and versions, if the store supports them.
    fn details(&self) -> Option<&dyn CertificateDetails> {
        None
    }
}

/// The options of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ListOptions {
    /// Whether pending certificates are listed.
    pub pending: Pending,
}

setters! { ListOptions { with_pending(pending: Pending) } }

/// Whether pending certificates are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "every store implementation must handle all variants")]
pub enum Pending {
    /// They are not included.
    #[default]
    Exclude,
    /// They are included.
    Include,
}

/// The state of a certificate's creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationState {
    /// The certificate is pending.
    InProgress,
    /// The certificate was created.
    Completed,
    /// The creation was cancelled.
    Cancelled,
    /// The creation failed.
    Failed,
}

/// A certificate to import.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Import {
    /// The certificate name.
    pub name: CertificateName,
    /// Leaf, key and chain.
    pub bundle: Bundle,
    /// All the tags that the new version will have.
    pub tags: Tags,
    /// Whether its key is exportable.
    pub exportable: Exportable,
    /// The state for which the import was decided.
    pub precondition: Precondition,
}

impl Import {
    /// Imports the bundle under that name, exportable and without tags.
    pub fn new(name: CertificateName, bundle: Bundle, precondition: Precondition) -> Self {
        let (tags, exportable) = (Tags::default(), Exportable::default());
        Self { name, bundle, tags, exportable, precondition }
    }
}

setters! {
    Import {
        with_bundle(bundle: Bundle),
        with_tags(tags: Tags),
        with_exportable(exportable: Exportable),
        with_precondition(precondition: Precondition),
    }
}

/// The state of the name when an import was decided. A store does not import in another state. If
/// another client is recovering a certificate with that name, the result depends on it: with
/// `Absent` it is [`ErrorKind::BeingRecovered`](crate::ErrorKind::BeingRecovered), with `Present`
/// the store waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every store implementation must handle all variants")]
pub enum Precondition {
    /// No live certificate.
    Absent,
    /// A live certificate, which the import replaces with a new version.
    Present,
}

/// The state of a certificate after its deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deletion {
    /// It is in soft delete.
    SoftDeleted,
    /// It is deleted, but the caller lacks the permission to observe that it has settled.
    Unseen,
    /// The vault has no soft delete: it is gone.
    Gone,
}

/// The result of a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purged {
    /// The certificate is gone for good.
    Done,
    /// It was not in soft delete.
    NothingThere,
}

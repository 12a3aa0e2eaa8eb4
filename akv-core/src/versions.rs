//! The list of a certificate's versions: an optional capability of a store.

use futures::stream::BoxStream;

use crate::certificate::{Attributes, CertificateName, Thumbprint, Version};
use crate::error::Result;
use crate::tags::Tags;

/// A store that can list the versions of a certificate: see
/// [`CertificateStore::versions`](crate::CertificateStore::versions).
pub trait CertificateVersions: Send + Sync {
    /// Every version of a live certificate, enabled or not, in the service's order; empty if the
    /// certificate does not exist. Pages are fetched while the stream is read; the stream ends
    /// after an error.
    fn list_versions(&self, name: &CertificateName) -> BoxStream<'_, Result<ListedVersion>>;
}

/// The list item of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedVersion {
    /// The version.
    pub version: Version,
    /// Absent while the version is pending or if its creation failed.
    pub thumbprint: Option<Thumbprint>,
    /// Enabled, validity, created and updated.
    pub attributes: Attributes,
    /// Its tags.
    pub tags: Tags,
}

impl ListedVersion {
    /// A version with all data of a list item.
    pub fn new(
        version: Version,
        thumbprint: Option<Thumbprint>,
        attributes: Attributes,
        tags: Tags,
    ) -> Self {
        Self { version, thumbprint, attributes, tags }
    }
}

//! The list of a certificate's versions: a capability that not every kind of store has.

use futures::stream::BoxStream;

use crate::certificate::{Attributes, CertificateName, Thumbprint, Version};
use crate::error::Result;
use crate::tags::Tags;

/// A store that can list the versions of a certificate: see
/// [`CertificateStore::versions`](crate::CertificateStore::versions).
pub trait CertificateVersions: Send + Sync {
    /// Every version of a live certificate, enabled or not, in the service's order; none if the
    /// certificate does not exist. Pages are fetched as the stream is read; after an error the
    /// stream ends.
    fn list_versions(&self, name: &CertificateName) -> BoxStream<'_, Result<ListedVersion>>;
}

/// What a list shows of a version.
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
    /// A version with everything that a list shows of it.
    pub fn new(
        version: Version,
        thumbprint: Option<Thumbprint>,
        attributes: Attributes,
        tags: Tags,
    ) -> Self {
        Self { version, thumbprint, attributes, tags }
    }
}

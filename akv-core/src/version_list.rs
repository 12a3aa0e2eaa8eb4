//! An optional capability of a store: the list of a certificate's versions.

use futures::stream::BoxStream;

use crate::certificate::{Attributes, CertificateName, Thumbprint, Version};
use crate::error::Result;
use crate::store::CertificateStore;
use crate::tags::Tags;

/// A store that can list the versions of a certificate.
pub trait ListVersions: CertificateStore {
    /// Every version of a live certificate, enabled or not, in the service's order; none if the
    /// certificate does not exist. Pages are fetched as the stream is read; after an error the
    /// stream ends.
    fn list_versions(&self, name: &CertificateName) -> BoxStream<'_, Result<ListedVersion>>;
}

/// What a list shows of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
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

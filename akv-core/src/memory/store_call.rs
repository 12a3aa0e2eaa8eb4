//! The methods that an in-memory store logs and can make fail.

/// A method of [`CertificateStore`](crate::CertificateStore) or of an optional capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreCall {
    /// `list`.
    List,
    /// `certificate`.
    Certificate,
    /// `chain`.
    Chain,
    /// `operation`.
    Operation,
    /// `deleted`.
    Deleted,
    /// `import`.
    Import,
    /// `update_tags`.
    UpdateTags,
    /// `delete`.
    Delete,
    /// `recover`.
    Recover,
    /// `purge`.
    Purge,
    /// The list of [`SoftDeletedCertificates`](crate::SoftDeletedCertificates).
    ListDeleted,
    /// The list of [`CertificateVersions`](crate::CertificateVersions).
    ListVersions,
}

//! The request of an addition: the certificate, its name and all options.

use std::fmt;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::bundle::{self, Bundle, BundleError, X509};
use crate::certificate::{CertificateName, Exportable};
use crate::secret::Password;
use crate::tags::Tags;

/// A certificate to add.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AddRequest {
    /// The certificate name; `None` derives it from the certificate.
    pub name: Option<CertificateName>,
    /// The certificate, its key and its chain.
    pub contents: CertificateFile,
    /// The password of `contents`; empty for none.
    pub password: Password,
    /// CA certificates that complete the chain if `contents` lack them; others are ignored.
    pub issuers: Vec<X509>,
    /// What to do if the name exists.
    pub overwrite: Overwrite,
    /// The tags of the job.
    pub tags: Tags,
    /// What to do with the existing tags.
    pub existing_tags: ExistingTags,
    /// Whether the key is exportable.
    pub exportable: Exportable,
    /// What to do if a soft-deleted certificate has this name.
    pub soft_deleted: SoftDeleted,
}

impl AddRequest {
    /// Adds these contents under a derived name, with default options.
    pub fn new(contents: CertificateFile, password: Password) -> Self {
        Self {
            name: None,
            contents,
            password,
            issuers: Vec::new(),
            overwrite: Overwrite::default(),
            tags: Tags::default(),
            existing_tags: ExistingTags::default(),
            exportable: Exportable::default(),
            soft_deleted: SoftDeleted::default(),
        }
    }
}

setters! {
    AddRequest {
        with_name(name: impl Into<Option<CertificateName>>),
        with_contents(contents: CertificateFile),
        with_issuers(issuers: Vec<X509>),
        with_overwrite(overwrite: Overwrite),
        with_tags(tags: Tags),
        with_existing_tags(existing_tags: ExistingTags),
        with_exportable(exportable: Exportable),
        with_soft_deleted(soft_deleted: SoftDeleted),
    }
}

/// A certificate with its key, in its file format. Zeroized on drop.
#[derive(Clone)]
#[non_exhaustive]
pub enum CertificateFile {
    /// PKCS#12.
    Pfx(Zeroizing<Vec<u8>>),
    /// PEM: certificates and a key, in any order.
    Pem(Zeroizing<Vec<u8>>),
}

impl CertificateFile {
    /// Opens and checks it. Among several candidates, one that is valid at `now` has priority.
    /// `issuers` complete the chain if necessary.
    pub fn open(
        &self,
        password: &Password,
        issuers: Vec<X509>,
        now: OffsetDateTime,
    ) -> std::result::Result<Bundle, BundleError> {
        let (Self::Pfx(bytes) | Self::Pem(bytes)) = self;
        let contents = bundle::read(bytes, password)?;
        Bundle::from_parts(bundle::Parts { offered: issuers, ..contents }, now)
    }
}

impl fmt::Debug for CertificateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pfx(_) => "Pfx(…)",
            Self::Pem(_) => "Pem(…)",
        })
    }
}

/// What to do if the name exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overwrite {
    /// Change nothing and report it.
    #[default]
    No,
    /// Create a new version.
    Yes,
}

/// What to do with the tags of an overwritten certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ExistingTags {
    /// The job's tags replace them.
    #[default]
    Replace,
    /// The job's tags are added, and replace tags with the same name.
    Preserve,
}

/// What to do if a soft-deleted certificate has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SoftDeleted {
    /// Recover it and import a new version.
    #[default]
    Recover,
    /// Change nothing and fail.
    Refuse,
}

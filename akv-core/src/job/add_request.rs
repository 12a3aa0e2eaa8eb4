//! What an addition is asked for: the certificate, its name and every choice.

use std::fmt;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::bundle::{self, Bundle, BundleError, X509};
use crate::certificate::{CertificateName, Exportable};
use crate::secret::Password;
use crate::tags::Tags;

/// A certificate to be added.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AddRequest {
    /// Under which name; derived from the certificate where none is given.
    pub name: Option<CertificateName>,
    /// The certificate, its key and its chain.
    pub contents: CertificateFile,
    /// The password of `contents`; empty for none.
    pub password: Password,
    /// CA certificates that complete the chain where `contents` lack them; the others are ignored.
    pub issuers: Vec<X509>,
    /// What to do where the name is taken.
    pub overwrite: Overwrite,
    /// The tags that the job brings.
    pub tags: Tags,
    /// What becomes of the tags that are there.
    pub existing_tags: ExistingTags,
    /// Whether the key may leave the vault again.
    pub exportable: Exportable,
    /// What to do where the name is in soft delete.
    pub soft_deleted: SoftDeleted,
}

impl AddRequest {
    /// Adds these contents under a name of their own, with every choice at its default.
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
        with_password(password: Password),
        with_issuers(issuers: Vec<X509>),
        with_overwrite(overwrite: Overwrite),
        with_tags(tags: Tags),
        with_existing_tags(existing_tags: ExistingTags),
        with_exportable(exportable: Exportable),
        with_soft_deleted(soft_deleted: SoftDeleted),
    }
}

/// A certificate with its key, in the form it came in. Wiped when dropped.
#[derive(Clone)]
#[non_exhaustive]
pub enum CertificateFile {
    /// PKCS#12.
    Pfx(Zeroizing<Vec<u8>>),
    /// PEM: certificates and a key, in any order.
    Pem(Zeroizing<Vec<u8>>),
}

impl CertificateFile {
    /// Opens and checks it; of what the contents leave a choice, what is valid at `now` is taken.
    /// `issuers` complete the chain where the contents do not.
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

/// What to do where the name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overwrite {
    /// Change nothing and say so.
    #[default]
    No,
    /// Make a new version.
    Yes,
}

/// What becomes of the tags that the certificate has when it is overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ExistingTags {
    /// The job's tags take their place.
    #[default]
    Replace,
    /// The job's tags join them and win where both have a name.
    Preserve,
}

/// What to do where the name is in soft delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SoftDeleted {
    /// Recover it and give it the new version.
    #[default]
    Recover,
    /// Change nothing and fail.
    Refuse,
}

//! What an addition is asked for: the certificate, its name and every choice.

use std::fmt;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::bundle::{Bundle, BundleError};
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
    pub contents: Contents,
    /// The password of `contents`; empty for none.
    pub password: Password,
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
    pub fn new(contents: Contents, password: Password) -> Self {
        Self {
            name: None,
            contents,
            password,
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
        with_contents(contents: Contents),
        with_password(password: Password),
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
pub enum Contents {
    /// PKCS#12.
    Pfx(Zeroizing<Vec<u8>>),
    /// PEM: certificates and a key, in any order.
    Pem(Zeroizing<Vec<u8>>),
}

impl Contents {
    /// Opens and checks it; of what the contents leave a choice, what is valid at `now` is taken.
    pub fn open(
        &self,
        password: &Password,
        now: OffsetDateTime,
    ) -> std::result::Result<Bundle, BundleError> {
        match self {
            Self::Pfx(bytes) => Bundle::from_pfx(bytes, password, now),
            Self::Pem(text) => Bundle::from_pem(text, password, now),
        }
    }
}

impl fmt::Debug for Contents {
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

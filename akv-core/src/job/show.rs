//! Show: one certificate in full.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use futures::TryStreamExt;

use super::inventory::{CertificateScope, chain_of};
use super::item::{InventoryItem, ItemSource};
use super::mark::Mark;
use crate::certificate::{CertificateName, ListedCertificate};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{CertificateStore, OperationState};
use crate::versions::ListedVersion;

/// The certificate to show, and the level of detail.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ShowRequest {
    /// Its name.
    pub name: CertificateName,
    /// The leaf only or the full chain.
    pub scope: CertificateScope,
    /// Whether its other versions are listed.
    pub versions: Versions,
}

impl ShowRequest {
    /// The current version of this certificate, only its leaf.
    pub fn new(name: CertificateName) -> Self {
        Self { name, scope: CertificateScope::default(), versions: Versions::default() }
    }
}

setters! { ShowRequest { with_scope(scope: CertificateScope), with_versions(versions: Versions) } }

/// The listed versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Versions {
    /// Only the current version, which is shown.
    #[default]
    Current,
    /// All of them, enabled or not.
    All,
}

/// A certificate in full.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Shown {
    /// The current version.
    pub item: InventoryItem,
    /// The chain was requested, but the secret of a disabled certificate cannot be read.
    pub without_chain: bool,
    /// All versions, the newest first, if requested.
    pub versions: Option<Vec<ListedVersion>>,
}

/// Shows certificates of one vault.
#[derive(Clone)]
pub struct ShowJob {
    store: Arc<dyn CertificateStore>,
}

impl ShowJob {
    /// The job of the vault behind `store`.
    pub fn new(store: Arc<dyn CertificateStore>) -> Self {
        Self { store }
    }

    /// Reads the certificate. One that does not exist is an error.
    pub async fn show(&self, request: &ShowRequest) -> Result<Shown> {
        let mut item = self.item(&request.name).await?;
        let mut without_chain = false;
        if request.scope == CertificateScope::Chain && !item.certificates.is_empty() {
            match chain_of(&*self.store, &item).await? {
                Some(certificates) => item.certificates = certificates,
                None => without_chain = true,
            }
        }
        let versions = match request.versions {
            Versions::Current => None,
            Versions::All => Some(self.versions(&request.name).await?),
        };
        Ok(Shown { item, without_chain, versions })
    }

    async fn item(&self, name: &CertificateName) -> Result<InventoryItem> {
        let Some(mut certificate) = self.store.certificate(name).await? else {
            return Err(self.absent(name).await);
        };
        certificate.tags = Mark::read(&certificate.tags).tags;
        let listed = ListedCertificate {
            name: certificate.name.clone(),
            thumbprint: certificate.thumbprint,
            attributes: certificate.attributes.clone(),
            tags: certificate.tags.clone(),
        };
        let holds_none = certificate.der.is_none();
        let mut item = InventoryItem::read(listed, certificate);
        if holds_none && self.store.operation(name).await? == Some(OperationState::InProgress) {
            item.source = ItemSource::Pending;
        }
        Ok(item)
    }

    /// Reports whether it is in soft delete, if permissions allow that.
    async fn absent(&self, name: &CertificateName) -> Error {
        let error = |kind, problem: &str| {
            let operation = format!("show certificate {name} in vault {}", self.store.vault());
            Error::new(kind, operation, problem)
        };
        match self.store.deleted(name).await {
            Ok(Some(_)) => {
                error(ErrorKind::SoftDeleted, "it is soft-deleted").with_advice("recover it first")
            }
            _ => error(ErrorKind::Absent, "there is no such certificate"),
        }
    }

    async fn versions(&self, name: &CertificateName) -> Result<Vec<ListedVersion>> {
        let capability = self.store.versions().ok_or_else(|| {
            let operation =
                format!("list the versions of certificate {name} in vault {}", self.store.vault());
            Error::new(
                ErrorKind::Invalid,
                operation,
                "this kind of store does not support this list",
            )
        })?;
        let mut versions: Vec<_> = capability.list_versions(name).try_collect().await?;
        for version in &mut versions {
            version.tags = Mark::read(&version.tags).tags;
        }
        versions.sort_by_key(|version| Reverse(version.attributes.created));
        Ok(versions)
    }
}

impl fmt::Debug for ShowJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShowJob").field("vault", self.store.vault()).finish_non_exhaustive()
    }
}

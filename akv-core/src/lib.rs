//! The pure domain of managing X.509 certificates in Azure Key Vault.
//!
//! No I/O, no clock, no Azure JSON, no Keyfactor terms: models, certificate bundles, the two ports
//! ([`CertificateStore`], [`VaultDirectory`]) and the jobs with all their decisions.
//!
//! # A first program
//!
//! A job uses only the ports. Here the vault is in memory; `akv-azure` implements the real one.
//!
//! ```
//! use std::sync::Arc;
//! use akv_core::job::{AddRequest, CertificateFile, ManagementJob, Status, StoreJobs};
//! use akv_core::memory::{MemoryDirectory, MemoryStore};
//! use akv_core::{Password, SystemClock};
//!
//! # futures::executor::block_on(async {
//! let vault = MemoryStore::new("contoso")?;
//! let directory = Arc::new(MemoryDirectory::new());
//! let jobs = StoreJobs::new(Arc::new(vault.clone()), directory, None, Arc::new(SystemClock));
//!
//! let file = CertificateFile::Pfx(Vec::from(*b"a file without a certificate").into());
//! let outcome = jobs.add(&AddRequest::new(file, Password::default())).await;
//! assert_eq!(outcome.status(), Status::Failure, "nothing was sent");
//! assert!(vault.calls().is_empty());
//! # Ok::<(), akv_core::InvalidValue>(())
//! # })?;
//! # Ok::<(), akv_core::InvalidValue>(())
//! ```
//!
//! An [`Error`] answers a scheduler's questions: whether the change may have happened, and whether
//! and when to retry.
//!
//! # Features
//!
//! * `test-util`: [`memory`], in-memory implementations of the two ports with failures on demand.
//!
//! # Compatibility
//!
//! Constructors and `with_` methods create all structs, and public enums are non-exhaustive. A port
//! only gains methods with a default implementation, so existing implementations keep compiling.
//! The text of messages is not part of the interface.

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

#[macro_use]
mod setters;

mod address;
pub mod audit;
pub mod bundle;
mod certificate;
mod certificate_der;
mod certificate_requests;
mod change;
mod clock;
mod cloud;
mod credential;
mod directory;
mod endpoint_suffix;
mod error;
pub mod job;
mod layer;
mod listing;
#[cfg(feature = "test-util")]
pub mod memory;
pub mod plan;
pub mod report;
mod secret;
mod soft_deleted;
mod store;
mod store_details;
mod store_path;
mod tags;
pub mod text;
mod vault;
mod vault_query;
mod versions;

pub use address::{PrivateEndpoint, StoreAddress};
pub use bundle::Bundle;
pub use certificate::{
    Attributes, Certificate, CertificateName, DeletedCertificate, Exportable, KeyState,
    ListedCertificate, Thumbprint, Version,
};
pub use certificate_der::CertificateDer;
pub use certificate_requests::{
    CertificateRequests, KeyProtection, Merge, NewRequest, PendingRequest, RequestedCertificate,
    RequestedKey,
};
pub use change::Action;
pub use clock::{Clock, FixedClock, SystemClock};
pub use cloud::Cloud;
pub use credential::{ClientCertificate, Credential};
pub use directory::{
    AccessModel, NewVault, PublicAccess, PurgeProtection, Region, RetentionDays, Sku, Subscription,
    Vault, VaultDirectory, VaultId, VaultOptions, VaultSettings,
};
pub use endpoint_suffix::EndpointSuffix;
pub use error::{Denial, Error, ErrorKind, InvalidValue, Reply, Result};
pub use layer::{Identity, Layer};
pub use listing::Listing;
pub use secret::{ClientSecret, Password, Secret};
pub use soft_deleted::{ListedDeletedCertificate, SoftDeletedCertificates};
pub use store::{
    CertificateStore, Deletion, Import, ListOptions, OperationState, Pending, Precondition, Purged,
};
pub use store_details::CertificateDetails;
pub use store_path::StorePath;
pub use tags::Tags;
pub use vault::{ClientId, ObjectId, ResourceGroupName, SubscriptionId, TenantId, VaultName};
pub use vault_query::VaultQuery;
pub use versions::{CertificateVersions, ListedVersion};

/// Runs the README's examples as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

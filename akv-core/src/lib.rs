//! The pure domain of managing X.509 certificates in Azure Key Vault.
//!
//! No I/O, no clock, no Azure JSON, no words of Keyfactor: models, certificate bundles, the two
//! ports ([`CertificateStore`], [`VaultDirectory`]) and the jobs with all that they decide.

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

#[macro_use]
mod setters;

mod address;
pub mod audit;
pub mod bundle;
mod certificate;
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

/// The README, whose examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

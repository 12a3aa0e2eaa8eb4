//! Key Vault, Resource Manager and Entra ID over REST: the ports of `akv-core`.
//!
//! Every request takes the same steps: authorize, rate-limit, send within bounds, and retry where
//! that may help. One module decides what a failure means. Tokens go only to the vault's own host
//! and to the cloud's Resource Manager.
//!
//! # A first program
//!
//! A process needs one [`Azure`]: its stores share connections, tokens and each vault's rate limit.
//!
//! ```
//! use akv_azure::{Azure, AzureOptions};
//! use akv_core::{CertificateStore, Credential, Error, ListOptions, StoreAddress};
//! use futures::TryStreamExt;
//!
//! async fn print_names(azure: &Azure, address: &StoreAddress, identity: &Credential) -> Result<(), Error> {
//!     let vault = azure.store(address, identity)?;
//!     let mut certificates = vault.list(ListOptions::default());
//!     while let Some(certificate) = certificates.try_next().await? {
//!         println!("{}", certificate.name);
//!     }
//!     Ok(())
//! }
//!
//! # use akv_testkit::FakeCloud;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! # let fake = FakeCloud::builder().vault("contoso").start();
//! # let options = AzureOptions::default().with_transport(fake.transport());
//! # let tenant: akv_core::TenantId = fake.tenant_id().parse()?;
//! # let address = StoreAddress::new("https://contoso.vault.azure.net/".parse()?).with_tenant(tenant);
//! # let identity = Credential::ClientSecret {
//! #     client_id: fake.client_id().parse()?,
//! #     secret: fake.client_secret().into(),
//! # };
//! # let azure = Azure::new(options)?;
//! # print_names(&azure, &address, &identity).await
//! # }
//! ```
//!
//! [`AzureJobs`] runs the jobs of `akv-core` on it. An error states whether and when to retry: see
//! [`akv_core::Error`].
//!
//! # Features
//!
//! * `token-credential`: an [`AzureCredential`] can be the caller's own `TokenCredential`.
//! * `live`: tests on a real vault that environment variables configure.
//!
//! # Compatibility
//!
//! Constructors and `with_` methods create all structs, and public enums are non-exhaustive, so new
//! options, credentials and error kinds are minor versions. The types of `azure_core`
//! ([`HttpClient`], `TokenCredential`) and `tokio-util` ([`CancellationToken`]) are part of the
//! interface: a new major version of either is a new major version of this crate. The text of error
//! messages is not part of the interface.

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod api;
mod auth;
mod azure;
mod classify;
mod cloud;
mod contact;
mod credential;
mod directory;
#[cfg(test)]
mod documented;
mod exchange;
mod files;
mod graph;
mod identity;
mod jobs;
mod options;
mod page;
mod pipeline;
mod redact;
mod shared;
mod transport;
mod uncertain;
mod vault;
mod wire;

pub use azure::Azure;
#[cfg(feature = "token-credential")]
pub use azure_core::credentials::TokenCredential;
pub use azure_core::http::HttpClient;
pub use contact::{Contact, Presented};
pub use credential::AzureCredential;
pub use directory::{ResourceManager, VaultFacts};
pub use identity::SignedIn;
pub use jobs::AzureJobs;
pub use options::{AzureOptions, RateLimit};
pub use tokio_util::sync::CancellationToken;
pub use vault::KeyVault;

/// Runs the README's examples as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

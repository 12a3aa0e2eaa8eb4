//! A fake Azure for certificates: Key Vault, Resource Manager, Entra ID and managed identity, for
//! the tests of clients in any language.
//!
//! One state and three transports: [`FakeCloud::transport`] in the same process,
//! [`FakeCloud::mount`] on a wiremock server beside a test's own expectations, and [`TlsServer`]
//! (the program `akv-fake`) over TLS for all other clients. It shares no wire types with any
//! client; it follows the services' published interfaces and recorded traffic.
//!
//! ```
//! use akv_testkit::{FakeCloud, Fault, Operation};
//! use akv_testkit::pki::TestPki;
//!
//! let cloud = FakeCloud::builder().vault("contoso").start();
//! let pki = TestPki::new(cloud.clock().now());
//! let leaf = pki.leaf("www.contoso.com").issue();
//! let vault = cloud.vault("contoso");
//! let version = vault.import("web", &leaf.pfx(), None).expect("a good file");
//! assert_eq!(version.thumbprint, leaf.thumbprint());
//! assert_eq!(version.certificates.len(), 3);
//! ```
//!
//! # Features
//!
//! No feature is enabled by default, so that a test compiles only the parts that it uses.
//!
//! | feature | provides | dependencies |
//! |---|---|---|
//! | `pki` | [`pki`]: CAs, leaves, files made by OpenSSL | rcgen |
//! | `conformance` | [`conformance`]: a suite for every `CertificateStore` | as `pki` |
//! | `fake` | [`FakeCloud`] with [`FakeCloud::handle`] | serde, url, tokio's clock |
//! | `azure-core` | [`FakeCloud::transport`] | `azure_core` |
//! | `wiremock` | [`FakeCloud::mount`] | wiremock |
//! | `serve` | [`TlsServer`] | hyper, rustls |
//! | `cli` | the program `akv-fake` | as `serve`, clap |
//!
//! # Compatibility
//!
//! Until 1.0 a minor version may change this interface. The fake's responses follow the service: a
//! patch version may correct them.

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]
#![cfg_attr(not(feature = "serve"), allow(dead_code, reason = "used only by a server"))]

#[cfg(feature = "fake")]
mod arm;
#[cfg(feature = "fake")]
mod budget;
#[cfg(feature = "fake")]
mod clock;
#[cfg(feature = "fake")]
mod cloud;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "fake")]
mod endpoints;
#[cfg(feature = "fake")]
mod entra;
#[cfg(feature = "fake")]
mod exchange;
#[cfg(feature = "fake")]
mod fault;
#[cfg(feature = "fake")]
mod journal;
#[cfg(feature = "fake")]
mod json_object;
#[cfg(feature = "fake")]
mod managed_identity;
#[cfg(feature = "fake")]
mod operation;
#[cfg(feature = "fake")]
mod owner_only;
#[cfg(feature = "fake")]
mod permission;
#[cfg(feature = "pki")]
pub mod pki;
#[cfg(feature = "fake")]
mod problem;
#[cfg(feature = "fake")]
mod redacted;
#[cfg(feature = "fake")]
mod serve;
#[cfg(feature = "fake")]
mod vault;
#[cfg(feature = "fake")]
mod vault_generated;
#[cfg(feature = "fake")]
mod x509;

#[cfg(feature = "fake")]
pub use self::{
    budget::Budget,
    clock::{Clock, ClockMode},
    cloud::{FakeCloud, FakeCloudBuilder, FakeVault, StoredVersion, VaultPlan},
    entra::ClientCertificateError,
    exchange::{Delivery, Request, Response},
    fault::{Calls, Challenge, Effect, Fault, HitCounter, InvalidFault, Stage},
    journal::{Entry, Journal},
    operation::Operation,
    permission::{DenyRule, Reason},
    vault::Pages,
};

#[cfg(feature = "serve")]
pub use serve::TlsServer;

#[cfg(feature = "fake")]
#[doc(hidden)]
pub use owner_only::create_for_owner;

/// Runs the README's examples as tests.
#[cfg(all(doctest, feature = "azure-core"))]
#[doc = include_str!("../README.md")]
mod readme {}

//! A fake Azure for certificates: Key Vault, Resource Manager, Entra ID and managed identity.
//!
//! One state and three ways in: [`FakeCloud::transport`] for the same process, a wiremock server for
//! tests with expectations of their own, and the program `akv-fake` over TLS for everybody else. It
//! shares no wire types with any client; what it knows comes from the services' published
//! interfaces and recorded traffic.
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

mod arm;
mod budget;
mod clock;
mod cloud;
pub mod conformance;
mod entra;
mod exchange;
mod fault;
mod hidden;
mod journal;
mod managed_identity;
mod members;
mod operation;
mod permission;
pub mod pki;
mod problem;
mod realm;
mod serve;
mod vault;

pub use budget::Budget;
pub use clock::{Clock, Pace};
pub use cloud::{FakeCloud, FakeCloudBuilder, FakeVault, StoredVersion, VaultPlan};
pub use entra::ClientCertificateError;
pub use exchange::{Delivery, Request, Response};
pub use fault::{Calls, Challenge, Effect, Fault, InvalidFault, Played, Stage};
pub use journal::{Entry, Journal};
pub use operation::Operation;
pub use permission::{Reason, Refusal};
pub use serve::tls::TlsServer;
pub use vault::Pages;

/// The page about the fake, whose examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testkit.md")]
mod page {}

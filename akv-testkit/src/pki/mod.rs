//! A public key infrastructure for tests: a root, an intermediate, leaves of every kind.

mod authority;
pub(crate) mod der;
mod fixture;
#[cfg(feature = "fake")]
mod issuer_pool;
pub(crate) mod pfx;

#[cfg(feature = "fake")]
pub(crate) use authority::pem;
pub use authority::{Key, Leaf, LeafOrder, TestPki};
pub use fixture::{Fixture, openssl_pfx};
#[cfg(feature = "fake")]
pub(crate) use issuer_pool::IssuerPool;

//! Entra ID: tokens for service principals, and the other requests of SDKs to an authority.

mod assertion;
mod principal;
mod sign_in;
mod token;

pub use principal::ClientCertificateError;
pub(crate) use principal::{ClientCertificate, Principal};
pub(crate) use sign_in::{Entra, Tenant};
pub(crate) use token::{Claims, Flaw, Mint};

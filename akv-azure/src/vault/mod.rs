//! One vault over REST: the port [`CertificateStore`](akv_core::CertificateStore).

mod chain;
mod deletion;
mod details;
mod finishing;
mod import;
mod key_vault;
mod lists;
mod requests;

pub use key_vault::KeyVault;

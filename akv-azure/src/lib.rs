//! Key Vault, Resource Manager and Entra ID over REST: the ports of `akv-core`.
//!
//! Every request goes one way: authorise, pace, send within bounds, and again where that may help;
//! what a failure means is decided in one place. Tokens go to the vault's own host and to the cloud's
//! Resource Manager and nowhere else.
//!
//! Begin with [`Azure`], of which a process needs one.

mod api;
mod auth;
mod azure;
mod classify;
mod cloud;
mod directory;
#[cfg(test)]
mod documented;
mod exchange;
mod files;
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
pub use azure_core::http::HttpClient;
pub use directory::ResourceManager;
pub use jobs::AzureJobs;
pub use options::{AzureOptions, RateLimit};
pub use tokio_util::sync::CancellationToken;
pub use vault::KeyVault;

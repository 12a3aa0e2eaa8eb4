//! The control plane over REST: the port [`VaultDirectory`](akv_core::VaultDirectory).

mod create;
mod facts;
mod resource_manager;
mod settings;

pub use resource_manager::ResourceManager;

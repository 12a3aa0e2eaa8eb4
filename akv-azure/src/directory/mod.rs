//! The control plane over REST: the port [`VaultDirectory`](akv_core::VaultDirectory).

mod create;
mod facts;
mod resource_manager;
mod vault_facts;

pub use resource_manager::ResourceManager;
pub use vault_facts::VaultFacts;

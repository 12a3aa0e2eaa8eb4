//! The fake cloud, as a test uses it.

mod builder;
mod fake_cloud;
mod saved;
mod state;
mod vault;
mod vault_plan;

pub use builder::FakeCloudBuilder;
pub use fake_cloud::FakeCloud;
pub(crate) use state::State;
pub use vault::{FakeVault, StoredVersion};
pub use vault_plan::VaultPlan;

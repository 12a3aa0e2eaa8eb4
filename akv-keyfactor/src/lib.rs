//! The adapter between Keyfactor Command and the jobs of [`akv_core`]: a job configuration as the
//! Universal Orchestrator serialises it comes in, a job result goes out. Beside it stands the
//! definition of the store type that makes Command send such jobs.
//!
//! [`run`] never fails: whatever is wrong with a configuration is a Failure that names the field
//! and what was expected there, never what was read, because any field may hold a secret.

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod adapter;
mod command_inventory;
mod config;
mod document;
mod inventory_item;
mod job_id;
mod local_secrets;
mod options;
mod pam;
mod plan;
mod problem;
mod result;
mod scan;
pub mod store_type;

pub use adapter::{failure, run, run_into};
pub use command_inventory::{CommandInventory, command_inventory};
pub use document::LARGEST_CONFIGURATION;
pub use inventory_item::{CurrentInventoryItem, InventorySink, ItemParameters, ItemStatus};
pub use job_id::JobId;
pub use local_secrets::LocalSecrets;
pub use options::Options;
pub use pam::{SecretResolver, UnresolvedSecret};
pub use plan::{PlanItem, PlanOutput};
pub use result::{JobOutput, JobResult, JobStatus};

/// The README, whose examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

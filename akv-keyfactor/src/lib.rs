//! The adapter between Keyfactor Command and the jobs of [`akv_core`]: a job configuration as the
//! Universal Orchestrator serialises it comes in, a job result goes out. Beside it stands the
//! definition of the store type that makes Command send such jobs.
//!
//! [`run`] never fails: whatever is wrong with a configuration is a Failure that names the field
//! and what was expected there, never what was read, because any field may hold a secret.
//!
//! # A first program
//!
//! ```
//! use akv_azure::{Azure, AzureJobs, AzureOptions};
//! use akv_core::SystemClock;
//! use akv_keyfactor::{JobStatus, Options};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), akv_core::Error> {
//! let jobs = AzureJobs::new(Azure::new(AzureOptions::default())?, Arc::new(SystemClock));
//! let configuration = br#"{"Capability": "CertStores.AKV.Inventory", "JobHistoryId": 42}"#;
//! let output = akv_keyfactor::run(configuration, &jobs, &Options::default()).await;
//! assert_eq!(output.job_result.result, JobStatus::Failure);
//! assert!(output.job_result.failure_message.contains("CertificateStoreDetails"));
//! # Ok(())
//! # }
//! ```
//!
//! The examples are a daemon that runs jobs (`daemon`), a store type of one's own behind the same jobs
//! (`own_store`), a PAM resolver of one's own (`pam_resolver`), and a whole orchestrator on a fake cloud
//! (`embedded`).
//!
//! # Features
//!
//! None.
//!
//! # What the versions promise
//!
//! What comes in and goes out keeps its members and their meaning: an older orchestrator's configuration
//! stays readable, and new members of a result come beside the old ones. Structs are made by constructors
//! and `with_` methods, and public enums can get new variants. Words of messages are not part of the
//! interface.

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

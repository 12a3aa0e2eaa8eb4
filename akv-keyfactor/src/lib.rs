//! The adapter between Keyfactor Command and the jobs of [`akv_core`]. It converts a job
//! configuration, as the Universal Orchestrator serializes it, into a job result. It also defines
//! the store type with which Command sends such jobs.
//!
//! [`run`] never returns an error: every problem of a configuration becomes a Failure that names
//! the field and the expected value. It never shows the actual value, because any field may contain
//! a secret.
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
//! The examples are a daemon that runs jobs (`daemon`), a custom store type behind the same jobs
//! (`own_store`), a custom PAM resolver (`pam_resolver`), and a complete orchestrator on a fake
//! cloud (`embedded`).
//!
//! # Features
//!
//! None.
//!
//! # Compatibility
//!
//! Inputs and outputs keep their members and the meaning of those: an older orchestrator's
//! configuration stays readable, and a result only gains members. Constructors and `with_` methods
//! create all structs, and public enums are non-exhaustive. The text of messages is not part of the
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

/// Runs the README's examples as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

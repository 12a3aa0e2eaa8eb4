//! Job configurations, as the Universal Orchestrator serializes them.
//!
//! Each file parses one part of the document into domain types. A required value that cannot be
//! parsed is a [`Problem`]; other values are not read.

mod alternative_names;
mod capability;
mod certificate_tags;
mod credentials;
mod discovery;
mod endpoint;
mod entry_parameters;
mod envelope;
mod inventory;
mod management;
mod reenrollment;
mod store;
mod store_properties;

pub(crate) use capability::Capability;
pub(crate) use discovery::Discovery;
pub(crate) use envelope::{check_may_start, job_history_id};
pub(crate) use inventory::{Inventory, last_inventory};
pub(crate) use management::{Management, Operation};
pub(crate) use reenrollment::{Reenrollment, Step};
pub(crate) use store::path_of;

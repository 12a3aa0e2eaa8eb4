//! Plans: the changes that a job would make. The job runs on ports that answer reads and record
//! changes.
//!
//! ```
//! use akv_core::plan::Plan;
//! let plan = Plan::new();
//! // A job whose ports are behind `plan` (see `Layer`) runs here.
//! assert!(plan.finish().changes.is_empty());
//! ```

mod describe;
mod directory;
mod record;
mod report;
mod requests;
mod store;

pub use record::Plan;
pub use report::{Planned, PlannedChange};

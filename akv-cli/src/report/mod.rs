//! Where a report takes its records from. A source reads what it has into a
//! [`ReportBuilder`](akv_core::report::ReportBuilder).

mod command;
mod inventory_file;

pub(crate) use command::command_inventory;
pub(crate) use inventory_file::{Entry, InventoryFile};

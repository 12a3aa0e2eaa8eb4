//! The sources of a report's records. A source adds its data to a
//! [`ReportBuilder`](akv_core::report::ReportBuilder).

mod command;
mod inventory_file;
mod live;

pub(crate) use command::command_inventory;
pub(crate) use inventory_file::{Entry, InventoryFile};
pub(crate) use live::{Live, live};

//! In-memory twins of the ports, with the meaning of the service and failures on demand.

mod directory;
mod lists;
mod script;
mod store;

pub use directory::{DirectoryCall, MemoryDirectory};
pub use store::{MemoryStore, StoreCall};

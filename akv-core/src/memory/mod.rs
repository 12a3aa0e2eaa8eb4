//! In-memory implementations of the ports, with the behavior of the service and failures on demand.

mod directory;
mod lists;
mod script;
mod state;
mod store;
mod store_call;

pub use directory::{DirectoryCall, MemoryDirectory};
pub use store::MemoryStore;
pub use store_call::StoreCall;

//! What a diagnosis asks beside the ports: who answers at an address, and how a vault is set up.

mod contact;
mod facts;

pub use contact::{Contact, Presented};
pub use facts::VaultFacts;

//! Faults by script: which call of which operation, before or after its effect, and what happens.

mod effect;
mod read;
mod rule;
mod script;

pub(crate) use effect::Scene;
pub use effect::{Challenge, Effect};
pub use read::InvalidFault;
pub use rule::{Calls, Fault, Stage};
pub use script::Played;
pub(crate) use script::{Call, Moment, Script};

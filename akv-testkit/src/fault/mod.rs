//! Scripted faults: the affected calls of an operation, before or after its change, and the effect.

mod effect;
mod read;
mod rule;
mod script;

pub(crate) use effect::Scene;
pub use effect::{Challenge, Effect};
pub use read::InvalidFault;
pub use rule::{Calls, Fault, Stage};
pub use script::HitCounter;
pub(crate) use script::{Call, Moment, Script};

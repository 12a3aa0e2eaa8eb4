//! The interfaces of Azure that this crate uses: their operations and their versions.

mod operation;
pub(crate) mod version;

pub(crate) use operation::{ApiOperation, Service};

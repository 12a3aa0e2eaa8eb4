//! Key Vault's data plane: one vault, its certificates, and the secrets and keys behind them.

mod answers;
mod backup;
mod body;
mod change;
mod contact;
mod create;
mod gate;
mod import;
mod issuer;
mod lifecycle;
mod material;
mod model;
mod object;
mod page;
mod policy;
mod read;
mod renewal;
mod route;
mod secret;
mod wire;

use answers::{certificate_not_found, deleted_not_found, ok, version_not_found};
pub(crate) use backup::Seal;
pub(crate) use contact::Contact;
pub(crate) use create::key_for;
pub(crate) use gate::{Gate, check_form, finish};
pub(crate) use issuer::Issuer;
use model::key_of;
pub(crate) use model::{AccessModel, Context, Objects, Purging, SoftDelete, Timing, Vault};
pub(crate) use object::{ContentType, Deleted, Live, Material, Object, Version};
pub use page::Pages;
pub(crate) use route::{Target, route};

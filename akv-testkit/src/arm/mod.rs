//! Resource Manager: subscriptions, resource groups, vaults.

mod access;
mod deleted;
mod gate;
mod graph;
mod manager;
mod page;
mod rate;
mod route;
mod subscription;
mod vault;
mod vault_request;

pub(crate) use gate::{authenticate, check_version, forbidden, throttled};
use manager::Call;
pub(crate) use manager::{Arm, DeletedVault, Group, Resources, Subscription, answer};
pub(crate) use route::route;
pub(crate) use subscription::cloud_metadata;

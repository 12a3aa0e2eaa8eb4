//! `POST /providers/Microsoft.ResourceGraph/resources`: all vaults of all subscriptions in one query.

mod asked;
mod query;
mod quota;
mod resource_query;
mod table;
mod token;

pub(super) use resource_query::{Graph, access_denied};

//! The services' JSON types and nothing else, one family of operations per file. Every field that
//! the service might omit is optional, and unknown fields are ignored.

pub(crate) mod certificate;
pub(crate) mod cloud;
pub(crate) mod entra;
pub(crate) mod graph;
pub(crate) mod import;
mod new_policy;
pub(crate) mod page;
pub(crate) mod policy;
pub(crate) mod request;
pub(crate) mod secret;
pub(crate) mod settings;
pub(crate) mod subscription;
pub(crate) mod vault;

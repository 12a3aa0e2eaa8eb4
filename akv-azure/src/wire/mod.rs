//! The shapes of the services' JSON and nothing else, one family of operations a file. Everything
//! that is read is optional where the service might leave it out, and unknown members are ignored.

pub(crate) mod certificate;
pub(crate) mod cloud;
pub(crate) mod entra;
pub(crate) mod graph;
pub(crate) mod import;
pub(crate) mod page;
pub(crate) mod policy;
pub(crate) mod request;
pub(crate) mod secret;
pub(crate) mod settings;
pub(crate) mod subscription;
pub(crate) mod vault;

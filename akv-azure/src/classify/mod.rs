//! Failure classification: the only module that turns a status, a code or a broken connection into
//! an error. It decides by status and code, never by a message, because Microsoft rewords messages;
//! only the managed identity endpoints have no codes.

mod classification;
mod connection;
mod entra;
mod key_vault;
mod managed_identity;
mod resource_manager;
mod service;
#[cfg(test)]
mod texts;
mod token_error;

pub(crate) use connection::Peer;
pub(crate) use service::{cancelled, classify};
pub(crate) use token_error::TokenError;

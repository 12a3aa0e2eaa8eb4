//! What a failure means: the one room where a status, a code or a broken connection becomes an error.
//! Everything is told apart by status and code, never by a message, which Microsoft rewords; only
//! the managed identity endpoints have nothing else.

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

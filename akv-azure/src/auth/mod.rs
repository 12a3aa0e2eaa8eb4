//! Tokens: how they are obtained, their audience and their lifetime.

mod assertion;
mod cache;
mod credential;
mod federated;
mod recording_transport;

pub(crate) use cache::{Token, TokenCache};
pub(crate) use credential::{CredentialMint, SignIn};

//! Tokens: who mints them, for whom, and how long one serves.

mod assertion;
mod cache;
mod credential;
mod federated;
mod recording_transport;

pub(crate) use cache::{Token, TokenCache};
pub(crate) use credential::{CredentialMint, SignIn};

//! Tokens: who mints them, for whom, and how long one serves.

mod assertion;
mod cache;
mod credential;
mod denied;
mod federated;
mod recorder;

pub(crate) use cache::{Token, TokenCache};
pub(crate) use credential::{CredentialMint, SignIn};

//! The jobs of a vault that generates keys.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::merge::{self, MergeRequest};
use super::outcome::Outcome;
use super::request::{self, KeyRequest};
use super::turns::Turns;
use super::{Background, cancel};
use crate::certificate::CertificateName;
use crate::certificate_requests::CertificateRequests;
use crate::clock::Clock;
use crate::job::background::AtOnce;
use crate::store::CertificateStore;

/// Has keys generated in a vault, and merges the certificates that are issued for them.
#[async_trait]
pub trait RequestJob: Send + Sync {
    /// Generates a key and returns the request for its certificate; returns the same request while
    /// it is pending.
    async fn request(&self, request: &KeyRequest) -> Outcome;

    /// Merges the issued certificate with the key of its request.
    async fn merge(&self, request: &MergeRequest) -> Outcome;

    /// Deletes a request and its key.
    async fn cancel(&self, name: &CertificateName) -> Outcome;
}

/// The [`RequestJob`] of one vault.
#[derive(Clone)]
pub struct RequestJobs {
    store: Arc<dyn CertificateStore>,
    requests: Arc<dyn CertificateRequests>,
    clock: Arc<dyn Clock>,
    turns: Turns,
    background: Arc<dyn Background>,
}

impl RequestJobs {
    /// The jobs of the vault behind both ports.
    pub fn new(
        store: Arc<dyn CertificateStore>,
        requests: Arc<dyn CertificateRequests>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let background = Arc::new(AtOnce);
        Self { store, requests, clock, turns: Turns::default(), background }
    }

    /// Changes to a name wait for other jobs that share these turns.
    #[must_use]
    pub fn with_turns(self, turns: Turns) -> Self {
        Self { turns, ..self }
    }

    /// Sets where files are opened and chains are verified, instead of on the caller's thread.
    #[must_use]
    pub fn with_background(self, background: Arc<dyn Background>) -> Self {
        Self { background, ..self }
    }
}

#[async_trait]
impl RequestJob for RequestJobs {
    async fn request(&self, request: &KeyRequest) -> Outcome {
        let _turn = self.turns.take(self.store.vault(), Some(&request.name)).await;
        let outcome = request::run(&*self.store, &*self.requests, request).await;
        outcome.unwrap_or_else(Outcome::failure)
    }

    async fn merge(&self, request: &MergeRequest) -> Outcome {
        let _turn = self.turns.take(self.store.vault(), Some(&request.name)).await;
        let (store, requests) = (&*self.store, &*self.requests);
        let now = self.clock.now();
        let outcome = merge::run(store, requests, &*self.background, now, request).await;
        outcome.unwrap_or_else(Outcome::failure)
    }

    async fn cancel(&self, name: &CertificateName) -> Outcome {
        let _turn = self.turns.take(self.store.vault(), Some(name)).await;
        let outcome = cancel::run(&*self.store, &*self.requests, name).await;
        outcome.unwrap_or_else(Outcome::failure)
    }
}

impl fmt::Debug for RequestJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestJobs").field("vault", self.store.vault()).finish_non_exhaustive()
    }
}

//! The jobs of one vault. They use only the two ports.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::add::Opened;
use super::background::AtOnce;
use super::{
    AddRequest, Background, CreateRequest, InventoryJob, InventoryOutcome, InventoryRequest,
    InventorySink, ManagementJob, Outcome, RemoveRequest, Turns, create, inventory, remove,
};
use crate::clock::Clock;
use crate::directory::VaultDirectory;
use crate::error::Result;
use crate::store::CertificateStore;
use crate::vault::TenantId;

/// The jobs of one vault.
#[derive(Clone)]
pub struct StoreJobs {
    store: Arc<dyn CertificateStore>,
    directory: Arc<dyn VaultDirectory>,
    tenant: Option<TenantId>,
    clock: Arc<dyn Clock>,
    turns: Turns,
    background: Arc<dyn Background>,
}

impl StoreJobs {
    /// The jobs of the vault behind `store`; it is created in `directory` and `tenant`.
    pub fn new(
        store: Arc<dyn CertificateStore>,
        directory: Arc<dyn VaultDirectory>,
        tenant: Option<TenantId>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let background = Arc::new(AtOnce);
        Self { store, directory, tenant, clock, turns: Turns::default(), background }
    }

    /// Changes to a name wait for other jobs that share these turns. Clones of the same jobs share
    /// their turns anyway.
    #[must_use]
    pub fn with_turns(self, turns: Turns) -> Self {
        Self { turns, ..self }
    }

    /// Sets where files are opened, instead of on the caller's thread.
    #[must_use]
    pub fn with_background(self, background: Arc<dyn Background>) -> Self {
        Self { background, ..self }
    }

    async fn opened<'a>(&self, request: &'a AddRequest) -> Result<Opened<'a>> {
        Opened::new(&*self.store, &*self.background, self.clock.now(), request).await
    }
}

impl fmt::Debug for StoreJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreJobs").field("vault", self.store.vault()).finish_non_exhaustive()
    }
}

#[async_trait]
impl InventoryJob for StoreJobs {
    async fn inventory(
        &self,
        request: &InventoryRequest,
        sink: &mut dyn InventorySink,
    ) -> InventoryOutcome {
        inventory::run(&*self.store, request, sink).await
    }
}

#[async_trait]
impl ManagementJob for StoreJobs {
    async fn add(&self, request: &AddRequest) -> Outcome {
        match self.opened(request).await {
            Ok(opened) => opened.add(&*self.store, &self.turns).await,
            Err(error) => Outcome::failure(error),
        }
    }

    async fn remove(&self, request: &RemoveRequest) -> Outcome {
        remove::run(&*self.store, &self.turns, request).await
    }

    async fn create(&self, request: &CreateRequest) -> Outcome {
        let _turn = self.turns.take(&request.id.name, None).await;
        create::run(&*self.directory, self.tenant.as_ref(), request).await
    }

    async fn create_and_add(&self, create: &CreateRequest, add: &AddRequest) -> Outcome {
        match self.opened(add).await {
            Ok(opened) => {
                let created = self.create(create).await;
                create::and_add(created, opened.add(&*self.store, &self.turns)).await
            }
            Err(error) => {
                let message = format!("nothing was created or added: {error}");
                Outcome::failure(error).with_summary(message)
            }
        }
    }
}

//! Audits the creation of a vault.

use std::sync::Arc;

use async_trait::async_trait;

use super::event::State;
use super::record::{Audit, Change, Made};
use crate::change::Action;
use crate::directory::{NewVault, Vault, VaultDirectory};
use crate::error::Result;
use crate::layer::{CreateVault, Identity};
use crate::vault::TenantId;

pub(super) struct AuditedCreation {
    pub(super) audit: Audit,
    pub(super) identity: Arc<dyn Identity>,
}

#[async_trait]
impl CreateVault for AuditedCreation {
    async fn create(
        &self,
        inner: &dyn VaultDirectory,
        tenant: &TenantId,
        vault: &NewVault,
    ) -> Result<Vault> {
        let change = Change {
            action: Action::CreateVault,
            vault: &vault.id.name,
            name: None,
            before: State::default(),
        };
        let create = inner.create(tenant, vault);
        self.audit.record(change, &*self.identity, create, |_| Made::Done(State::default())).await
    }
}

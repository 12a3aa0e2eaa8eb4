//! The initial settings of a vault of a fake cloud.

use std::collections::BTreeMap;

use serde_json::Map;
use time::OffsetDateTime;

use crate::arm::Subscription;
use crate::cloud::builder::{GROUP, LOCATION, SUBSCRIPTION};
use crate::vault::{AccessModel, Objects, Purging, SoftDelete, Vault};

/// Configures a vault of a fake cloud; see
/// [`FakeCloudBuilder::vault_with`](crate::FakeCloudBuilder::vault_with).
#[derive(Debug, Clone)]
#[must_use]
pub struct VaultPlan {
    name: String,
    subscription: Option<String>,
    group: Option<String>,
    location: Option<String>,
    access: AccessModel,
    purging: Purging,
    soft_delete: SoftDelete,
    retention_days: u16,
    sku: &'static str,
    certificates: usize,
}

impl VaultPlan {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            subscription: None,
            group: None,
            location: None,
            access: AccessModel::Rbac,
            purging: Purging::Allowed,
            soft_delete: SoftDelete::On,
            retention_days: 90,
            sku: "standard",
            certificates: 0,
        }
    }

    /// Enables purge protection.
    pub fn purge_protection(mut self) -> Self {
        self.purging = Purging::Protected;
        self
    }

    /// Uses access policies instead of RBAC: denials have the inner code `AccessDenied`.
    pub fn access_policies(mut self) -> Self {
        self.access = AccessModel::Policies;
        self
    }

    /// Disables soft delete, as in old vaults.
    pub fn without_soft_delete(mut self) -> Self {
        self.soft_delete = SoftDelete::Off;
        self
    }

    /// The retention period of soft delete, 7 to 90 days.
    pub fn retention_days(mut self, days: u16) -> Self {
        self.retention_days = days.clamp(7, 90);
        self
    }

    /// Enables HSM keys.
    pub fn premium(mut self) -> Self {
        self.sku = "premium";
        self
    }

    /// Places the vault in that subscription (one of the cloud's) and resource group (created if
    /// necessary).
    pub fn placed(mut self, subscription: &str, group: &str) -> Self {
        self.subscription = Some(subscription.to_owned());
        self.group = Some(group.to_owned());
        self
    }

    /// Places the vault in that region.
    pub fn location(mut self, location: &str) -> Self {
        self.location = Some(location.to_owned());
        self
    }

    /// Adds this many certificates.
    pub fn certificates(mut self, count: usize) -> Self {
        self.certificates = count;
        self
    }
}

impl VaultPlan {
    /// `None`: the cloud has no such subscription.
    pub(super) fn make(
        self,
        subscriptions: &mut BTreeMap<String, Subscription>,
        now: OffsetDateTime,
    ) -> Option<Vault> {
        let id = self.subscription.unwrap_or_else(|| SUBSCRIPTION.to_owned());
        let subscription = subscriptions.get_mut(&id.to_ascii_lowercase())?;
        let group = self.group.unwrap_or_else(|| GROUP.to_owned());
        let location = self.location.unwrap_or_else(|| LOCATION.to_owned());
        subscription.add_group(&group, &location);
        Some(Vault {
            name: self.name,
            tenant: subscription.tenant.clone(),
            subscription: subscription.id.clone(),
            group,
            location,
            created: now,
            registered: now,
            created_by: None,
            modified: now,
            modified_by: None,
            access: self.access,
            purging: self.purging,
            soft_delete: self.soft_delete,
            retention_days: self.retention_days,
            sku: self.sku.to_owned(),
            tags: Map::new(),
            settings: Map::new(),
            objects: Objects::default(),
        })
    }

    /// The initial number of certificates.
    pub(super) fn seeded(&self) -> usize {
        self.certificates
    }
}

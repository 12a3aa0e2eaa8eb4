//! A vault, its contents, and the dispatch of every operation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rcgen::KeyPair;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::clock::LONGEST;
use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::pki::IssuerPool;
use crate::problem;
use crate::redacted::Redacted;
use crate::vault::{
    Contact, ContentType, Deleted, Issuer, Live, Material, Object, Pages, Seal, Target, Version,
};

/// How access to a vault is controlled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AccessModel {
    Rbac,
    Policies,
}

/// Whether deleted certificates can be purged during the retention period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purging {
    Allowed,
    Protected,
}

/// Whether deleted certificates can be recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SoftDelete {
    On,
    /// Old vaults have no soft delete.
    Off,
}

/// A vault, shared by Resource Manager and the data plane.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Vault {
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) subscription: String,
    pub(crate) group: String,
    pub(crate) location: String,
    pub(crate) created: OffsetDateTime,
    /// Its name does not resolve before this time.
    pub(crate) registered: OffsetDateTime,
    /// The applications that created it and changed it last, if known.
    #[serde(default)]
    pub(crate) created_by: Option<String>,
    #[serde(default = "beginning")]
    pub(crate) modified: OffsetDateTime,
    #[serde(default)]
    pub(crate) modified_by: Option<String>,
    pub(crate) access: AccessModel,
    pub(crate) purging: Purging,
    pub(crate) soft_delete: SoftDelete,
    pub(crate) retention_days: u16,
    pub(crate) sku: String,
    pub(crate) tags: Map<String, Value>,
    /// Settings that Resource Manager stores and returns without effect.
    pub(crate) settings: Map<String, Value>,
    pub(crate) objects: Objects,
}

/// The contents of a vault by upper-cased name: names ignore case, and lists are in this order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Objects {
    pub(crate) live: BTreeMap<String, Live>,
    pub(crate) deleted: BTreeMap<String, Deleted>,
    /// Purged names that are not available yet.
    pub(crate) purging: BTreeMap<String, OffsetDateTime>,
    /// Names with an operation that completes on its own.
    #[serde(default)]
    pub(crate) making: BTreeSet<String>,
    /// Names whose policy renews them automatically.
    #[serde(default)]
    pub(crate) renewing: BTreeSet<String>,
    #[serde(default)]
    pub(crate) contacts: Vec<Contact>,
    #[serde(default)]
    pub(crate) issuers: BTreeMap<String, Issuer>,
    /// Stand-alone secrets.
    pub(crate) secrets: BTreeMap<String, Redacted>,
}

/// The durations of operations by the fake's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    pub(crate) deletion: Duration,
    pub(crate) recovery: Duration,
    pub(crate) recovery_lingers: Duration,
    pub(crate) purge: Duration,
    pub(crate) issuance: Duration,
    pub(crate) registration: Duration,
    pub(crate) graph_lag: Duration,
}

impl Timing {
    /// Limits every duration so that its end is a valid date.
    pub(crate) fn bounded(self) -> Self {
        let bounded = |time: Duration| time.min(LONGEST);
        Self {
            deletion: bounded(self.deletion),
            recovery: bounded(self.recovery),
            recovery_lingers: bounded(self.recovery_lingers),
            purge: bounded(self.purge),
            issuance: bounded(self.issuance),
            registration: bounded(self.registration),
            graph_lag: bounded(self.graph_lag),
        }
    }
}

/// The context of an operation.
pub(crate) struct Context<'a> {
    pub(crate) request: &'a Request,
    pub(crate) now: OffsetDateTime,
    pub(crate) timing: Timing,
    pub(crate) pages: Pages,
    pub(crate) seal: &'a Seal,
    /// The pre-generated key for a new certificate.
    pub(crate) key: Option<KeyPair>,
    /// The ID for a new version.
    pub(crate) fresh_id: String,
}

impl Vault {
    /// Executes an operation that has passed the gate.
    pub(crate) fn answer(
        &mut self,
        operation: Operation,
        target: &Target,
        context: &Context<'_>,
    ) -> Response {
        self.objects.let_time_pass(context.now);
        let name = target.name.as_deref().unwrap_or_default();
        let version = target.version.as_deref();
        match operation {
            Operation::ListCertificates => self.list(context),
            Operation::GetCertificate => self.certificate(name, version, context),
            Operation::ListVersions => self.versions(name, context),
            Operation::ImportCertificate => self.import(name, context),
            Operation::CreateCertificate => self.create(name, context),
            Operation::GetPending => self.pending(name, context),
            Operation::UpdatePending => self.cancel(name, context),
            Operation::DeletePending => self.forget_pending(name, context),
            Operation::MergePending => self.merge(name, context),
            Operation::UpdateCertificate => self.update(name, version, context),
            Operation::GetPolicy => self.policy(name, context),
            Operation::UpdatePolicy => self.update_policy(name, context),
            Operation::DeleteCertificate => self.delete(name, context),
            Operation::BackupCertificate => self.backup(name, context),
            Operation::RestoreCertificate => self.restore(context),
            Operation::GetContacts => self.contacts(context),
            Operation::SetContacts => self.set_contacts(context),
            Operation::DeleteContacts => self.delete_contacts(context),
            Operation::ListIssuers => self.list_issuers(context),
            Operation::GetIssuer => self.issuer(name, context),
            Operation::SetIssuer => self.set_issuer(name, context),
            Operation::UpdateIssuer => self.update_issuer(name, context),
            Operation::DeleteIssuer => self.delete_issuer(name, context),
            Operation::ListDeletedCertificates => self.list_deleted(context),
            Operation::GetDeletedCertificate => self.deleted(name, context),
            Operation::RecoverCertificate => self.recover(name, context),
            Operation::PurgeCertificate => self.purge(name, context),
            Operation::GetSecret => self.secret(name, version, context),
            Operation::SetSecret => self.set_secret(name, context),
            Operation::GetKey => self.key(name, version, context),
            _ => problem::vault(
                501,
                "NotImplemented",
                None,
                "the fake vault does not have this operation",
            ),
        }
    }

    /// Records the last change through Resource Manager.
    pub(crate) fn changed(&mut self, by: &str, at: OffsetDateTime) {
        self.modified = at;
        self.modified_by = Some(by.to_owned());
    }

    /// The service's recovery level for soft delete and purge protection.
    pub(crate) fn recovery_level(&self) -> String {
        let customized = if (7..90).contains(&self.retention_days) { "Customized" } else { "" };
        match (self.soft_delete, self.purging) {
            (SoftDelete::Off, _) => "Purgeable".to_owned(),
            (SoftDelete::On, Purging::Allowed) => format!("{customized}Recoverable+Purgeable"),
            (SoftDelete::On, Purging::Protected) => format!("{customized}Recoverable"),
        }
    }

    /// Adds this many certificates, each issued when it is first read.
    pub(crate) fn seed(
        &mut self,
        count: usize,
        issuer_pool: &Arc<IssuerPool>,
        now: OffsetDateTime,
        mut fresh_id: impl FnMut() -> String,
    ) {
        let first = self.objects.live.len() + 1;
        self.objects.live.extend((first..first + count).map(|number| {
            let name = format!("cert-{number:06}");
            let version = Version {
                id: fresh_id().into(),
                created: now,
                updated: now,
                enabled: true,
                tags: None,
                exportable: true,
                content_type: ContentType::Pkcs12,
                order_preserved: false,
                material: Material::Seeded {
                    issuer_pool: Arc::clone(issuer_pool),
                    name: name.as_str().into(),
                    made: std::sync::OnceLock::new(),
                },
            };
            let mut object = Object::new(&name);
            object.versions.push(version);
            (object.name.to_ascii_uppercase(), Live::new(object))
        }));
    }
}

impl Objects {
    /// Executes the purges, completions and renewals that are due.
    pub(crate) fn let_time_pass(&mut self, now: OffsetDateTime) {
        if !self.deleted.is_empty() {
            self.deleted.retain(|_, deleted| deleted.purge > now);
        }
        if !self.purging.is_empty() {
            self.purging.retain(|_, until| *until > now);
        }
        if !self.making.is_empty() {
            self.complete_due(now);
        }
        if !self.renewing.is_empty() {
            self.renew_due(now);
        }
    }
}

/// The epoch: for vaults that were saved before changes were recorded.
fn beginning() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH
}

pub(super) fn key_of(name: &str) -> String {
    name.to_ascii_uppercase()
}

//! A vault, what is in it, and the way of every operation.

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

/// Who decides about access to a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AccessModel {
    Rbac,
    Policies,
}

/// Whether deleted certificates can be purged before their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purging {
    Allowed,
    Protected,
}

/// Whether deleted certificates can be had back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SoftDelete {
    On,
    /// As old vaults still have it.
    Off,
}

/// A vault as Resource Manager and the data plane both know it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Vault {
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) subscription: String,
    pub(crate) group: String,
    pub(crate) location: String,
    pub(crate) created: OffsetDateTime,
    /// Until then its name does not resolve.
    pub(crate) registered: OffsetDateTime,
    /// Who made it and who changed it last: applications, where they are known.
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
    /// What Resource Manager was told and only gives back.
    pub(crate) settings: Map<String, Value>,
    pub(crate) objects: Objects,
}

/// The content of a vault, by upper-cased name: names compare without case, and lists are in this
/// order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Objects {
    pub(crate) live: BTreeMap<String, Live>,
    pub(crate) deleted: BTreeMap<String, Deleted>,
    /// Names that were purged and are not free yet.
    pub(crate) purging: BTreeMap<String, OffsetDateTime>,
    /// Names with an operation that goes on by itself when it is time.
    #[serde(default)]
    pub(crate) making: BTreeSet<String>,
    /// Names whose policy has the vault renew them.
    #[serde(default)]
    pub(crate) renewing: BTreeSet<String>,
    #[serde(default)]
    pub(crate) contacts: Vec<Contact>,
    #[serde(default)]
    pub(crate) issuers: BTreeMap<String, Issuer>,
    /// Secrets that belong to no certificate.
    pub(crate) secrets: BTreeMap<String, Redacted>,
}

/// How long things take, by the fake's clock.
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
    /// With nothing so long that there is no date for its end.
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

/// What an operation needs to know of its surroundings.
pub(crate) struct Context<'a> {
    pub(crate) request: &'a Request,
    pub(crate) now: OffsetDateTime,
    pub(crate) timing: Timing,
    pub(crate) pages: Pages,
    pub(crate) seal: &'a Seal,
    /// The key for a certificate that is to be created, where it was made beforehand.
    pub(crate) key: Option<KeyPair>,
    /// The id for a new version.
    pub(crate) fresh_id: String,
}

impl Vault {
    /// Carries out an operation that has passed the gate.
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

    /// Notes who changed it through Resource Manager.
    pub(crate) fn changed(&mut self, by: &str, at: OffsetDateTime) {
        self.modified = at;
        self.modified_by = Some(by.to_owned());
    }

    /// The service's word for what soft delete and purge protection allow here.
    pub(crate) fn recovery_level(&self) -> String {
        let customized = if (7..90).contains(&self.retention_days) { "Customized" } else { "" };
        match (self.soft_delete, self.purging) {
            (SoftDelete::Off, _) => "Purgeable".to_owned(),
            (SoftDelete::On, Purging::Allowed) => format!("{customized}Recoverable+Purgeable"),
            (SoftDelete::On, Purging::Protected) => format!("{customized}Recoverable"),
        }
    }

    /// Adds so many certificates, each signed when it is first looked at.
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
    /// Purges, completes and renews what is due.
    pub(crate) fn let_time_pass(&mut self, now: OffsetDateTime) {
        if !self.deleted.is_empty() {
            self.deleted.retain(|_, deleted| deleted.purge > now);
        }
        if !self.purging.is_empty() {
            self.purging.retain(|_, until| *until > now);
        }
        if !self.making.is_empty() {
            self.go_on_with_what_is_due(now);
        }
        if !self.renewing.is_empty() {
            self.renew_what_is_due(now);
        }
    }
}

/// Of time: for vaults that were saved before anything was noted of changes.
fn beginning() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH
}

pub(super) fn key_of(name: &str) -> String {
    name.to_ascii_uppercase()
}

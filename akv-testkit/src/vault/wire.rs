//! The JSON of certificates.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::exchange::Request;
use crate::vault::object::{Deleted, Material, Object, Version};
use crate::vault::{SoftDelete, Vault, policy};
use crate::x509::Facts;

/// The requested version of a bundle: the newest has its policy, a version by its ID does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    ForNewest,
    ByVersion,
}

/// Writes the objects of a vault for one request.
#[derive(Clone, Copy)]
pub(crate) struct Renderer<'a> {
    pub(crate) request: &'a Request,
    pub(crate) vault: &'a Vault,
}

impl Renderer<'_> {
    /// A certificate in full.
    pub(crate) fn bundle(&self, object: &Object, version: &Version, asked: Asked) -> Value {
        Value::Object(self.bundle_map(object, version, asked))
    }

    /// A soft-deleted certificate in full.
    pub(crate) fn deleted_bundle(&self, deleted: &Deleted) -> Value {
        let Some(version) = deleted.object.newest() else { return Value::Null };
        let mut map = self.bundle_map(&deleted.object, version, Asked::ForNewest);
        self.add_deletion(&mut map, deleted);
        Value::Object(map)
    }

    /// The list item of a certificate's newest version.
    pub(crate) fn item(&self, object: &Object, version: &Version) -> Value {
        Value::Object(self.item_map(&object.name, None, version))
    }

    /// The item of a version in the list of versions.
    pub(crate) fn version_item(&self, object: &Object, version: &Version) -> Value {
        Value::Object(self.item_map(&object.name, Some(&version.id), version))
    }

    /// The item in the list of deleted certificates.
    pub(crate) fn deleted_item(&self, deleted: &Deleted) -> Value {
        let Some(version) = deleted.object.newest() else { return Value::Null };
        let mut map = self.item_map(&deleted.object.name, None, version);
        let facts = Facts::of(version.material.held().leaf());
        map.insert("attributes".into(), Value::Object(self.attributes(version, facts.as_ref())));
        map.remove("subject");
        self.add_deletion(&mut map, deleted);
        Value::Object(map)
    }

    /// The policy of a certificate.
    pub(crate) fn policy(&self, object: &Object, version: &Version) -> Value {
        let facts = Facts::of(version.material.held().leaf());
        self.policy_with(object, version, facts.as_ref())
    }

    fn policy_with(&self, object: &Object, version: &Version, facts: Option<&Facts>) -> Value {
        // A pending version has a policy, but no certificate yet.
        let derived = || {
            let derived = |facts| policy::derived(facts, version.content_type, version.created);
            facts.map_or(Value::Null, derived)
        };
        let mut policy = object.policy.clone().unwrap_or_else(derived);
        if let Some(policy) = policy.as_object_mut() {
            let id = self.link("certificates", &object.name, Some("policy"));
            policy.insert("id".to_owned(), json!(id));
        }
        policy
    }

    /// The attributes of a certificate in full, or of a secret or key behind it.
    pub(crate) fn attributes(
        &self,
        version: &Version,
        facts: Option<&Facts>,
    ) -> Map<String, Value> {
        let mut attributes = short_attributes(version, facts);
        attributes.insert("recoveryLevel".to_owned(), json!(self.vault.recovery_level()));
        let version = self.request.find_query("api-version").unwrap_or_default();
        if self.vault.soft_delete == SoftDelete::On && !WITHOUT_DAYS.contains(&version) {
            attributes.insert("recoverableDays".to_owned(), json!(self.vault.retention_days));
        }
        attributes
    }

    pub(crate) fn link(&self, collection: &str, name: &str, version: Option<&str>) -> String {
        let version = version.map(|version| format!("/{version}")).unwrap_or_default();
        self.request.link(&format!("/{collection}/{name}{version}"))
    }

    fn bundle_map(&self, object: &Object, version: &Version, asked: Asked) -> Map<String, Value> {
        let held = version.material.held();
        let facts = Facts::of(held.leaf());
        let mut map = Map::new();
        let mut put = |name: &str, value: Value| map.insert(name.to_owned(), value);
        put("id", json!(self.link("certificates", &object.name, Some(&version.id))));
        put("attributes", Value::Object(self.attributes(version, facts.as_ref())));
        if let Some(tags) = &version.tags {
            put("tags", json!(tags));
        }
        if version.order_preserved {
            put("preserveCertOrder", json!(true));
        }
        if object.operation.is_some() {
            let pending = self.link("certificates", &object.name, Some("pending"));
            put("pending", json!({ "id": pending }));
        }
        let Some(facts) = facts else {
            put("policy", self.policy_with(object, version, None));
            return map;
        };
        put("kid", json!(self.link("keys", &object.name, Some(&version.id))));
        put("sid", json!(self.link("secrets", &object.name, Some(&version.id))));
        put("x5t", json!(URL_SAFE_NO_PAD.encode(held.thumbprint)));
        put("cer", json!(STANDARD.encode(held.leaf())));
        match asked {
            Asked::ForNewest => {
                put("policy", self.policy_with(object, version, Some(&facts)));
            }
            Asked::ByVersion => {
                put("subject", json!(facts.subject));
                put("issuer", json!(facts.issuer));
                put("serialnumber", json!(facts.serial));
            }
        }
        map
    }

    fn item_map(&self, name: &str, id: Option<&str>, version: &Version) -> Map<String, Value> {
        let held = version.material.held();
        let facts = Facts::of(held.leaf());
        let mut map = Map::new();
        map.insert("id".to_owned(), json!(self.link("certificates", name, id)));
        if facts.is_some() {
            map.insert("x5t".to_owned(), json!(URL_SAFE_NO_PAD.encode(held.thumbprint)));
        }
        let attributes = short_attributes(version, facts.as_ref());
        map.insert("attributes".to_owned(), Value::Object(attributes));
        if let Some(tags) = &version.tags {
            map.insert("tags".to_owned(), json!(tags));
        }
        // Undocumented, but empty in recorded traffic.
        map.insert("subject".to_owned(), json!(""));
        map
    }

    fn add_deletion(&self, map: &mut Map<String, Value>, deleted: &Deleted) {
        let id = self.link("deletedcertificates", &deleted.object.name, None);
        map.insert("recoveryId".to_owned(), json!(id));
        map.insert("deletedDate".to_owned(), json!(deleted.at.unix_timestamp()));
        map.insert("scheduledPurgeDate".to_owned(), json!(deleted.purge.unix_timestamp()));
    }
}

fn short_attributes(version: &Version, facts: Option<&Facts>) -> Map<String, Value> {
    let validity = match version.material {
        Material::Pending { not_before, not_after } => Some((not_before, not_after)),
        _ => facts.map(|facts| (facts.not_before, facts.not_after)),
    };
    let validity = validity.map(|(from, until)| {
        [("nbf", from), ("exp", until)].map(|(name, at)| (name, json!(at.unix_timestamp())))
    });
    [
        ("enabled", json!(version.enabled && !version.is_pending())),
        ("created", json!(version.created.unix_timestamp())),
        ("updated", json!(version.updated.unix_timestamp())),
    ]
    .into_iter()
    .chain(validity.into_iter().flatten())
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Versions of the interface that do not return the retention period.
const WITHOUT_DAYS: [&str; 2] = ["2016-10-01", "7.0"];

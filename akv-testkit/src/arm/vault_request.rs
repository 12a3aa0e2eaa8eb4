//! The settings of a vault in a PUT or a PATCH, checked against the service's limits.

use serde_json::{Map, Value};

use crate::exchange::{Request, Response};
use crate::json_object::JsonObject;
use crate::problem::resource_manager as error;
use crate::vault::Purging;

/// The requested settings of a vault. `None`: omitted, or the service's default.
pub(super) struct VaultRequest {
    pub(super) location: Option<String>,
    pub(super) tags: Option<Map<String, Value>>,
    pub(super) tenant: Option<String>,
    pub(super) sku: Option<Sku>,
    pub(super) rbac: Option<bool>,
    pub(super) has_policies: bool,
    purge_protection: Option<bool>,
    pub(super) retention_days: u16,
    pub(super) is_recovery: bool,
    /// Settings that are only returned.
    pub(super) settings: Map<String, Value>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Sku {
    family: String,
    name: String,
}

impl Sku {
    /// `standard` or `premium`; `None` for any other SKU.
    pub(super) fn known(&self) -> Option<&'static str> {
        let known = ["standard", "premium"].into_iter();
        known.filter(|_| self.family == "A").find(|name| name.eq_ignore_ascii_case(&self.name))
    }
}

impl VaultRequest {
    pub(super) fn read(request: &Request) -> Result<Self, Response> {
        let invalid = |message: String| error(400, "InvalidRequestContent", &message);
        let body = request.json().ok_or_else(|| invalid("The request content is not JSON.".into()));
        let mut body = JsonObject::of(body?).map_err(invalid)?;
        let wanted = Self::of(&mut body).map_err(invalid)?;
        match wanted.beyond_the_limits() {
            None => Ok(wanted),
            Some(message) => Err(error(400, "BadRequest", message)),
        }
    }

    fn of(body: &mut JsonObject) -> Result<Self, String> {
        let properties: Map<String, Value> = body.take("properties")?.unwrap_or_default();
        let kept = |name: &&str| Some(((*name).to_owned(), properties.get(*name)?.clone()));
        let settings = GIVEN_BACK.iter().filter_map(kept).collect();
        let mut properties = JsonObject::of(Value::Object(properties))?;
        let mode: Option<String> = properties.take("createMode")?;
        let policies: Option<Vec<Value>> = properties.take("accessPolicies")?;
        for flag in FLAGS {
            properties.take::<bool>(flag)?;
        }
        Ok(Self {
            location: body.take("location")?,
            tags: body.take("tags")?,
            tenant: properties.take("tenantId")?,
            sku: properties.take("sku")?,
            rbac: properties.take("enableRbacAuthorization")?,
            has_policies: policies.is_some(),
            purge_protection: properties.take("enablePurgeProtection")?,
            retention_days: properties.take("softDeleteRetentionInDays")?.unwrap_or(90),
            is_recovery: mode.is_some_and(|mode| mode.eq_ignore_ascii_case("recover")),
            settings,
        })
    }

    pub(super) fn purging(&self) -> Purging {
        if self.purge_protection == Some(true) { Purging::Protected } else { Purging::Allowed }
    }

    /// The service's error for a value outside its limits.
    fn beyond_the_limits(&self) -> Option<&'static str> {
        let access = self.settings.get("publicNetworkAccess").and_then(Value::as_str);
        let known =
            |text: &str| ["enabled", "disabled"].iter().any(|it| it.eq_ignore_ascii_case(text));
        let count = |value: Option<&Value>| value.and_then(Value::as_array).map_or(0, Vec::len);
        let rules =
            |kind: &str| count(self.settings.get("networkAcls").and_then(|it| it.get(kind)));
        if !(7..=90).contains(&self.retention_days) {
            Some("The property \"softDeleteRetentionInDays\" must be 7 to 90.")
        } else if self.purge_protection == Some(false) {
            Some("The property \"enablePurgeProtection\" cannot be set to false.")
        } else if access.is_some_and(|text| !known(text)) {
            Some("The value of publicNetworkAccess is not valid.")
        } else if count(self.settings.get("accessPolicies")) > MOST_POLICIES {
            Some("A vault has at most 1024 access policies.")
        } else if rules("ipRules") > MOST_IP_RULES {
            Some("A vault has at most 1000 IP rules.")
        } else {
            None
        }
    }
}

const GIVEN_BACK: [&str; 6] = [
    "accessPolicies",
    "networkAcls",
    "publicNetworkAccess",
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
];

const FLAGS: [&str; 4] = [
    "enableSoftDelete",
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
];

/// azure-mgmt-keyvault.
pub(super) const MOST_POLICIES: usize = 1024;
/// Key Vault service limits.
const MOST_IP_RULES: usize = 1000;

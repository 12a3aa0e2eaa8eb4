//! `/certificates/issuers`: the CAs of a vault, each with a name of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::exchange::Response;
use crate::problem;
use crate::vault::body::{Body, invalid};
use crate::vault::{Context, Objects, Vault, key_of, ok, page};

/// A CA, and the vault's account with it. The password is accepted and discarded, because nothing
/// would use it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Issuer {
    name: String,
    provider: String,
    account: Option<String>,
    organization: Option<Organization>,
    enabled: bool,
    created: OffsetDateTime,
    updated: OffsetDateTime,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Organization {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    admin_details: Option<Vec<Administrator>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Administrator {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

#[derive(Deserialize)]
struct Credentials {
    account_id: Option<String>,
    #[serde(rename = "pwd")]
    _password: Option<String>,
}

/// The members of an issuer in a request; absent ones stay unchanged.
struct IssuerUpdate {
    provider: Option<String>,
    credentials: Option<Credentials>,
    organization: Option<Organization>,
    enabled: Option<bool>,
}

impl IssuerUpdate {
    fn read(context: &Context<'_>) -> Result<Self, Response> {
        let body = Body::of(context.request)?;
        let provider = body.text("provider")?;
        if provider.is_some_and(str::is_empty) {
            return Err(invalid("provider"));
        }
        Ok(Self {
            provider: provider.map(str::to_owned),
            credentials: body.typed("credentials")?,
            organization: body.typed("org_details")?,
            enabled: body.enabled()?,
        })
    }

    fn lay_over(self, issuer: &mut Issuer, now: OffsetDateTime) {
        if let Some(provider) = self.provider {
            issuer.provider = provider;
        }
        if let Some(credentials) = self.credentials {
            let account = credentials.account_id.or(issuer.account.take());
            // An empty value removes it.
            issuer.account = account.filter(|account| !account.is_empty());
        }
        if let Some(organization) = self.organization {
            issuer.organization = Some(organization);
        }
        issuer.enabled = self.enabled.unwrap_or(issuer.enabled);
        issuer.updated = now;
    }
}

impl Vault {
    pub(super) fn list_issuers(&self, context: &Context<'_>) -> Response {
        page::answer(context.request, context.pages, &self.objects.issuers, |issuer| {
            let id = self.issuer_id(issuer, context);
            Some(json!({ "id": id, "provider": issuer.provider }))
        })
    }

    pub(super) fn issuer(&self, name: &str, context: &Context<'_>) -> Response {
        match self.objects.issuers.get(&key_of(name)) {
            Some(issuer) => ok(&self.issuer_bundle(issuer, context)),
            None => not_found(),
        }
    }

    /// Creates or replaces an issuer.
    pub(super) fn set_issuer(&mut self, name: &str, context: &Context<'_>) -> Response {
        if ISSUERS_OF_EVERY_VAULT.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return problem::bad_parameter("The name of the issuer is reserved");
        }
        let wanted = match IssuerUpdate::read(context) {
            Ok(wanted) if wanted.provider.is_some() => wanted,
            Ok(_) => return invalid("provider"),
            Err(refusal) => return refusal,
        };
        let known = self.objects.issuers.get(&key_of(name));
        let mut issuer = Issuer {
            name: known.map_or_else(|| name.to_owned(), |known| known.name.clone()),
            provider: String::new(),
            account: None,
            organization: None,
            enabled: true,
            created: known.map_or(context.now, |known| known.created),
            updated: context.now,
        };
        wanted.lay_over(&mut issuer, context.now);
        self.objects.issuers.insert(key_of(name), issuer);
        self.issuer(name, context)
    }

    pub(super) fn update_issuer(&mut self, name: &str, context: &Context<'_>) -> Response {
        let wanted = match IssuerUpdate::read(context) {
            Ok(wanted) => wanted,
            Err(refusal) => return refusal,
        };
        if let Some(issuer) = self.objects.issuers.get_mut(&key_of(name)) {
            wanted.lay_over(issuer, context.now);
        }
        self.issuer(name, context)
    }

    pub(super) fn delete_issuer(&mut self, name: &str, context: &Context<'_>) -> Response {
        let answer = self.issuer(name, context);
        self.objects.issuers.remove(&key_of(name));
        answer
    }

    fn issuer_bundle(&self, issuer: &Issuer, context: &Context<'_>) -> Value {
        let mut bundle = Map::new();
        let mut put = |name: &str, value: Value| bundle.insert(name.to_owned(), value);
        put("id", json!(self.issuer_id(issuer, context)));
        put("provider", json!(issuer.provider));
        if let Some(account) = &issuer.account {
            put("credentials", json!({ "account_id": account }));
        }
        if let Some(organization) = &issuer.organization {
            let mut organization = json!(organization);
            if let Some(organization) = organization.as_object_mut() {
                // Undocumented, but present in recorded traffic.
                organization.insert("zip".to_owned(), json!(0));
            }
            put("org_details", organization);
        }
        let attributes = json!({
            "enabled": issuer.enabled,
            "created": issuer.created.unix_timestamp(),
            "updated": issuer.updated.unix_timestamp(),
        });
        put("attributes", attributes);
        Value::Object(bundle)
    }

    fn issuer_id(&self, issuer: &Issuer, context: &Context<'_>) -> String {
        self.renderer(context).link("certificates", "issuers", Some(&issuer.name))
    }
}

impl Objects {
    /// Rejects a policy whose issuer does not exist in the vault.
    pub(super) fn check_issuer(&self, policy: &Value) -> Result<(), Response> {
        let name = policy.pointer("/issuer/name").and_then(Value::as_str);
        let is_known = |name: &str| {
            ISSUERS_OF_EVERY_VAULT.contains(&name) || self.issuers.contains_key(&key_of(name))
        };
        if name.is_none_or(is_known) {
            return Ok(());
        }
        Err(problem::bad_parameter("The issuer of the policy is not known to this vault"))
    }
}

fn not_found() -> Response {
    problem::vault(404, "CertificateIssuerNotFound", None, "Issuer not found")
}

/// The vault itself, and an unspecified external CA.
const ISSUERS_OF_EVERY_VAULT: [&str; 2] = ["Self", "Unknown"];

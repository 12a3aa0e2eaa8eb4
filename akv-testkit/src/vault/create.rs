//! Certificates that are born in the vault: created, pending, and signed by the vault itself or by
//! somebody else.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::KeyPair;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::pki::born::{self, Born};
use crate::problem;
use crate::vault::body::{Body, invalid};
use crate::vault::facts::{Facts, public_part};
use crate::vault::material;
use crate::vault::object::{ContentType, Held, Live, Material, Object, Version};
use crate::vault::route::route;
use crate::vault::wire::Renderer;
use crate::vault::{Context, Objects, Vault, key_of, ok, policy};

/// A certificate that is being made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    name: String,
    /// What was asked for; kept so that the version has it.
    policy: Value,
    version: Version,
    csr: Vec<u8>,
    request_id: String,
    status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    /// Signed by the vault itself, at that time.
    Due(OffsetDateTime),
    /// Waits to be signed by somebody else.
    Waiting,
    Completed,
    Cancelled,
}

/// The key for a certificate that a request asks to be created, if it does. It is made here, before
/// the request has the cloud to itself, so that nobody waits for it but who asked.
pub(crate) fn key_for(request: &Request) -> Option<KeyPair> {
    let is_creation = route(request).0 == Operation::CreateCertificate;
    // Who is only asking for the challenge wants no key yet.
    if !is_creation || request.find_header("authorization").is_none() {
        return None;
    }
    born::key_of(request.json()?.get("policy")?).ok()
}

impl Pending {
    fn is_open(&self) -> bool {
        matches!(self.status, Status::Due(_) | Status::Waiting)
    }
}

impl Vault {
    pub(super) fn create(&mut self, name: &str, context: &Context<'_>) -> Response {
        match self.created(name, context) {
            Ok(()) => self.accepted(name, context),
            Err(answer) => answer,
        }
    }

    fn created(&mut self, name: &str, context: &Context<'_>) -> Result<(), Response> {
        self.check_name_is_free(name, context)?;
        // One that is open already is answered as it is: its request is the old one.
        if self.objects.pending.get(&key_of(name)).is_some_and(Pending::is_open) {
            return Ok(());
        }
        let body = Body::of(context.request)?;
        let wanted = body.object("policy")?.cloned().map(Value::Object).unwrap_or_default();
        self.check_sku(&wanted)?;
        policy::check_form(&wanted)?;
        let wrong = |what: &str| invalid(&format!("policy.{what}"));
        let issuer = wanted.pointer("/issuer/name").and_then(Value::as_str);
        self.objects.check_issuer(&wanted)?;
        policy::check_to_be_made(&wanted)?;
        let status = match issuer {
            Some("Self") => Status::Due(context.now + context.timing.issuance),
            // Nobody stands behind the vault's own issuers: such a request is never signed either,
            // unless the test does it.
            Some(_) => Status::Waiting,
            None => return Err(wrong("issuer")),
        };
        let text = wanted.pointer("/secret_props/contentType").and_then(Value::as_str);
        let content_type = text.map_or(Some(ContentType::Pkcs12), ContentType::of);
        let content_type = content_type.ok_or_else(|| wrong("secret_props.contentType"))?;
        // It was made before the cloud was locked, unless there is no such key.
        let key = context.key.as_ref().ok_or_else(|| wrong("key_props"))?;
        let Born { certificate, csr, key } =
            born::bear(key, &wanted, context.now).map_err(wrong)?;
        let exportable = wanted.pointer("/key_props/exportable").and_then(Value::as_bool);
        let version = Version {
            id: context.fresh_id.clone().into(),
            created: context.now,
            updated: context.now,
            enabled: body.enabled()?.unwrap_or(true),
            tags: body.tags()?.unwrap_or_default(),
            exportable: exportable.unwrap_or(true),
            content_type,
            material: Material::Given(Arc::new(Held::new(vec![certificate], 0, key))),
        };
        let pending = Pending {
            name: name.to_owned(),
            policy: wanted,
            version,
            csr,
            request_id: context.fresh_id.clone(),
            status,
        };
        self.objects.pending.insert(key_of(name), pending);
        Ok(())
    }

    fn accepted(&mut self, name: &str, context: &Context<'_>) -> Response {
        self.objects.complete_what_is_due(context.now);
        let Some(pending) = self.objects.pending.get(&key_of(name)) else {
            return not_pending(name);
        };
        let version = context.request.find_query("api-version").unwrap_or_default();
        let link = self.renderer(context).link("certificates", &pending.name, Some("pending"));
        let id = &pending.request_id;
        Response::json(202, &self.operation(pending, context))
            .with_header("Location", format!("{link}?api-version={version}&request_id={id}"))
            .with_header("Retry-After", "10")
    }

    pub(super) fn pending(&self, name: &str, context: &Context<'_>) -> Response {
        match self.objects.pending.get(&key_of(name)) {
            Some(pending) => ok(&self.operation(pending, context)),
            None => not_pending(name),
        }
    }

    pub(super) fn cancel(&mut self, name: &str, context: &Context<'_>) -> Response {
        let wanted = match Body::of(context.request).and_then(|b| b.flag("cancellation_requested"))
        {
            Ok(wanted) => wanted == Some(true),
            Err(refusal) => return refusal,
        };
        match self.objects.pending.get_mut(&key_of(name)) {
            Some(pending) if wanted && pending.is_open() => pending.status = Status::Cancelled,
            _ => {}
        }
        self.pending(name, context)
    }

    pub(super) fn forget_pending(&mut self, name: &str, context: &Context<'_>) -> Response {
        let answer = self.pending(name, context);
        self.objects.pending.remove(&key_of(name));
        answer
    }

    /// Takes the certificate that somebody else has signed for the pending request.
    pub(super) fn merge(&mut self, name: &str, context: &Context<'_>) -> Response {
        match self.merged(name, context) {
            Ok(body) => Response::json(201, &body),
            Err(answer) => answer,
        }
    }

    fn merged(&mut self, name: &str, context: &Context<'_>) -> Result<Value, Response> {
        let key = key_of(name);
        let body = Body::of(context.request)?;
        let found = self.objects.pending.get(&key).filter(|p| p.status == Status::Waiting);
        let mut pending = found.cloned().ok_or_else(|| not_pending(name))?;
        self.check_name_is_free(name, context)?;
        let chain = certificates(&body)?;
        let version = context.request.find_query("api-version").unwrap_or_default();
        if chain.len() > 1 && TAKE_A_LEAF_ALONE.contains(&version) {
            return Err(problem::bad_parameter("Property x5c has invalid value"));
        }
        let leaf = chain.first().map(Vec::as_slice).unwrap_or_default();
        let held = pending.version.material.held();
        let unreadable = || problem::bad_parameter("Property x5c has invalid value");
        if chain.iter().any(|der| Facts::of(der).is_err()) {
            return Err(unreadable());
        }
        let facts = Facts::of(leaf).map_err(|_| unreadable())?;
        let public = public_part(&held.key, &facts.key);
        if !public.is_some_and(|public| facts.key.is(&public)) {
            return Err(problem::bad_parameter(
                "The public key of the end-entity certificate in the specified X.509 certificate \
                 content does not match the public part of the specified private key.",
            ));
        }
        let held = Held::new(chain, 0, held.key.clone());
        material::check_leaf(&facts, context.now)?;
        material::check_chain(&held, &facts)?;
        pending.version.material = Material::Given(Arc::new(held));
        if let Some(tags) = body.tags()? {
            pending.version.tags = tags;
        }
        pending.version.enabled = body.enabled()?.unwrap_or(pending.version.enabled);
        self.objects.publish(&key, pending, context.now);
        Ok(self.newest_bundle(&key, context))
    }

    fn operation(&self, pending: &Pending, context: &Context<'_>) -> Value {
        let renderer: Renderer<'_> = self.renderer(context);
        let status = match pending.status {
            Status::Due(_) | Status::Waiting => "inProgress",
            Status::Completed => "completed",
            Status::Cancelled => "cancelled",
        };
        let mut operation = json!({
            "id": renderer.link("certificates", &pending.name, Some("pending")),
            "issuer": pending.policy.get("issuer"),
            "csr": STANDARD.encode(&pending.csr),
            "cancellation_requested": pending.status == Status::Cancelled,
            "status": status,
            "request_id": pending.request_id,
        });
        if let (Status::Completed, Some(operation)) = (pending.status, operation.as_object_mut()) {
            let target = renderer.link("certificates", &pending.name, None);
            operation.insert("target".to_owned(), json!(target));
        }
        operation
    }
}

impl Objects {
    /// Lets what the vault signs itself become versions, when it is time.
    pub(super) fn complete_what_is_due(&mut self, now: OffsetDateTime) {
        let due = |pending: &Pending| matches!(pending.status, Status::Due(at) if at <= now);
        let due: Vec<(String, Pending)> = self
            .pending
            .iter()
            .filter(|(_, pending)| due(pending))
            .map(|(key, pending)| (key.clone(), pending.clone()))
            .collect();
        for (key, pending) in due {
            self.publish(&key, pending, now);
        }
    }

    fn publish(&mut self, key: &str, mut pending: Pending, now: OffsetDateTime) {
        pending.status = Status::Completed;
        pending.version.created = now;
        pending.version.updated = now;
        let facts = Facts::of(pending.version.material.held().leaf());
        let mut policy = facts.map_or(Value::Null, |facts| {
            policy::derived(&facts, pending.version.content_type, now)
        });
        policy::lay_over(&mut policy, &pending.policy);
        let live = self.live.entry(key.to_owned()).or_insert_with(|| {
            let name = pending.name.clone();
            Live::new(Object { name, versions: Vec::new(), policy: None })
        });
        live.object.versions.push(pending.version.clone());
        live.object.policy = Some(policy.clone());
        self.note_policy(key, &policy);
        self.pending.insert(key.to_owned(), pending);
    }
}

fn certificates(body: &Body) -> Result<Vec<Vec<u8>>, Response> {
    let texts: Vec<String> = body.typed("x5c")?.unwrap_or_default();
    let chain: Option<Vec<Vec<u8>>> = texts.iter().map(|text| material::decode(text)).collect();
    chain.filter(|chain| !chain.is_empty()).ok_or_else(|| invalid("x5c"))
}

fn not_pending(name: &str) -> Response {
    problem::vault(
        404,
        "PendingCertificateNotFound",
        None,
        &format!("Pending certificate not found: {name}"),
    )
}

/// Versions of the interface under which a chain cannot be merged (azure-powershell#24323 reports
/// 7.0, and that 7.4 takes it).
const TAKE_A_LEAF_ALONE: [&str; 2] = ["2016-10-01", "7.0"];

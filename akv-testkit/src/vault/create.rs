//! Certificates that the vault generates: created, pending, and signed by the vault itself or
//! elsewhere.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::KeyPair;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::problem;
use crate::redacted::Redacted;
use crate::vault::body::{Body, invalid};
use crate::vault::material;
use crate::vault::object::{ContentType, Held, Live, Material, Object, Version};
use crate::vault::route::route;
use crate::vault::wire::Renderer;
use crate::vault::{Context, Objects, Vault, key_of, ok, policy};
use crate::vault_generated::{self, Order};
use crate::x509::{Facts, public_part};

/// The operation that creates a certificate, in progress or ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Making {
    /// The ID of the version that it creates.
    version: Box<str>,
    /// PKCS#8 DER in base64.
    key: Redacted,
    csr: Vec<u8>,
    request_id: String,
    issuer: String,
    cancellation_requested: bool,
    #[serde(default)]
    order_preserved: bool,
    status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    /// The vault itself signs it at that time.
    Due(OffsetDateTime),
    /// Waits for a certificate from another CA.
    Waiting,
    /// A cancellation was requested and takes effect at that time.
    Ending(OffsetDateTime),
    Completed,
    Cancelled,
}

impl Making {
    pub(crate) fn is_in_progress(&self) -> bool {
        !matches!(self.status, Status::Completed | Status::Cancelled)
    }

    fn key(&self) -> Vec<u8> {
        STANDARD.decode(self.key.expose()).unwrap_or_default()
    }
}

/// The key for a certificate that a request creates, if it does. It is generated here, before the
/// request locks the cloud, so that no other request waits for it.
pub(crate) fn key_for(request: &Request) -> Option<KeyPair> {
    let is_creation = route(request).0 == Operation::CreateCertificate;
    // A request for the challenge needs no key yet.
    if !is_creation || request.find_header("authorization").is_none() {
        return None;
    }
    vault_generated::key_of(request.json()?.get("policy")?).ok()
}

impl Vault {
    pub(super) fn create(&mut self, name: &str, context: &Context<'_>) -> Response {
        match self.created(name, context) {
            Ok(answer) | Err(answer) => answer,
        }
    }

    fn created(&mut self, name: &str, context: &Context<'_>) -> Result<Response, Response> {
        self.check_name_is_free(name, context)?;
        self.check_nothing_is_pending(name)?;
        let body = Body::of(context.request)?;
        let preserved = body.flag("preserveCertOrder")? == Some(true);
        let wanted = body.object("policy")?.cloned().map(Value::Object).unwrap_or_default();
        policy::check_form(&wanted)?;
        policy::check_to_be_made(&wanted)?;
        let wrong = |what: &str| invalid(&format!("policy.{what}"));
        let mut policy = policy::to_be_made(&wanted, context.now);
        self.check_sku(&policy)?;
        let order = Order::read(&policy).map_err(policy::refused)?;
        self.objects.check_issuer(&policy)?;
        let issuer = policy.pointer("/issuer/name").and_then(Value::as_str);
        let issuer = issuer.ok_or_else(|| wrong("issuer"))?.to_owned();
        let status = if policy::is_own(&policy) {
            Status::Due(context.now + context.timing.issuance)
        } else {
            // The vault's issuers have no CA behind them, so such a request is never signed, unless
            // the test does it.
            Status::Waiting
        };
        let content_type = policy.pointer("/secret_props/contentType").and_then(Value::as_str);
        let content_type = content_type.and_then(ContentType::of);
        let content_type = content_type.ok_or_else(|| wrong("secret_props.contentType"))?;
        // It was generated before the cloud was locked, unless the key type is invalid.
        let key = context.key.as_ref().ok_or_else(|| wrong("key_props"))?;
        let csr = order.request(key).ok_or_else(|| wrong("key_props"))?;
        let (not_before, not_after) = order.validity(context.now);
        let exportable = policy.pointer("/key_props/exportable").and_then(Value::as_bool);
        let version = Version {
            id: context.fresh_id.clone().into(),
            created: context.now,
            updated: context.now,
            enabled: body.enabled()?.unwrap_or(true),
            tags: body.tags()?,
            exportable: exportable.unwrap_or(true),
            content_type,
            order_preserved: preserved,
            material: Material::Pending { not_before, not_after },
        };
        let making = Making {
            version: version.id.clone(),
            key: STANDARD.encode(key.serialize_der()).into(),
            csr,
            // Differs from the version's ID, so that a client cannot confuse them.
            request_id: context.fresh_id.chars().rev().collect(),
            issuer,
            cancellation_requested: false,
            order_preserved: preserved,
            status,
        };
        let key = key_of(name);
        self.objects.keep_creation(&key, &mut policy);
        self.objects.note_policy(&key, &policy);
        let live = self.objects.live.entry(key.clone());
        let object = &mut live.or_insert_with(|| Live::new(Object::new(name))).object;
        object.add(version);
        object.policy = Some(policy);
        object.operation = Some(making);
        self.objects.making.insert(key);
        Ok(self.accepted(name, context))
    }

    fn accepted(&self, name: &str, context: &Context<'_>) -> Response {
        let Some((name, making)) = self.making(name, context) else { return not_pending(name) };
        let version = context.request.find_query("api-version").unwrap_or_default();
        let link = self.renderer(context).link("certificates", name, Some("pending"));
        let id = &making.request_id;
        Response::json(202, &self.operation(name, making, context))
            .with_header("Location", format!("{link}?api-version={version}&request_id={id}"))
            .with_header("Retry-After", AGAIN_IN)
    }

    /// The operation, or only the request if the client asks for that.
    pub(super) fn pending(&self, name: &str, context: &Context<'_>) -> Response {
        let Some((name, making)) = self.making(name, context) else { return not_pending(name) };
        let accepted = context.request.find_header("accept").unwrap_or_default();
        let answer = if accepted.trim().eq_ignore_ascii_case(PKCS10) {
            Response::empty(200)
                .with_header("Content-Type", format!("{PKCS10}; charset=utf-8"))
                .with_body(STANDARD.encode(&making.csr))
        } else {
            ok(&self.operation(name, making, context))
        };
        if making.is_in_progress() { answer.with_header("Retry-After", AGAIN_IN) } else { answer }
    }

    pub(super) fn cancel(&mut self, name: &str, context: &Context<'_>) -> Response {
        let wanted = match Body::of(context.request).and_then(|b| b.flag("cancellation_requested"))
        {
            Ok(wanted) => wanted == Some(true),
            Err(refusal) => return refusal,
        };
        let Some((_, making)) = self.making(name, context) else { return not_pending(name) };
        if !making.is_in_progress() {
            let message = "Pending status must be in progress to allow update. ";
            return problem::vault(403, "Forbidden", None, message);
        }
        let end = context.now + context.timing.issuance;
        let key = key_of(name);
        let live = self.objects.live.get_mut(&key).filter(|_| wanted);
        if let Some(making) = live.and_then(|live| live.object.operation.as_mut()) {
            making.cancellation_requested = true;
            if !matches!(making.status, Status::Ending(_)) {
                making.status = Status::Ending(end);
            }
            self.objects.making.insert(key);
        }
        match self.making(name, context) {
            Some((name, making)) => ok(&self.operation(name, making, context)),
            None => not_pending(name),
        }
    }

    pub(super) fn forget_pending(&mut self, name: &str, context: &Context<'_>) -> Response {
        let Some((stored, making)) = self.making(name, context) else { return not_pending(name) };
        let answer = ok(&self.operation(stored, making, context));
        if let Some(live) = self.objects.live.get_mut(&key_of(name)) {
            live.object.operation = None;
        }
        answer
    }

    /// Merges the certificate that another CA has issued for the pending request.
    pub(super) fn merge(&mut self, name: &str, context: &Context<'_>) -> Response {
        let version = context.request.find_query("api-version").unwrap_or_default();
        let link = self.renderer(context).link("certificates", name, None);
        match self.merged(name, context) {
            Ok(body) => Response::json(201, &body)
                .with_header("Location", format!("{link}?api-version={version}")),
            Err(answer) => answer,
        }
    }

    fn merged(&mut self, name: &str, context: &Context<'_>) -> Result<Value, Response> {
        let key = key_of(name);
        let body = Body::of(context.request)?;
        let waiting = self.making(name, context).filter(|(_, it)| it.status == Status::Waiting);
        let (_, making) = waiting.ok_or_else(|| not_pending(name))?;
        self.check_name_is_free(name, context)?;
        let chain = certificates(&body)?;
        let version = context.request.find_query("api-version").unwrap_or_default();
        if chain.len() > 1 && TAKE_A_LEAF_ALONE.contains(&version) {
            return Err(invalid("x5c"));
        }
        if chain.iter().any(|der| Facts::of(der).is_none()) {
            return Err(invalid("x5c"));
        }
        let leaf = chain.first().map(Vec::as_slice).unwrap_or_default();
        let facts = Facts::of(leaf).ok_or_else(|| invalid("x5c"))?;
        let public = public_part(&making.key(), &facts.key);
        if !public.is_some_and(|public| facts.key.is(&public)) {
            return Err(problem::bad_parameter(
                "The public key of the end-entity certificate in the specified X.509 certificate \
                 content does not match the public part of the specified private key.",
            ));
        }
        let held = Held::new(chain, 0, making.key());
        material::check_leaf(&facts, context.now)?;
        let (tags, enabled) = (body.tags()?, body.enabled()?);
        if let Some(live) = self.objects.live.get_mut(&key) {
            let version = complete(&mut live.object, held, context.now);
            if let Some(version) = version {
                version.tags = tags.or(version.tags.take());
                version.enabled = enabled.unwrap_or(version.enabled);
            }
        }
        Ok(self.newest_bundle(&key, context))
    }

    /// Rejects another version of a name while one is pending.
    pub(super) fn check_nothing_is_pending(&self, name: &str) -> Result<(), Response> {
        let live = self.objects.live.get(&key_of(name));
        let making = live.and_then(|live| live.object.operation.as_ref());
        if !making.is_some_and(Making::is_in_progress) {
            return Ok(());
        }
        Err(problem::vault(
            409,
            "Conflict",
            None,
            "A new key vault certificate can not be created or imported while a pending key vault \
             certificate's status is inProgress.",
        ))
    }

    fn making(&self, name: &str, context: &Context<'_>) -> Option<(&str, &Making)> {
        let object = self.visible(name, context)?;
        Some((object.name.as_str(), object.operation.as_ref()?))
    }

    fn operation(&self, name: &str, making: &Making, context: &Context<'_>) -> Value {
        let renderer: Renderer<'_> = self.renderer(context);
        let (status, details) = match making.status {
            Status::Completed => ("completed", None),
            Status::Cancelled => ("cancelled", None),
            _ if making.issuer == "Unknown" => ("inProgress", Some(TO_BE_MERGED)),
            _ => ("inProgress", Some(IN_PROGRESS)),
        };
        let mut operation = json!({
            "id": renderer.link("certificates", name, Some("pending")),
            "issuer": { "name": making.issuer },
            "csr": STANDARD.encode(&making.csr),
            "cancellation_requested": making.cancellation_requested,
            "status": status,
            "request_id": making.request_id,
        });
        let target =
            (making.status == Status::Completed).then(|| renderer.link("certificates", name, None));
        let further = [
            ("status_details", details.map(|details| json!(details))),
            ("target", target.map(|target| json!(target))),
            ("preserveCertOrder", making.order_preserved.then_some(json!(true))),
        ];
        if let Some(operation) = operation.as_object_mut() {
            let present = further.into_iter();
            operation.extend(present.filter_map(|(name, value)| Some((name.into(), value?))));
        }
        operation
    }
}

impl Objects {
    /// Completes the versions that the vault signs itself, and the cancellations, when they are
    /// due.
    pub(super) fn complete_due(&mut self, now: OffsetDateTime) {
        let Self { live, making, .. } = self;
        making.retain(|key| live.get_mut(key).is_some_and(|live| advance(&mut live.object, now)));
    }
}

/// Whether the operation is still in progress.
fn advance(object: &mut Object, now: OffsetDateTime) -> bool {
    let Some(making) = &mut object.operation else { return false };
    match making.status {
        Status::Due(at) if at <= now => {
            let key = making.key();
            let order = object.policy.as_ref().map(Order::read);
            let (Ok(key), Some(Ok(order))) = (KeyPair::try_from(key.as_slice()), order) else {
                return false;
            };
            let Some(certificate) = order.certificate(&key, at) else { return false };
            let held = Held::new(vec![certificate], 0, key.serialize_der());
            complete(object, held, at);
            false
        }
        Status::Ending(at) if at <= now => {
            making.status = Status::Cancelled;
            false
        }
        Status::Due(_) | Status::Ending(_) => true,
        Status::Waiting | Status::Completed | Status::Cancelled => false,
    }
}

/// Stores the certificates and the key of the new version.
fn complete(object: &mut Object, held: Held, at: OffsetDateTime) -> Option<&mut Version> {
    let making = object.operation.as_mut()?;
    making.status = Status::Completed;
    let id = making.version.clone();
    let version = object.versions.iter_mut().find(|version| version.id == id)?;
    (version.created, version.updated) = (at, at);
    version.material = Material::Given(Arc::new(held));
    Some(version)
}

fn certificates(body: &Body) -> Result<Vec<Vec<u8>>, Response> {
    let texts: Vec<String> = body.typed("x5c")?.unwrap_or_default();
    let chain: Option<Vec<Vec<u8>>> = texts.iter().map(|text| certificate(text)).collect();
    chain.filter(|chain| !chain.is_empty()).ok_or_else(|| invalid("x5c"))
}

/// A certificate in base64, or base64 of base64: SDKs encode the text that a caller passes.
fn certificate(text: &str) -> Option<Vec<u8>> {
    let bytes = material::decode(text)?;
    let again = std::str::from_utf8(&bytes).ok().and_then(material::decode);
    Some(again.unwrap_or(bytes))
}

fn not_pending(name: &str) -> Response {
    problem::vault(
        404,
        "PendingCertificateNotFound",
        None,
        &format!("Pending certificate not found: {name}"),
    )
}

/// Versions of the interface that cannot merge a chain (azure-powershell#24323 reports that 7.0
/// cannot and 7.4 can).
const TAKE_A_LEAF_ALONE: [&str; 2] = ["2016-10-01", "7.0"];

/// In seconds.
const AGAIN_IN: &str = "10";

/// The media type of a request without further data.
const PKCS10: &str = "application/pkcs10";

const IN_PROGRESS: &str = "Pending certificate created. Certificate request is in progress. This may \
                           take some time based on the issuer provider. Please check again later.";
const TO_BE_MERGED: &str =
    "Pending certificate created. Please Perform Merge to complete the request.";

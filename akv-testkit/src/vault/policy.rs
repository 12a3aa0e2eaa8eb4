//! The policy of a certificate: derived from it, overridden by the import's policy.

use akv_core::bundle::Curve;
use der::asn1::ObjectIdentifier;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::exchange::Response;
use crate::problem;
use crate::vault::Objects;
use crate::vault::body::invalid;
use crate::vault::material::LONGEST_SUBJECT;
use crate::vault::object::ContentType;
use crate::vault_generated::{self, Flaw};
use crate::x509::{Facts, PublicKey};

/// The service's policy for a certificate without one: exportable, issuer `Unknown`, one lifetime
/// action at 80 %, everything else from the certificate.
pub(crate) fn derived(facts: &Facts, content_type: ContentType, at: OffsetDateTime) -> Value {
    let mut key = Map::new();
    key.insert("exportable".into(), json!(true));
    match &facts.key {
        PublicKey::Rsa { bits, .. } => {
            key.insert("kty".into(), json!("RSA"));
            key.insert("key_size".into(), json!(bits));
        }
        PublicKey::Ec { curve, .. } => {
            key.insert("kty".into(), json!("EC"));
            key.insert("key_size".into(), json!(curve.bits()));
            key.insert("crv".into(), json!(curve.as_str()));
        }
        PublicKey::Other => {}
    }
    key.insert("reuse_key".into(), json!(false));
    let mut certificate = json!({
        "subject": facts.subject,
        "ekus": facts.extended_key_usages,
        "key_usage": facts.key_usages,
        "validity_months": facts.validity_months(),
        "basic_constraints": { "ca": facts.is_authority },
    });
    let names = alternative_names(facts);
    if let Some(certificate) = certificate.as_object_mut().filter(|_| !names.is_empty()) {
        certificate.insert("sans".to_owned(), Value::Object(names));
    }
    json!({
        "key_props": key,
        "secret_props": { "contentType": content_type.as_str() },
        "x509_props": certificate,
        "lifetime_actions": usual_actions(false),
        "issuer": { "name": "Unknown" },
        "attributes": {
            "enabled": true,
            "created": at.unix_timestamp(),
            "updated": at.unix_timestamp(),
        },
    })
}

/// The service's default action at 80 % of a certificate's lifetime.
fn usual_actions(is_own: bool) -> Value {
    let action = if is_own { "AutoRenew" } else { "EmailContacts" };
    json!([{ "trigger": { "lifetime_percentage": 80 }, "action": { "action_type": action } }])
}

/// Whether the key stays in an HSM and is not exportable.
fn is_in_hsm(policy: &Value) -> bool {
    let kind = policy.pointer("/key_props/kty").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.ends_with("-HSM"))
}

/// Whether the vault itself signs certificates with this policy.
pub(crate) fn is_own(policy: &Value) -> bool {
    policy.pointer("/issuer/name").and_then(Value::as_str) == Some("Self")
}

/// The policy of a new certificate: the request over the service's defaults.
pub(crate) fn to_be_made(wanted: &Value, at: OffsetDateTime) -> Value {
    let text = |pointer: &str| wanted.pointer(pointer).and_then(Value::as_str);
    let (key, usages) = match vault_generated::kind_of_key(wanted) {
        "EC" => {
            let curve = text("/key_props/crv").unwrap_or("P-256");
            let bits = Curve::named(curve).map(Curve::bits);
            let key = json!({ "kty": "EC", "key_size": bits, "crv": curve });
            (key, json!(["digitalSignature"]))
        }
        _ => (
            json!({ "kty": "RSA", "key_size": 2048 }),
            json!(["digitalSignature", "keyEncipherment"]),
        ),
    };
    let mut policy = json!({
        "key_props": { "exportable": !is_in_hsm(wanted), "reuse_key": false },
        "secret_props": { "contentType": ContentType::Pkcs12.as_str() },
        "x509_props": {
            "subject": "",
            "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
            "key_usage": usages,
            "validity_months": 12,
            "basic_constraints": { "ca": false },
        },
        "lifetime_actions": usual_actions(is_own(wanted)),
        "attributes": {
            "enabled": true,
            "created": at.unix_timestamp(),
            "updated": at.unix_timestamp(),
        },
    });
    lay_over(&mut policy, &json!({ "key_props": key }));
    lay_over(&mut policy, &known(wanted));
    policy
}

/// Overrides members with an import's policy, except those that the certificate determines.
pub(crate) fn lay_over_import(policy: &mut Value, wanted: &Value) {
    let mut wanted = known(wanted);
    if let Some(wanted) = wanted.as_object_mut() {
        wanted.remove("x509_props");
    }
    lay_over(policy, &json!({ "key_props": { "exportable": !is_in_hsm(&wanted) } }));
    if is_own(&wanted) {
        lay_over(policy, &json!({ "lifetime_actions": usual_actions(true) }));
    }
    lay_over(policy, &wanted);
}

/// The members that the service supports and keeps.
pub(crate) fn known(policy: &Value) -> Value {
    let mut kept = json!({});
    for (pointer, form) in MEMBERS {
        let Some(value) = policy.pointer(pointer).filter(|value| !value.is_null()) else {
            continue;
        };
        let value = match form {
            // Its members follow.
            Form::Object => json!({}),
            Form::List => value.as_array().into_iter().flatten().map(known_action).collect(),
            _ => value.clone(),
        };
        put(&mut kept, pointer, value);
    }
    kept
}

fn known_action(action: &Value) -> Value {
    let mut kept = json!({});
    for (pointer, form) in ACTION_MEMBERS.iter().filter(|(pointer, _)| !pointer.is_empty()) {
        let Some(value) = action.pointer(pointer).filter(|value| !value.is_null()) else {
            continue;
        };
        put(
            &mut kept,
            pointer,
            if matches!(form, Form::Object) { json!({}) } else { value.clone() },
        );
    }
    kept
}

/// Sets a member; its parent exists.
fn put(into: &mut Value, pointer: &str, value: Value) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    if let Some(parent) = into.pointer_mut(parent).and_then(Value::as_object_mut) {
        parent.insert(name.to_owned(), value);
    }
}

/// 400 for a policy that cannot create a certificate.
pub(crate) fn refused(flaw: Flaw) -> Response {
    match flaw {
        Flaw::Member(member) => invalid(&format!("policy.{member}")),
        Flaw::Subject => problem::bad_parameter(
            "Property policy.x509_props has invalid value. Invalid X.500 distinguished name\r\n",
        ),
    }
}

/// Records when a policy was changed.
pub(crate) fn note_update(policy: &mut Value, at: OffsetDateTime) {
    lay_over(policy, &json!({ "attributes": { "updated": at.unix_timestamp() } }));
}

impl Objects {
    /// Keeps the creation time of the name's first policy.
    pub(super) fn keep_creation(&self, key: &str, policy: &mut Value) {
        let earlier = self.live.get(key).and_then(|live| live.object.policy.as_ref());
        if let Some(created) = earlier.and_then(|policy| policy.pointer("/attributes/created")) {
            lay_over(policy, &json!({ "attributes": { "created": created } }));
        }
    }
}

fn alternative_names(facts: &Facts) -> Map<String, Value> {
    let kinds = [
        ("dns_names", &facts.dns_names),
        ("emails", &facts.emails),
        ("upns", &facts.principals),
        ("uris", &facts.uris),
        ("ipAddresses", &facts.addresses),
    ];
    let present = kinds.into_iter().filter(|(_, names)| !names.is_empty());
    present.map(|(kind, names)| (kind.to_owned(), json!(names))).collect()
}

/// Overrides a policy with a request's, member by member.
pub(crate) fn lay_over(policy: &mut Value, wanted: &Value) {
    match (policy, wanted) {
        (Value::Object(policy), Value::Object(wanted)) => {
            for (name, value) in wanted.iter().filter(|(_, value)| !value.is_null()) {
                lay_over(policy.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (policy, wanted) => *policy = wanted.clone(),
    }
}

/// Rejects a policy with a member of the wrong type.
pub(crate) fn check_form(policy: &Value) -> Result<(), Response> {
    check_members(policy, "policy", &MEMBERS)?;
    let actions = policy.get("lifetime_actions").and_then(Value::as_array);
    for action in actions.into_iter().flatten() {
        check_members(action, "policy.lifetime_actions", &ACTION_MEMBERS)?;
    }
    Ok(())
}

/// Checks that a policy can create a certificate. The policy of an import is exempt, because its
/// certificate was created elsewhere.
pub(crate) fn check_to_be_made(policy: &Value) -> Result<(), Response> {
    check_members(policy, "policy", &MEMBERS_TO_BE_MADE)
}

/// The type of an optional member.
#[derive(Debug, Clone, Copy)]
enum Form {
    Object,
    List,
    Texts,
    Text,
    Flag,
    Number,
    /// A number from 1 to this one.
    UpTo(u64),
    /// A string of at most this many characters.
    Within(usize),
    /// Object identifiers in dotted decimal form.
    Oids,
}

impl Form {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Object => value.is_object(),
            Self::List => value.is_array(),
            Self::Texts => value.as_array().is_some_and(|texts| texts.iter().all(Value::is_string)),
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Number => value.is_u64(),
            Self::UpTo(most) => value.as_u64().is_some_and(|number| (1..=most).contains(&number)),
            Self::Within(most) => value.as_str().is_some_and(|text| text.chars().count() <= most),
            Self::Oids => value.as_array().is_some_and(|texts| texts.iter().all(is_oid)),
        }
    }
}

fn is_oid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| ObjectIdentifier::new(text).is_ok())
}

fn check_members(of: &Value, within: &str, members: &[(&str, Form)]) -> Result<(), Response> {
    for (pointer, form) in members {
        let value = of.pointer(pointer).filter(|value| !value.is_null());
        if value.is_some_and(|value| !form.fits(value)) {
            return Err(invalid(&format!("{within}{}", pointer.replace('/', "."))));
        }
    }
    Ok(())
}

/// The rules for the policy of an import.
pub(crate) fn check_wanted(wanted: &Value, facts: &Facts) -> Result<ContentType, Response> {
    let content_type = wanted.pointer("/secret_props/contentType").and_then(Value::as_str);
    let content_type = content_type.and_then(ContentType::of).ok_or_else(|| invalid("policy"))?;
    if let Some(key) = wanted.get("key_props").filter(|key| !key.is_null()) {
        check_key(key, &facts.key).map_err(|what| invalid(&format!("policy.key_props.{what}")))?;
    }
    Ok(content_type)
}

/// Whether the policy describes the imported key. For RSA the size is required unless it is the
/// service's default of 2048; for EC only the type.
fn check_key(wanted: &Value, actual: &PublicKey) -> Result<(), &'static str> {
    let text = |name: &str| wanted.get(name).and_then(Value::as_str);
    let size = wanted.get("key_size").filter(|size| !size.is_null());
    let size = size.map(|size| size.as_u64().and_then(|bits| u32::try_from(bits).ok()));
    let is_of_type = |kind: &str, actual: &str| kind == actual || kind == format!("{actual}-HSM");
    match actual {
        PublicKey::Rsa { bits, .. } => {
            let kind = text("kty");
            if kind.is_some_and(|kind| !is_of_type(kind, "RSA")) {
                return Err("kty");
            }
            let expected = if kind.is_some() { size.unwrap_or(Some(2048)) } else { size.flatten() };
            match expected {
                Some(expected) if expected != *bits => Err("key_size"),
                None if size.is_some() => Err("key_size"),
                _ => Ok(()),
            }
        }
        PublicKey::Ec { curve, .. } => {
            if text("kty").is_some_and(|kind| !is_of_type(kind, "EC")) {
                return Err("kty");
            }
            if size.is_some_and(|bits| bits != Some(curve.bits())) {
                return Err("key_size");
            }
            if text("crv").is_some_and(|name| name != curve.as_str()) {
                return Err("crv");
            }
            Ok(())
        }
        PublicKey::Other => Err("kty"),
    }
}

/// The members of a policy (azure-rest-api-specs), each after its parent.
const MEMBERS: [(&str, Form); 28] = [
    ("/key_props", Form::Object),
    ("/key_props/exportable", Form::Flag),
    ("/key_props/kty", Form::Text),
    ("/key_props/key_size", Form::Number),
    ("/key_props/crv", Form::Text),
    ("/key_props/reuse_key", Form::Flag),
    ("/secret_props", Form::Object),
    ("/secret_props/contentType", Form::Text),
    ("/x509_props", Form::Object),
    ("/x509_props/subject", Form::Text),
    ("/x509_props/sans", Form::Object),
    ("/x509_props/sans/dns_names", Form::Texts),
    ("/x509_props/sans/emails", Form::Texts),
    ("/x509_props/sans/upns", Form::Texts),
    ("/x509_props/sans/uris", Form::Texts),
    ("/x509_props/sans/ipAddresses", Form::Texts),
    ("/x509_props/ekus", Form::Texts),
    ("/x509_props/key_usage", Form::Texts),
    ("/x509_props/validity_months", Form::Number),
    ("/lifetime_actions", Form::List),
    ("/issuer", Form::Object),
    ("/issuer/name", Form::Text),
    ("/issuer/cty", Form::Text),
    ("/issuer/cert_transparency", Form::Flag),
    ("/attributes", Form::Object),
    ("/attributes/enabled", Form::Flag),
    ("/x509_props/basic_constraints", Form::Object),
    ("/x509_props/basic_constraints/ca", Form::Flag),
];

/// The members of a lifetime action. The percentage is documented as 1 to 99; a century of days is
/// longer than any validity.
const ACTION_MEMBERS: [(&str, Form); 6] = [
    ("", Form::Object),
    ("/trigger", Form::Object),
    ("/trigger/lifetime_percentage", Form::UpTo(99)),
    ("/trigger/days_before_expiry", Form::UpTo(36_500)),
    ("/action", Form::Object),
    ("/action/action_type", Form::Text),
];

/// The subject's limit is documented; the longest validity is not, and a century is longer than
/// any.
const MEMBERS_TO_BE_MADE: [(&str, Form); 3] = [
    ("/x509_props/subject", Form::Within(LONGEST_SUBJECT)),
    ("/x509_props/validity_months", Form::UpTo(1200)),
    ("/x509_props/ekus", Form::Oids),
];

//! The policy of a certificate: derived from it, with what the import asks for laid over.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::exchange::Response;
use crate::problem;
use crate::vault::facts::{Facts, PublicKey};
use crate::vault::object::ContentType;

/// What the service makes of a certificate that comes without a policy: exportable, issuer `Unknown`,
/// one lifetime action at 80 %, everything else from the certificate.
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
            key.insert("crv".into(), json!(curve.name()));
        }
        PublicKey::Other => {}
    }
    key.insert("reuse_key".into(), json!(false));
    json!({
        "key_props": key,
        "secret_props": { "contentType": content_type.as_str() },
        "x509_props": {
            "subject": facts.subject,
            "sans": alternative_names(facts),
            "ekus": facts.extended_key_usages,
            "key_usage": facts.key_usages,
            "validity_months": facts.validity_months(),
            "basic_constraints": { "ca": facts.is_authority },
        },
        "lifetime_actions": [{
            "trigger": { "lifetime_percentage": 80 },
            "action": { "action_type": "EmailContacts" },
        }],
        "issuer": { "name": "Unknown" },
        "attributes": {
            "enabled": true,
            "created": at.unix_timestamp(),
            "updated": at.unix_timestamp(),
        },
    })
}

fn alternative_names(facts: &Facts) -> Value {
    let kinds = [
        ("dns_names", &facts.dns_names),
        ("emails", &facts.emails),
        ("uris", &facts.uris),
        ("ipAddresses", &facts.addresses),
    ];
    let present = kinds.into_iter().filter(|(_, names)| !names.is_empty());
    Value::Object(present.map(|(kind, names)| (kind.to_owned(), json!(names))).collect())
}

/// Lays what a request says over a policy, member by member.
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

/// What a policy that comes with an import must and must not say.
pub(crate) fn check_wanted(wanted: &Value, facts: &Facts) -> Result<ContentType, Response> {
    let invalid =
        |what: &str| problem::bad_parameter(&format!("Property {what} has invalid value"));
    if !wanted.is_object() {
        return Err(invalid("policy"));
    }
    let content_type = wanted.pointer("/secret_props/contentType").and_then(Value::as_str);
    let content_type = content_type.and_then(ContentType::of).ok_or_else(|| invalid("policy"))?;
    if let Some(key) = wanted.get("key_props").filter(|key| !key.is_null()) {
        check_key(key, &facts.key).map_err(|what| invalid(&format!("policy.key_props.{what}")))?;
    }
    let issuer = wanted.pointer("/issuer/name").and_then(Value::as_str);
    if issuer.is_some_and(|issuer| !["Self", "Unknown"].contains(&issuer)) {
        return Err(problem::bad_parameter("The issuer of the policy is not known to this vault"));
    }
    Ok(content_type)
}

/// Whether the key that the policy describes is the one that came. Of RSA the size must be named
/// unless it is the service's default of 2048; of EC nothing but the type.
fn check_key(wanted: &Value, actual: &PublicKey) -> Result<(), &'static str> {
    let text = |name: &str| wanted.get(name).and_then(Value::as_str);
    let size = wanted.get("key_size").filter(|size| !size.is_null());
    let size = size.map(|size| size.as_u64().and_then(|bits| usize::try_from(bits).ok()));
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
            if text("crv").is_some_and(|name| name != curve.name()) {
                return Err("crv");
            }
            Ok(())
        }
        PublicKey::Other => Err("kty"),
    }
}

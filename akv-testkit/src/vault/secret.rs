//! The secret and the key behind a certificate, and stand-alone secrets.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::exchange::Response;
use crate::pki::{pem, pfx};
use crate::problem;
use crate::vault::body::Body;
use crate::vault::object::{ContentType, Version};
use crate::vault::{Context, Vault, key_of, ok};
use crate::x509::{Facts, PublicKey};

impl Vault {
    /// The certificate in the format of its import: the whole chain, without a password, and with
    /// the key if it is exportable.
    pub(super) fn secret(
        &self,
        name: &str,
        version: Option<&str>,
        context: &Context<'_>,
    ) -> Response {
        let renderer = self.renderer(context);
        let id = version.map_or(name.to_owned(), |version| format!("{name}/{version}"));
        let not_found = || problem::not_found("SecretNotFound", "secret", &id);
        if let Some(value) = self.objects.secrets.get(&key_of(name)) {
            let id = renderer.link("secrets", name, Some(&"0".repeat(32)));
            return ok(
                &json!({ "value": value.expose(), "id": id, "attributes": { "enabled": true } }),
            );
        }
        let found = self.visible(name, context);
        let Some((object, version)) = found.and_then(|o| Some((o, o.version(version)?))) else {
            return not_found();
        };
        if !version.enabled && !version.is_pending() {
            return problem::vault(
                403,
                "Forbidden",
                Some("SecretDisabled"),
                "Operation get is not allowed on a disabled secret.",
            );
        }
        let Some(facts) = Facts::of(version.material.held().leaf()) else { return not_found() };
        let mut secret = json!({
            "value": secret_value(version),
            "contentType": version.content_type.as_str(),
            "id": renderer.link("secrets", &object.name, Some(&version.id)),
            "managed": true,
            "attributes": renderer.attributes(version, Some(&facts)),
            "kid": renderer.link("keys", &object.name, Some(&version.id)),
        });
        if let (Some(tags), Some(secret)) = (&version.tags, secret.as_object_mut()) {
            secret.insert("tags".to_owned(), json!(tags));
        }
        ok(&secret)
    }

    pub(super) fn set_secret(&mut self, name: &str, context: &Context<'_>) -> Response {
        let key = key_of(name);
        if self.objects.live.contains_key(&key) {
            return problem::vault(
                403,
                "Forbidden",
                Some("SecretManagedByKeyVault"),
                "Operation not allowed on a secret that is managed by Key Vault.",
            );
        }
        let value =
            match Body::of(context.request).and_then(|b| Ok(b.text("value")?.map(str::to_owned))) {
                Ok(Some(value)) => value,
                Ok(None) => return problem::bad_parameter("Property value is required"),
                Err(refusal) => return refusal,
            };
        self.objects.secrets.insert(key, value.into());
        self.secret(name, None, context)
    }

    /// The public key, as a JSON web key.
    pub(super) fn key(&self, name: &str, version: Option<&str>, context: &Context<'_>) -> Response {
        let id = version.map_or(name.to_owned(), |version| format!("{name}/{version}"));
        let not_found = || problem::not_found("KeyNotFound", "key", &id);
        let found = self.visible(name, context);
        let Some((object, version)) = found.and_then(|o| Some((o, o.version(version)?))) else {
            return not_found();
        };
        let Some(facts) = Facts::of(version.material.held().leaf()) else { return not_found() };
        let renderer = self.renderer(context);
        let mut key = web_key(&facts.key);
        key.insert("kid".into(), json!(renderer.link("keys", &object.name, Some(&version.id))));
        let mut attributes = renderer.attributes(version, Some(&facts));
        attributes.insert("exportable".into(), json!(version.exportable));
        let mut bundle = json!({ "key": key, "attributes": attributes, "managed": true });
        if let (Some(tags), Some(bundle)) = (&version.tags, bundle.as_object_mut()) {
            bundle.insert("tags".to_owned(), json!(tags));
        }
        ok(&bundle)
    }
}

fn secret_value(version: &Version) -> String {
    let held = version.material.held();
    let key = version.exportable.then_some(held.key.as_slice());
    match version.content_type {
        ContentType::Pkcs12 => STANDARD.encode(pfx::write(key, &held.certificates, held.leaf)),
        ContentType::Pem => {
            let key = key.map(|key| pem("PRIVATE KEY", key)).unwrap_or_default();
            held.certificates.iter().fold(key, |text, der| text + &pem("CERTIFICATE", der))
        }
    }
}

fn web_key(key: &PublicKey) -> Map<String, Value> {
    let number = |bytes: &[u8]| json!(URL_SAFE_NO_PAD.encode(bytes));
    let members = match key {
        PublicKey::Rsa { modulus, exponent, .. } => {
            vec![("kty", json!("RSA")), ("n", number(modulus)), ("e", number(exponent))]
        }
        PublicKey::Ec { curve, point } => {
            let coordinates = point.get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            vec![
                ("kty", json!("EC")),
                ("crv", json!(curve.as_str())),
                ("x", number(x)),
                ("y", number(y)),
            ]
        }
        PublicKey::Other => Vec::new(),
    };
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

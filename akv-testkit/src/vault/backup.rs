//! Backup and restore: a certificate with all its versions in a blob that only this cloud can read.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::exchange::Response;
use crate::problem;
use crate::vault::body::Body;
use crate::vault::material;
use crate::vault::object::{Live, Object};
use crate::vault::{Context, Vault, certificate_not_found, key_of, ok};

/// The key with which a cloud encrypts its backups. It does not outlive the cloud.
pub(crate) struct Seal([u8; 32]);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        // This fails only on a broken system, and then the key is the same every time.
        let _ = rand::fill(&mut key);
        Self(key)
    }

    /// The nonce and the ciphertext. Only `subscription` can decrypt it.
    fn close(&self, subscription: &str, mut content: Vec<u8>) -> Option<Vec<u8>> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.0).ok()?;
        let nonce = key.seal_in_place_append_tag(of(subscription), &mut content).ok()?;
        Some([nonce.as_ref().as_slice(), &content].concat())
    }

    fn open(&self, subscription: &str, blob: &[u8]) -> Option<Vec<u8>> {
        let (nonce, content) = blob.split_first_chunk::<NONCE_LEN>()?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.0).ok()?;
        let mut content = content.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        Some(key.open_in_place(nonce, of(subscription), &mut content).ok()?.to_vec())
    }
}

fn of(subscription: &str) -> Aad<String> {
    Aad::from(subscription.to_ascii_lowercase())
}

impl Vault {
    pub(super) fn backup(&self, name: &str, context: &Context<'_>) -> Response {
        let Some(object) = self.visible(name, context) else { return certificate_not_found(name) };
        if object.versions.len() > MOST_VERSIONS {
            return too_large("more than 500 versions");
        }
        if object.is_pending() {
            return problem::bad_parameter("The certificate is pending and cannot be backed up");
        }
        let mut object = object.clone();
        object.versions.retain(|version| !version.is_pending());
        object.operation = None;
        // Recorded: a restored policy contains no alternative names, even if the original did.
        let policy = object.policy.as_mut().and_then(|policy| policy.get_mut("x509_props"));
        if let Some(certificate) = policy.and_then(Value::as_object_mut) {
            certificate.remove("sans");
        }
        let plain = serde_json::to_vec(&object).unwrap_or_default();
        match context.seal.close(&self.subscription, plain) {
            Some(blob) if blob.len() > LARGEST_BLOB => too_large("more than 3 MiB"),
            Some(blob) => ok(&json!({ "value": URL_SAFE_NO_PAD.encode(blob) })),
            None => problem::of_status(problem::Speaker::Vault, 500, None, None),
        }
    }

    pub(super) fn restore(&mut self, context: &Context<'_>) -> Response {
        self.restored(context).unwrap_or_else(|refusal| refusal)
    }

    fn restored(&mut self, context: &Context<'_>) -> Result<Response, Response> {
        let body = Body::of(context.request)?;
        let value = body.text("value")?;
        let value = value.ok_or_else(|| problem::bad_parameter("Property value is required"))?;
        let object: Object = material::decode(value)
            .and_then(|blob| context.seal.open(&self.subscription, &blob))
            .and_then(|plain| serde_json::from_slice(&plain).ok())
            .ok_or_else(malformed)?;
        let key = key_of(&object.name);
        self.check_name_is_free(&object.name, context)?;
        if self.objects.live.contains_key(&key) {
            let message = format!("A certificate with (name/id) {} already exists.", object.name);
            return Err(problem::vault(409, "Conflict", None, &message));
        }
        if let Some(policy) = &object.policy {
            self.objects.note_policy(&key, policy);
        }
        self.objects.live.insert(key.clone(), Live::new(object));
        Ok(ok(&self.newest_bundle(&key, context)))
    }
}

/// Code and message as in recorded traffic.
fn malformed() -> Response {
    let message = "Backup blob contains invalid or corrupt version.";
    problem::vault(400, "Malformed backup blob", None, message)
}

fn too_large(why: &str) -> Response {
    problem::bad_parameter(&format!("The certificate is too large to be backed up: {why}"))
}

/// From Key Vault's documentation of backups.
const MOST_VERSIONS: usize = 500;

/// Fits into a request; the service does not publish a limit.
const LARGEST_BLOB: usize = 3 * 1024 * 1024 - 1024;

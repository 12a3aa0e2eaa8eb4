//! A vault for direct access by a test, without a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use akv_core::Thumbprint;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::Url;

use crate::cloud::{FakeCloud, State};
use crate::endpoints::Endpoints;
use crate::exchange::{Request, Response};
use crate::operation::Operation;
use crate::pki::IssuerPool;
use crate::vault::{Context, Target, Vault};
use crate::vault_generated;

/// A vault of the fake.
///
/// These calls need no token, are subject to no fault and are not in the journal.
#[derive(Debug, Clone)]
pub struct FakeVault {
    cloud: FakeCloud,
    name: String,
}

/// A version of a certificate, for assertions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredVersion {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The thumbprint of its leaf.
    pub thumbprint: Thumbprint,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether its key is exportable.
    pub exportable: bool,
    /// `application/x-pkcs12` or `application/x-pem-file`.
    pub content_type: &'static str,
    /// All its certificates as DER, in the order of the secret.
    pub certificates: Vec<Vec<u8>>,
}

impl FakeVault {
    pub(super) fn new(cloud: FakeCloud, name: &str) -> Self {
        Self { cloud, name: name.to_ascii_lowercase() }
    }

    /// Its address in the public cloud.
    pub fn url(&self) -> String {
        Endpoints::Public.vault_uri(&self.name)
    }

    /// Whether the vault exists.
    pub fn exists(&self) -> bool {
        self.with(|_| ()).is_some()
    }

    /// Adds this many certificates, `cert-000001` and so on. They cost almost nothing until they
    /// are read: then a test CA signs them; all share one key.
    pub fn seed(&self, count: usize) {
        if count == 0 {
            return;
        }
        let now = self.cloud.clock().now();
        let mut state = self.cloud.state();
        let issuer_pool =
            state.issuer_pool.get_or_insert_with(|| Arc::new(IssuerPool::new(now))).clone();
        let mut given = state.ids_given;
        let fresh_id = || {
            given += 1;
            let mut mixer = fastrand::Rng::with_seed(given);
            format!("{:016x}{:016x}", mixer.u64(..), mixer.u64(..))
        };
        if let Some(vault) = state.vaults.get_mut(&self.name) {
            vault.seed(count, &issuer_pool, now, fresh_id);
        }
        state.ids_given = given;
    }

    /// Creates a certificate that stays pending until its request is signed. Reading it returns no
    /// certificate, and lists that include pending certificates contain it without a thumbprint.
    pub fn add_pending(&self, name: &str) -> Response {
        let policy = json!({
            "issuer": { "name": "Unknown" },
            "key_props": { "kty": "EC" },
            "x509_props": { "subject": format!("CN={name}") },
        });
        let body = json!({ "policy": policy });
        self.operate(Operation::CreateCertificate, Some(name), Some(&body))
    }

    /// Imports a PKCS#12 or PEM file by the rules of the service.
    ///
    /// # Errors
    ///
    /// The error response of the service.
    pub fn import(
        &self,
        name: &str,
        file: &[u8],
        password: Option<&str>,
    ) -> Result<StoredVersion, Response> {
        let body = json!({ "value": STANDARD.encode(file), "pwd": password });
        let answer = self.operate(Operation::ImportCertificate, Some(name), Some(&body));
        match self.versions(name).pop() {
            Some(version) if answer.status() == 200 => Ok(version),
            _ => Err(answer),
        }
    }

    /// Deletes a certificate.
    pub fn delete(&self, name: &str) -> Response {
        self.operate(Operation::DeleteCertificate, Some(name), None)
    }

    /// Sets a secret that belongs to no certificate.
    pub fn set_secret(&self, name: &str, value: &str) -> Response {
        self.operate(Operation::SetSecret, Some(name), Some(&json!({ "value": value })))
    }

    /// The names of all live certificates, in the order of lists.
    pub fn names(&self) -> Vec<String> {
        let names = |vault: &Vault| {
            vault.objects.live.values().map(|live| live.object.name.clone()).collect()
        };
        self.with(names).unwrap_or_default()
    }

    /// The names of all soft-deleted certificates, settled or not.
    pub fn deleted_names(&self) -> Vec<String> {
        let names = |vault: &Vault| {
            vault.objects.deleted.values().map(|deleted| deleted.object.name.clone()).collect()
        };
        self.with(names).unwrap_or_default()
    }

    /// The versions of a live certificate, oldest first; empty if there is no such name.
    pub fn versions(&self, name: &str) -> Vec<StoredVersion> {
        self.with(|vault| {
            let live = vault.objects.live.get(&name.to_ascii_uppercase());
            let versions = live.map(|live| live.object.versions.as_slice()).unwrap_or_default();
            versions.iter().map(StoredVersion::of).collect()
        })
        .unwrap_or_default()
    }

    /// The newest version of a live certificate.
    pub fn newest(&self, name: &str) -> Option<StoredVersion> {
        self.versions(name).pop()
    }

    /// The newest version as JSON, for values that [`StoredVersion`] does not contain.
    pub fn bundle(&self, name: &str) -> Value {
        self.operate(Operation::GetCertificate, Some(name), None).body_json()
    }

    fn operate(&self, operation: Operation, name: Option<&str>, body: Option<&Value>) -> Response {
        let Ok(url) = Url::parse(&self.url()) else { return Response::unreachable() };
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = Request::new("POST", &url).body(body);
        let target = Target { name: name.map(str::to_owned), version: None };
        let now = self.cloud.clock().now();
        let mut state = self.cloud.state();
        let fresh_id = state.fresh_id();
        let State { timing, pages, seal, vaults, .. } = &mut *state;
        let (timing, pages) = (*timing, *pages);
        let policy = request.json().unwrap_or_default().get("policy").cloned();
        let is_creation = operation == Operation::CreateCertificate;
        let key =
            policy.filter(|_| is_creation).and_then(|policy| vault_generated::key_of(&policy).ok());
        let context = Context { request: &request, now, timing, pages, seal, key, fresh_id };
        match vaults.get_mut(&self.name) {
            Some(vault) => vault.answer(operation, &target, &context),
            None => Response::unreachable(),
        }
    }

    fn with<T>(&self, look: impl FnOnce(&Vault) -> T) -> Option<T> {
        let now = self.cloud.clock().now();
        let mut state = self.cloud.state();
        let vault = state.vaults.get_mut(&self.name)?;
        vault.objects.let_time_pass(now);
        Some(look(vault))
    }
}

impl StoredVersion {
    fn of(version: &crate::vault::Version) -> Self {
        let held = version.material.held();
        Self {
            id: version.id.to_string(),
            thumbprint: Thumbprint::from_bytes(held.thumbprint),
            tags: version.tags.clone().unwrap_or_default(),
            enabled: version.enabled && !version.is_pending(),
            exportable: version.exportable,
            content_type: version.content_type.as_str(),
            certificates: held.certificates.clone(),
        }
    }
}

//! A vault as a test holds it: filled and looked into without a request.

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
/// What is done here needs no token, meets no fault and is not in the journal.
#[derive(Debug, Clone)]
pub struct FakeVault {
    cloud: FakeCloud,
    name: String,
}

/// A version of a certificate, as a test wants to see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredVersion {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Of its leaf.
    pub thumbprint: Thumbprint,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether its key may be exported.
    pub exportable: bool,
    /// `application/x-pkcs12` or `application/x-pem-file`.
    pub content_type: &'static str,
    /// All its certificates as DER, in the order in which the secret has them.
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

    /// Whether there is such a vault.
    pub fn exists(&self) -> bool {
        self.with(|_| ()).is_some()
    }

    /// Adds so many certificates `cert-000001` and on. They cost next to nothing until they are
    /// looked at: each is then signed by a test authority; all share one key.
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

    /// Begins a certificate that stays pending until somebody signs its request: reading it gives no
    /// certificate, and lists have it, without a thumbprint, where they are asked to include what is
    /// pending.
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
    /// The answer of the service, when it refuses.
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

    /// The names of all certificates in soft delete, settled or not.
    pub fn deleted_names(&self) -> Vec<String> {
        let names = |vault: &Vault| {
            vault.objects.deleted.values().map(|deleted| deleted.object.name.clone()).collect()
        };
        self.with(names).unwrap_or_default()
    }

    /// The versions of a live certificate, oldest first; none where there is no such name.
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

    /// The newest version as the wire has it, for what [`StoredVersion`] does not tell.
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

//! Keys made in the vault, their requests and merges (Key Vault data plane, `CertificateCreateParameters`,
//! `CertificateOperation`, `CertificateMergeParameters`).

use std::collections::BTreeMap;

use akv_core::bundle::{AlternativeName, CertificateRequest, KeyKind};
use akv_core::{Exportable, KeyProtection, Merge, NewRequest, PendingRequest, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::certificate::CertificateOperation;
use super::new_policy::{Enabled, KeyProperties, NewPolicy, UNKNOWN};

#[derive(Serialize)]
struct Creation<'a> {
    policy: NewPolicy<X509Properties<'a>>,
    attributes: Enabled,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct X509Properties<'a> {
    subject: String,
    #[serde(skip_serializing_if = "Names::is_empty")]
    sans: Names<'a>,
}

#[derive(Default, Serialize)]
struct Names<'a> {
    #[serde(rename = "dns_names", skip_serializing_if = "Vec::is_empty")]
    dns: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    emails: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    upns: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uris: Vec<&'a str>,
    #[serde(rename = "ipAddresses", skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// `Err`: the kind of name that a policy cannot carry.
    fn of(names: &'a [AlternativeName]) -> Result<Self, String> {
        let mut all = Self::default();
        for name in names {
            match name {
                AlternativeName::Dns(name) => all.dns.push(name),
                AlternativeName::Email(name) => all.emails.push(name),
                AlternativeName::UserPrincipalName(name) => all.upns.push(name),
                AlternativeName::Uri(name) => all.uris.push(name),
                AlternativeName::Address(name) => all.addresses.push(name),
                other => return Err(other.to_string()),
            }
        }
        Ok(all)
    }

    fn is_empty(&self) -> bool {
        let Self { dns, emails, upns, uris, addresses } = self;
        [dns, emails, upns, uris, addresses].iter().all(|names| names.is_empty())
    }
}

/// The body of a creation, or the value that it cannot carry.
pub(crate) fn creation(request: &NewRequest) -> Result<Bytes, String> {
    let wanted = &request.wanted;
    let hsm = wanted.protection == KeyProtection::Hsm;
    let (kty, key_size, crv) = match wanted.key.kind() {
        KeyKind::Rsa { bits } => (if hsm { "RSA-HSM" } else { "RSA" }, Some(*bits), None),
        KeyKind::Ec(curve) => (if hsm { "EC-HSM" } else { "EC" }, None, Some(curve.as_str())),
        other => return Err(format!("a key of type {other}")),
    };
    let exportable = wanted.exportable == Exportable::Yes;
    let key_props = KeyProperties { exportable, kty: Some(kty), key_size, crv, reuse_key: false };
    let x509_props =
        X509Properties { subject: wanted.subject.to_string(), sans: Names::of(&wanted.names)? };
    let body = Creation {
        policy: NewPolicy::new(key_props, Some(x509_props)),
        attributes: Enabled { enabled: true },
        tags: request.tags.iter().collect(),
    };
    serde_json::to_vec(&body).map(Bytes::from).map_err(|_| "what cannot be written".to_owned())
}

/// Whether older versions of the interface cannot carry one of the names.
pub(crate) fn needs_newer_version(names: &[AlternativeName]) -> bool {
    names.iter().any(|it| matches!(it, AlternativeName::Uri(_) | AlternativeName::Address(_)))
}

#[derive(Serialize)]
struct Merging<'a> {
    x5c: Vec<String>,
    attributes: Enabled,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<BTreeMap<&'a str, &'a str>>,
}

/// The body of a merge.
pub(crate) fn merging(merge: &Merge) -> serde_json::Result<Bytes> {
    let body = Merging {
        x5c: merge.certificates.iter().map(|der| STANDARD.encode(der)).collect(),
        attributes: Enabled { enabled: true },
        tags: merge.tags.as_ref().map(|tags| tags.iter().collect()),
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

/// The fields of an operation that describe a request.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    #[serde(flatten)]
    operation: CertificateOperation,
    issuer: Option<IssuerName>,
    csr: Option<String>,
    cancellation_requested: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct IssuerName {
    name: Option<String>,
}

impl Request {
    /// The pending request, or the reason why it is invalid. An operation whose cancellation was
    /// requested is still in progress, but is not a request that can be merged.
    pub(crate) fn pending(&self) -> Result<PendingRequest, &'static str> {
        let state = self.operation.state()?;
        let csr = self.csr.as_deref().and_then(|csr| text::from_base64(csr.as_bytes()));
        let csr = csr.and_then(|der| CertificateRequest::from_der(&der).ok());
        let mut pending = PendingRequest::new(state, csr);
        let issuer = self.issuer.as_ref().and_then(|issuer| issuer.name.as_deref());
        pending.awaits_merge = issuer.is_some_and(|name| name.eq_ignore_ascii_case(UNKNOWN));
        if self.cancellation_requested == Some(true) {
            // Its key may be deleted at any moment.
            pending.csr = None;
        }
        Ok(pending)
    }
}

/// The key settings of a policy.
#[derive(Debug, Deserialize)]
pub(crate) struct KeyPolicy {
    key_props: Option<Key>,
}

#[derive(Debug, Deserialize)]
struct Key {
    exportable: Option<bool>,
    kty: Option<String>,
}

impl KeyPolicy {
    /// The key's protection and whether it is exportable, if the policy states them.
    pub(crate) fn choices(self) -> (Option<KeyProtection>, Option<Exportable>) {
        let Some(key) = self.key_props else { return (None, None) };
        let protection = |kty: String| {
            if kty.ends_with("-HSM") { KeyProtection::Hsm } else { KeyProtection::Software }
        };
        let exportable = |it| if it { Exportable::Yes } else { Exportable::No };
        (key.kty.map(protection), key.exportable.map(exportable))
    }
}

//! The body of an import (Key Vault data plane 7.4, `CertificateImportParameters`).

use std::collections::BTreeMap;

use akv_core::bundle::KeyKind;
use akv_core::{Exportable, Import};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use zeroize::Zeroizing;

use super::new_policy::{Enabled, KeyProperties, NewPolicy};

#[derive(Serialize)]
struct Body<'a> {
    value: &'a str,
    policy: NewPolicy<()>,
    attributes: Enabled,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<&'a str, &'a str>,
}

/// The body. Its bytes are zeroized when the last clone is dropped.
pub(crate) fn body(import: &Import) -> serde_json::Result<Bytes> {
    let pkcs12 = import.bundle.to_pkcs12();
    // One allocation each, because a growing vector leaves its old buffer in memory without
    // zeroizing it.
    let encoded_len = base64::encoded_len(pkcs12.len(), true).unwrap_or_default();
    let mut value = Zeroizing::new(String::with_capacity(encoded_len));
    STANDARD.encode_string(&*pkcs12, &mut value);
    let body = Body {
        value: &value,
        policy: NewPolicy::new(key_properties(import), None),
        attributes: Enabled { enabled: true },
        tags: import.tags.iter().collect(),
    };
    let tags: usize = import.tags.iter().map(|(name, value)| (name.len() + value.len()) * 6).sum();
    let mut json = Zeroizing::new(Vec::with_capacity(value.len() + tags + REST));
    serde_json::to_writer(&mut *json, &body)?;
    Ok(Bytes::from_owner(json))
}

fn key_properties(import: &Import) -> KeyProperties {
    let (kty, key_size, crv) = match import.bundle.key_kind() {
        KeyKind::Rsa { bits } => (Some("RSA"), Some(bits), None),
        KeyKind::Ec(curve) => (Some("EC"), None, Some(curve.as_str())),
        // The service judges other keys.
        _ => (None, None, None),
    };
    let exportable = import.exportable == Exportable::Yes;
    KeyProperties { exportable, kty, key_size, crv, reuse_key: false }
}

/// The bytes of the JSON around the value and the tags.
const REST: usize = 1024;

//! The policy of a certificate that is imported or requested (Key Vault data plane,
//! `CertificatePolicy`).

use serde::Serialize;

use super::secret::PKCS12;

/// Sets every value that the service would otherwise take from the previous version. A name that had
/// a PEM policy rejects PKCS#12 without the content type, RSA keys of 3072 and 4096 bits need their
/// size, and a policy that renews by itself would one day replace Command's certificate.
#[derive(Serialize)]
pub(super) struct NewPolicy<X> {
    key_props: KeyProperties,
    secret_props: SecretProperties,
    #[serde(skip_serializing_if = "Option::is_none")]
    x509_props: Option<X>,
    issuer: Issuer,
    lifetime_actions: [LifetimeAction; 1],
}

impl<X> NewPolicy<X> {
    pub(super) fn new(key_props: KeyProperties, x509_props: Option<X>) -> Self {
        Self {
            key_props,
            secret_props: SecretProperties { content_type: PKCS12 },
            x509_props,
            issuer: Issuer { name: UNKNOWN },
            lifetime_actions: [LifetimeAction {
                trigger: Trigger { lifetime_percentage: 80 },
                action: Action { action_type: "EmailContacts" },
            }],
        }
    }
}

#[derive(Serialize)]
pub(super) struct KeyProperties {
    pub(super) exportable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kty: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crv: Option<&'static str>,
    /// A renewal gets a new key.
    pub(super) reuse_key: bool,
}

#[derive(Serialize)]
pub(super) struct Enabled {
    pub(super) enabled: bool,
}

#[derive(Serialize)]
struct SecretProperties {
    #[serde(rename = "contentType")]
    content_type: &'static str,
}

#[derive(Serialize)]
struct Issuer {
    name: &'static str,
}

#[derive(Serialize)]
struct LifetimeAction {
    trigger: Trigger,
    action: Action,
}

#[derive(Serialize)]
struct Trigger {
    lifetime_percentage: u8,
}

#[derive(Serialize)]
struct Action {
    action_type: &'static str,
}

/// The issuer name without a CA: the owner of the vault has the request signed elsewhere.
pub(super) const UNKNOWN: &str = "Unknown";

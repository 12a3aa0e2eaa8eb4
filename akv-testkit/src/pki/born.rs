//! Keys, requests and self-signed certificates as a policy describes them.

use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256, RsaKeySize,
};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

/// What a policy brings forth.
pub(crate) struct Born {
    /// Signed by its own key, as DER.
    pub(crate) certificate: Vec<u8>,
    /// A request for a signature by somebody else, as DER.
    pub(crate) csr: Vec<u8>,
    /// PKCS#8 DER.
    pub(crate) key: Vec<u8>,
}

/// Makes request and certificate of a key, which [`key_of`] has made. `Err` names the part of the
/// policy that is wrong.
pub(crate) fn bear(
    key: &KeyPair,
    policy: &Value,
    now: OffsetDateTime,
) -> Result<Born, &'static str> {
    let names = policy.pointer("/x509_props/sans/dns_names").and_then(Value::as_array);
    let names: Vec<String> =
        names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let subject = policy.pointer("/x509_props/subject").and_then(Value::as_str);
    if subject.is_none_or(str::is_empty) && names.is_empty() {
        return Err("x509_props");
    }
    let mut params = CertificateParams::new(names).map_err(|_| "x509_props.sans")?;
    params.distinguished_name = distinguished_name(subject.unwrap_or_default())?;
    let months = policy.pointer("/x509_props/validity_months").and_then(Value::as_i64);
    params.not_before = now - Duration::minutes(10);
    params.not_after = now + Duration::days(months.unwrap_or(12).clamp(1, 1200) * 365 / 12);
    let csr = params.serialize_request(key).map_err(|_| "x509_props")?;
    let certificate = params.self_signed(key).map_err(|_| "x509_props")?;
    Ok(Born {
        certificate: certificate.der().to_vec(),
        csr: csr.der().to_vec(),
        key: key.serialize_der(),
    })
}

/// Makes the key that a policy describes. Of a long RSA key that takes seconds.
pub(crate) fn key_of(policy: &Value) -> Result<KeyPair, &'static str> {
    let properties = policy.get("key_props").cloned().unwrap_or_default();
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    let size = properties.get("key_size").and_then(Value::as_u64);
    let kind = text("kty").unwrap_or("RSA").trim_end_matches("-HSM");
    let made = match (kind, size, text("crv")) {
        ("RSA", None | Some(2048), _) => rsa(RsaKeySize::_2048),
        ("RSA", Some(3072), _) => rsa(RsaKeySize::_3072),
        ("RSA", Some(4096), _) => rsa(RsaKeySize::_4096),
        ("EC", _, None | Some("P-256")) => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        ("EC", _, Some("P-384")) => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
        ("EC", _, Some("P-521")) => KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512),
        _ => return Err("key_props"),
    };
    made.map_err(|_| "key_props")
}

fn rsa(size: RsaKeySize) -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size)
}

/// `CN=www.contoso.com, O=Contoso`, without escapes.
fn distinguished_name(text: &str) -> Result<DistinguishedName, &'static str> {
    let mut name = DistinguishedName::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (kind, value) = part.split_once('=').ok_or("x509_props.subject")?;
        let kind = match kind.trim().to_ascii_uppercase().as_str() {
            "CN" => DnType::CommonName,
            "O" => DnType::OrganizationName,
            "OU" => DnType::OrganizationalUnitName,
            "C" => DnType::CountryName,
            "L" => DnType::LocalityName,
            "ST" | "S" => DnType::StateOrProvinceName,
            _ => return Err("x509_props.subject"),
        };
        name.push(kind, value.trim());
    }
    Ok(name)
}

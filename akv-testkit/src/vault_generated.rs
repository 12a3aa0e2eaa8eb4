//! Keys, requests and self-signed certificates from a policy.

use std::net::IpAddr;

use akv_core::Thumbprint;
use der::asn1::ObjectIdentifier;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
    PKCS_RSA_SHA256, PublicKeyData as _, RsaKeySize, SigningKey as _,
};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::pki::der::{element, explicit, octets, sequence, set};
use crate::x509::read_name;

/// The fault of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The subject is not a distinguished name.
    Subject,
    /// The member with that name is invalid.
    Member(&'static str),
}

/// A certificate that a policy describes.
pub(crate) struct Order {
    subject: Vec<u8>,
    /// As DER; a request contains them too.
    extensions: Vec<Vec<u8>>,
    months: u32,
}

impl Order {
    pub(crate) fn read(policy: &Value) -> Result<Self, Flaw> {
        let subject = policy.pointer("/x509_props/subject").and_then(Value::as_str);
        let subject = read_name(subject.unwrap_or_default()).ok_or(Flaw::Subject)?;
        let names = alternative_names(policy).ok_or(Flaw::Member("x509_props.sans"))?;
        if subject == sequence(&[]) && names.is_empty() {
            return Err(Flaw::Member("x509_props"));
        }
        let mut extensions = vec![key_usage(&texts(policy, "/x509_props/key_usage"))?];
        let usages = texts(policy, "/x509_props/ekus");
        if !usages.is_empty() {
            extensions.push(extended_key_usage(&usages)?);
        }
        // Not a CA: an empty sequence.
        extensions.push(extension(BASIC_CONSTRAINTS, &sequence(&[])));
        if !names.is_empty() {
            extensions.push(extension(ALTERNATIVE_NAMES, &sequence(&slices(&names))));
        }
        let months = policy.pointer("/x509_props/validity_months").and_then(Value::as_u64);
        let months = months.and_then(|months| u32::try_from(months).ok()).unwrap_or(12);
        Ok(Self { subject, extensions, months })
    }

    /// The validity of a certificate that is issued now.
    pub(crate) fn validity(&self, now: OffsetDateTime) -> (OffsetDateTime, OffsetDateTime) {
        (now - Duration::minutes(10), months_after(now, self.months))
    }

    /// A certificate request for another CA, as DER.
    pub(crate) fn request(&self, key: &KeyPair) -> Option<Vec<u8>> {
        let extensions = sequence(&slices(&self.extensions));
        let attribute = sequence(&[&oid(EXTENSION_REQUEST), &set(&[&extensions])]);
        let public_key = key.subject_public_key_info();
        let version = element(INTEGER, &[0]);
        let body = sequence(&[&version, &self.subject, &public_key, &explicit(&attribute)]);
        signed(key, &body)
    }

    /// A self-signed certificate, as DER.
    pub(crate) fn certificate(&self, key: &KeyPair, now: OffsetDateTime) -> Option<Vec<u8>> {
        let (from, until) = self.validity(now);
        let mut serial = fastrand::u128(..).to_be_bytes();
        // Positive, and always 16 bytes long.
        serial[0] = serial[0] & 0x7f | 0x40;
        let digest = Thumbprint::of(key.der_bytes());
        let mut extensions = self.extensions.clone();
        let issuer_key = element(0x80, digest.as_bytes());
        extensions.push(extension(AUTHORITY_KEY, &sequence(&[&issuer_key])));
        extensions.push(extension(SUBJECT_KEY, &octets(digest.as_bytes())));
        let body = sequence(&[
            &explicit(&element(INTEGER, &[2])),
            &element(INTEGER, &serial),
            algorithm(key),
            &self.subject,
            &sequence(&[&moment(from), &moment(until)]),
            &self.subject,
            &key.subject_public_key_info(),
            &element(0xa3, &sequence(&slices(&extensions))),
        ]);
        signed(key, &body)
    }
}

/// Generates the key that a policy describes. A long RSA key takes seconds.
pub(crate) fn key_of(policy: &Value) -> Result<KeyPair, &'static str> {
    let properties = policy.get("key_props").cloned().unwrap_or_default();
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    let size = properties.get("key_size").and_then(Value::as_u64);
    let made = match (kind_of_key(policy), size, text("crv")) {
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

/// `RSA` or `EC`, without regard to its protection.
pub(crate) fn kind_of_key(policy: &Value) -> &str {
    let kind = policy.pointer("/key_props/kty").and_then(Value::as_str);
    kind.unwrap_or("RSA").trim_end_matches("-HSM")
}

fn rsa(size: RsaKeySize) -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size)
}

fn signed(key: &KeyPair, body: &[u8]) -> Option<Vec<u8>> {
    let signature = key.sign(body).ok()?;
    let signature = element(BIT_STRING, &[&[0], signature.as_slice()].concat());
    Some(sequence(&[body, algorithm(key), &signature]))
}

/// The signature algorithm of a key.
fn algorithm(key: &KeyPair) -> &'static [u8] {
    if *key.algorithm() == PKCS_ECDSA_P256_SHA256 {
        ECDSA_WITH_SHA256
    } else if *key.algorithm() == PKCS_ECDSA_P384_SHA384 {
        ECDSA_WITH_SHA384
    } else if *key.algorithm() == PKCS_ECDSA_P521_SHA512 {
        ECDSA_WITH_SHA512
    } else {
        RSA_WITH_SHA256
    }
}

/// `None`: one of the names is invalid for its type.
fn alternative_names(policy: &Value) -> Option<Vec<Vec<u8>>> {
    let ascii = |tag: u8, text: &str| text.is_ascii().then(|| element(tag, text.as_bytes()));
    let mut names = Vec::new();
    for (kind, tag) in [("dns_names", 0x82), ("emails", 0x81), ("uris", 0x86)] {
        for text in texts(policy, &format!("/x509_props/sans/{kind}")) {
            names.push(ascii(tag, text)?);
        }
    }
    for text in texts(policy, "/x509_props/sans/upns") {
        let value = explicit(&element(UTF8_STRING, text.as_bytes()));
        names.push(element(0xa0, &[oid(USER_PRINCIPAL_NAME), value].concat()));
    }
    for text in texts(policy, "/x509_props/sans/ipAddresses") {
        names.push(match text.parse().ok()? {
            IpAddr::V4(address) => element(0x87, &address.octets()),
            IpAddr::V6(address) => element(0x87, &address.octets()),
        });
    }
    Some(names)
}

/// A critical extension: one or two octets of bits, the first usage in the highest bit.
fn key_usage(usages: &[&str]) -> Result<Vec<u8>, Flaw> {
    let mut bits = 0_u16;
    for usage in usages {
        let place = USAGES.iter().position(|known| known.eq_ignore_ascii_case(usage));
        bits |= 0x8000 >> place.ok_or(Flaw::Member("x509_props.key_usage"))?;
    }
    let [first, second] = bits.to_be_bytes();
    let bytes: &[u8] = if second == 0 { &[first] } else { &[first, second] };
    let unused = bytes.last().map_or(0, |byte| byte.trailing_zeros().min(7));
    let unused = u8::try_from(unused).unwrap_or_default();
    let value = element(BIT_STRING, &[&[unused], bytes].concat());
    Ok(sequence(&[&oid(KEY_USAGE), CRITICAL, &octets(&value)]))
}

fn extended_key_usage(usages: &[&str]) -> Result<Vec<u8>, Flaw> {
    let wrong = Flaw::Member("x509_props.ekus");
    let ids: Result<Vec<Vec<u8>>, Flaw> =
        usages.iter().map(|text| ObjectIdentifier::new(text).map(oid).map_err(|_| wrong)).collect();
    Ok(extension(EXTENDED_KEY_USAGE, &sequence(&slices(&ids?))))
}

fn extension(kind: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind), &octets(value)])
}

fn oid(id: ObjectIdentifier) -> Vec<u8> {
    element(0x06, id.as_bytes())
}

/// `UTCTime` until 2049, `GeneralizedTime` after (RFC 5280 4.1.2.5).
fn moment(at: OffsetDateTime) -> Vec<u8> {
    let (month, day) = (u8::from(at.month()), at.day());
    let rest = format!("{month:02}{day:02}{:02}{:02}{:02}Z", at.hour(), at.minute(), at.second());
    match at.year() {
        year @ ..2050 => element(0x17, format!("{:02}{rest}", year % 100).as_bytes()),
        year => element(0x18, format!("{year:04}{rest}").as_bytes()),
    }
}

/// The same day of a later month, or that month's last day.
fn months_after(at: OffsetDateTime, months: u32) -> OffsetDateTime {
    let month = i64::from(at.year()) * 12 + i64::from(u8::from(at.month())) - 1 + i64::from(months);
    let (year, month) = (i32::try_from(month / 12).unwrap_or(9999), month % 12 + 1);
    let month = u8::try_from(month).ok().and_then(|month| time::Month::try_from(month).ok());
    let month = month.unwrap_or(at.month());
    let day = at.day().min(month.length(year));
    let date = time::Date::from_calendar_date(year, month, day);
    date.map_or(at, |date| at.replace_date(date))
}

fn texts<'a>(policy: &'a Value, pointer: &str) -> Vec<&'a str> {
    let list = policy.pointer(pointer).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTF8_STRING: u8 = 0x0c;
const CRITICAL: &[u8] = &[0x01, 1, 0xff];

/// The bits of a key usage in their order (RFC 5280 4.2.1.3), with the service's names.
const USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const ALTERNATIVE_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const SUBJECT_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
const USER_PRINCIPAL_NAME: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");

/// 1.2.840.113549.1.1.11
const RSA_WITH_SHA256: &[u8] =
    &[0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 0x05, 0];
/// 1.2.840.10045.4.3.2
const ECDSA_WITH_SHA256: &[u8] = &[0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// 1.2.840.10045.4.3.3
const ECDSA_WITH_SHA384: &[u8] = &[0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
/// 1.2.840.10045.4.3.4
const ECDSA_WITH_SHA512: &[u8] = &[0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];

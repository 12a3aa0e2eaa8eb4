//! What a certificate says of itself, read from its DER.

use der::asn1::{ObjectIdentifier, UintRef, Utf8StringRef};
use der::{Decode, Reader, SliceReader};
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};

use crate::pki::name;

/// The facts that policies, attributes and the rules of import need.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    /// Hexadecimal.
    pub(crate) serial: String,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    pub(crate) dns_names: Vec<String>,
    pub(crate) emails: Vec<String>,
    pub(crate) principals: Vec<String>,
    pub(crate) uris: Vec<String>,
    pub(crate) addresses: Vec<String>,
    pub(crate) extended_key_usages: Vec<String>,
    pub(crate) key_usages: Vec<&'static str>,
    pub(crate) is_authority: bool,
    pub(crate) key: PublicKey,
}

/// A public key, as far as the service has words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Rsa { bits: usize, modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
    Other,
}

/// The curves that the service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
    P256K,
}

impl Curve {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::P256K => "P-256K",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        CURVES.iter().map(|(_, curve)| *curve).find(|curve| curve.name() == name)
    }

    pub(crate) const fn bits(self) -> usize {
        match self {
            Self::P256 | Self::P256K => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }
}

impl PublicKey {
    /// Whether this is the same key as the public part that a private key gave.
    pub(crate) fn is(&self, public_part: &[u8]) -> bool {
        match self {
            Self::Rsa { modulus, exponent, .. } => {
                rsa_parts(public_part).is_ok_and(|(n, e)| n == *modulus && e == *exponent)
            }
            Self::Ec { point, .. } => point == public_part,
            Self::Other => false,
        }
    }
}

impl Facts {
    /// Reads a certificate.
    pub(crate) fn of(der: &[u8]) -> der::Result<Self> {
        let certificate = Certificate::from_der(der)?;
        let body = certificate.tbs_certificate();
        let serial = body.serial_number().as_bytes();
        let validity = body.validity();
        let mut facts = Self {
            subject: name::display(body.subject()),
            issuer: name::display(body.issuer()),
            serial: serial.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}")),
            not_before: moment(validity.not_before)?,
            not_after: moment(validity.not_after)?,
            dns_names: Vec::new(),
            emails: Vec::new(),
            principals: Vec::new(),
            uris: Vec::new(),
            addresses: Vec::new(),
            extended_key_usages: Vec::new(),
            key_usages: Vec::new(),
            is_authority: false,
            key: public_key(body.subject_public_key_info())?,
        };
        if let Some((_, names)) = body.get_extension::<SubjectAltName>()? {
            facts.add_names(&names);
        }
        if let Some((_, ExtendedKeyUsage(usages))) = body.get_extension()? {
            facts.extended_key_usages = usages.iter().map(ToString::to_string).collect();
        }
        if let Some((_, usage)) = body.get_extension::<KeyUsage>()? {
            facts.key_usages = key_usages(usage);
        }
        if let Some((_, constraints)) = body.get_extension::<BasicConstraints>()? {
            facts.is_authority = constraints.ca;
        }
        Ok(facts)
    }

    /// The months between the two ends, as the service counts validity: one that has begun is one.
    pub(crate) fn validity_months(&self) -> i32 {
        let months = |at: OffsetDateTime| at.year() * 12 + i32::from(u8::from(at.month()));
        let within = |at: OffsetDateTime| (at.day(), at.time());
        let begun = within(self.not_after) > within(self.not_before);
        months(self.not_after) - months(self.not_before) + i32::from(begun)
    }

    fn add_names(&mut self, names: &SubjectAltName) {
        for name in &names.0 {
            match name {
                GeneralName::DnsName(name) => self.dns_names.push(name.to_string()),
                GeneralName::Rfc822Name(name) => self.emails.push(name.to_string()),
                GeneralName::UniformResourceIdentifier(uri) => self.uris.push(uri.to_string()),
                GeneralName::IpAddress(address) => self.addresses.extend(ip(address.as_bytes())),
                GeneralName::OtherName(name) if name.type_id == USER_PRINCIPAL_NAME => {
                    let text = name.value.decode_as::<Utf8StringRef<'_>>();
                    self.principals.extend(text.map(|text| text.to_string()));
                }
                _ => {}
            }
        }
    }
}

/// The public part of a PKCS#8 key, in the form in which a certificate's key carries it.
pub(crate) fn public_part(pkcs8: &[u8], like: &PublicKey) -> Option<Vec<u8>> {
    use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
    let curve = match like {
        PublicKey::Rsa { .. } => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
            return Some(pair.public_key().as_ref().to_vec());
        }
        PublicKey::Ec { curve, .. } => curve,
        PublicKey::Other => return None,
    };
    let algorithm = match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        Curve::P384 => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        Curve::P521 => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
        Curve::P256K => &signature::ECDSA_P256K1_SHA256_ASN1_SIGNING,
    };
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).ok()?;
    Some(pair.public_key().as_ref().to_vec())
}

fn public_key(info: &x509_cert::spki::SubjectPublicKeyInfoOwned) -> der::Result<PublicKey> {
    let bits = info.subject_public_key.raw_bytes();
    if info.algorithm.oid == RSA {
        let (modulus, exponent) = rsa_parts(bits)?;
        let unused = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        return Ok(PublicKey::Rsa { bits: modulus.len() * 8 - unused, modulus, exponent });
    }
    if info.algorithm.oid != EC {
        return Ok(PublicKey::Other);
    }
    let named = info.algorithm.parameters.as_ref().and_then(|p| {
        let oid = p.decode_as::<ObjectIdentifier>().ok()?;
        CURVES.iter().find(|(id, _)| *id == oid).map(|(_, curve)| *curve)
    });
    Ok(match named {
        Some(curve) => PublicKey::Ec { curve, point: bits.to_vec() },
        None => PublicKey::Other,
    })
}

fn rsa_parts(der: &[u8]) -> der::Result<(Vec<u8>, Vec<u8>)> {
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|parts| {
        let modulus = UintRef::decode(parts)?.as_bytes().to_vec();
        let exponent = UintRef::decode(parts)?.as_bytes().to_vec();
        Ok((modulus, exponent))
    })
}

fn moment(time: x509_cert::time::Time) -> der::Result<OffsetDateTime> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| der::ErrorKind::DateTime.into())
}

fn ip(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(sixteen).to_string())
}

fn key_usages(usage: KeyUsage) -> Vec<&'static str> {
    [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect()
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const USER_PRINCIPAL_NAME: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const CURVES: [(ObjectIdentifier, Curve); 4] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), Curve::P256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), Curve::P384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), Curve::P521),
    (ObjectIdentifier::new_unwrap("1.3.132.0.10"), Curve::P256K),
];

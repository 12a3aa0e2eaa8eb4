//! The contents of a certificate, with the service's names.

use akv_core::bundle::{AlternativeName, Curve, KeyKind, X509};
use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};
use time::OffsetDateTime;

use crate::x509::name;

/// The values for policies, attributes and the rules of imports.
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

/// A public key of a kind that the service supports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Rsa { bits: u32, modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
    Other,
}

impl PublicKey {
    /// Whether this is the same key as the public part of a private key.
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
    /// Parses a certificate. `None`: it is invalid, or its validity is.
    pub(crate) fn of(der: &[u8]) -> Option<Self> {
        let certificate = X509::from_der(der).ok()?;
        let mut facts = Self {
            subject: name::display(&certificate.subject()),
            issuer: name::display(&certificate.issuer()),
            serial: certificate.serial_number(),
            not_before: certificate.not_before()?,
            not_after: certificate.not_after()?,
            dns_names: Vec::new(),
            emails: Vec::new(),
            principals: Vec::new(),
            uris: Vec::new(),
            addresses: Vec::new(),
            extended_key_usages: certificate.extended_key_usages().unwrap_or_default(),
            key_usages: certificate.key_usages().unwrap_or_default(),
            is_authority: certificate.is_ca(),
            key: public_key(&certificate),
        };
        for name in certificate.alternative_names() {
            match name {
                AlternativeName::Dns(name) => facts.dns_names.push(name),
                AlternativeName::Email(name) => facts.emails.push(name),
                AlternativeName::Uri(uri) => facts.uris.push(uri),
                AlternativeName::Address(address) => facts.addresses.push(address),
                AlternativeName::UserPrincipalName(name) => facts.principals.push(name),
                _ => {}
            }
        }
        Some(facts)
    }

    /// The validity in months, as the service counts it: a started month counts.
    pub(crate) fn validity_months(&self) -> i32 {
        let months = |at: OffsetDateTime| at.year() * 12 + i32::from(u8::from(at.month()));
        let within = |at: OffsetDateTime| (at.day(), at.time());
        let begun = within(self.not_after) > within(self.not_before);
        months(self.not_after) - months(self.not_before) + i32::from(begun)
    }
}

/// The public part of a PKCS#8 key, in the encoding of a certificate's key.
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
        _ => return None,
    };
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).ok()?;
    Some(pair.public_key().as_ref().to_vec())
}

fn public_key(certificate: &X509) -> PublicKey {
    let bits = certificate.key_bits();
    match certificate.key_kind() {
        KeyKind::Rsa { bits: length } => match rsa_parts(bits) {
            Ok((modulus, exponent)) => PublicKey::Rsa { bits: length, modulus, exponent },
            Err(_) => PublicKey::Other,
        },
        KeyKind::Ec(curve) => PublicKey::Ec { curve, point: bits.to_vec() },
        _ => PublicKey::Other,
    }
}

fn rsa_parts(der: &[u8]) -> der::Result<(Vec<u8>, Vec<u8>)> {
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|parts| {
        let modulus = UintRef::decode(parts)?.as_bytes().to_vec();
        let exponent = UintRef::decode(parts)?.as_bytes().to_vec();
        Ok((modulus, exponent))
    })
}

//! Detects a DER structure by its outermost elements, because labels and file names are often
//! wrong.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, Tagged};

/// The structures in bundles, and those that are confused with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `PrivateKeyInfo`.
    Pkcs8,
    /// `EncryptedPrivateKeyInfo`.
    EncryptedPkcs8,
    /// `RSAPrivateKey`.
    Pkcs1,
    /// `ECPrivateKey`.
    Sec1,
    /// OpenSSL's own format of a DSA key.
    Dsa,
    Certificate,
    CertificateRequest,
    Pkcs12,
    /// `ContentInfo` of type signed data: certificates without a key.
    Pkcs7,
}

impl Shape {
    /// `None` if it is none of them. BER must be converted to DER first.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let outer = elements(sequence(AnyRef::from_der(der).ok()?)?)?;
        match outer.as_slice() {
            [
                Element(Tag::Integer, _),
                Element(Tag::Sequence, _),
                Element(Tag::OctetString, _),
                ..,
            ] => Some(Self::Pkcs8),
            [Element(Tag::Integer, [3]), Element(Tag::Sequence, content), ..] => {
                content_type(content).map(|_| Self::Pkcs12)
            }
            [Element(Tag::Integer, _), Element(Tag::OctetString, _), ..] => Some(Self::Sec1),
            integers if integers.iter().take(6).all(|one| one.0 == Tag::Integer) => {
                match integers.len() {
                    6 => Some(Self::Dsa),
                    9.. => Some(Self::Pkcs1),
                    _ => None,
                }
            }
            [Element(Tag::Sequence, _), Element(Tag::OctetString, _)] => Some(Self::EncryptedPkcs8),
            [Element(Tag::ObjectIdentifier, oid), ..] => {
                let oid = ObjectIdentifier::from_bytes(oid).ok()?;
                (oid == SIGNED_DATA).then_some(Self::Pkcs7)
            }
            [
                Element(Tag::Sequence, signed),
                Element(Tag::Sequence, _),
                Element(Tag::BitString, _),
            ] => signed_part(signed),
            _ => None,
        }
    }
}

/// Certificates, requests and revocation lists have the same signed structure.
fn signed_part(content: &[u8]) -> Option<Shape> {
    let parts = elements(content)?;
    let is_time = |part: &Element<'_>| matches!(part.0, Tag::UtcTime | Tag::GeneralizedTime);
    match parts.len() {
        6.. if !parts.iter().any(is_time) => Some(Shape::Certificate),
        3..=4 if parts.first()?.0 == Tag::Integer => Some(Shape::CertificateRequest),
        _ => None,
    }
}

/// The object identifier at the start of a `ContentInfo`, if it is one of PKCS#7's.
fn content_type(content: &[u8]) -> Option<ObjectIdentifier> {
    let Element(tag, value) = *elements(content)?.first()?;
    let oid = (tag == Tag::ObjectIdentifier).then(|| ObjectIdentifier::from_bytes(value).ok());
    oid.flatten().filter(|oid| PKCS7.parent() == oid.parent())
}

#[derive(Clone, Copy)]
struct Element<'a>(Tag, &'a [u8]);

fn sequence(any: AnyRef<'_>) -> Option<&[u8]> {
    (any.tag() == Tag::Sequence).then_some(any.value())
}

/// The first elements, as many as are needed to distinguish the structures.
fn elements(content: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut reader = SliceReader::new(content).ok()?;
    let mut elements = Vec::new();
    while !reader.is_finished() && elements.len() < 10 {
        let any: AnyRef<'_> = reader.decode().ok()?;
        elements.push(Element(any.tag(), any.value()));
    }
    Some(elements)
}

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const PKCS7: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");

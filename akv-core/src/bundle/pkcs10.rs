//! Certificate requests (PKCS#10, RFC 2986), parsed as leniently as certificates.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::element::{Element, tag};
use super::extensions::{AlternativeName, Extensions};
use super::key_kind::KeyKind;
use super::name::{Name, shown};
use super::public_key::PublicKey;
use super::signature::{Signed, Verdict};
use super::subject::SubjectName;
use super::unreadable::CertificateError;
use super::x509::{X509, bits};

/// A certificate request, signed with the key of the future certificate. Two requests are equal if
/// their bytes are.
///
/// ```
/// use akv_core::bundle::CertificateRequest;
/// let error = CertificateRequest::from_der(b"\x30\x00").unwrap_err();
/// assert_eq!(error.to_string(), "it is not laid out as a certificate request");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    der: Vec<u8>,
}

impl CertificateRequest {
    /// Parses a request of at most 64 KiB, and verifies its signature with its own key if the
    /// algorithm is implemented.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > MAX_BYTES {
            return Err(CertificateError::new("it has more than 64 KiB"));
        }
        let parts = Parts::read(bytes).ok_or(CertificateError::new(NOT_LAID_OUT))?;
        let key = parts.public_key();
        if !key.is_readable() {
            return Err(CertificateError::new(
                "the encoding of its public key does not match its algorithm",
            ));
        }
        if parts.signed.verify(key.kind(), parts.key) == Verdict::Invalid {
            return Err(CertificateError::new("its signature is not that of its own key"));
        }
        Ok(Self { der: bytes.to_vec() })
    }

    /// The request's bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The request as PEM, with a line feed at its end.
    pub fn to_pem(&self) -> String {
        let mut pem = String::from("-----BEGIN CERTIFICATE REQUEST-----\n");
        for line in STANDARD.encode(&self.der).as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE REQUEST-----\n");
        pem
    }

    /// The subject; `None` if a part of it is not text.
    pub fn subject(&self) -> Option<SubjectName> {
        SubjectName::of(self.parts()?.subject)
    }

    /// Its label in messages: the subject. Printable, and at most some two hundred characters long.
    pub fn label(&self) -> String {
        self.parts().map(|parts| shown(&parts.subject.to_string())).unwrap_or_default()
    }

    /// The requested subject alternative names.
    pub fn alternative_names(&self) -> Vec<AlternativeName> {
        let names = self.parts().and_then(|it| it.extensions.alternative_names().ok().flatten());
        names.unwrap_or_default()
    }

    /// The kind of its key.
    pub fn key_kind(&self) -> KeyKind {
        self.parts().map_or(KeyKind::Other(String::new()), |parts| parts.public_key().kind())
    }

    /// Whether the certificate has the same key.
    pub fn is_of_same_key(&self, certificate: &X509) -> bool {
        self.parts().is_some_and(|parts| parts.public_key() == *certificate.public_key())
    }

    fn parts(&self) -> Option<Parts<'_>> {
        Parts::read(&self.der)
    }
}

impl fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateRequest({})", self.label())
    }
}

/// The parts of a request (RFC 2986 4.1).
struct Parts<'a> {
    subject: Name<'a>,
    key_algorithm: Element<'a>,
    key: &'a [u8],
    extensions: Extensions<'a>,
    signed: Signed<'a>,
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (whole, []) = Element::read(bytes)? else { return None };
        let mut outer = (whole.tag == tag::SEQUENCE).then(|| whole.elements())?;
        let part = outer.next_if(tag::SEQUENCE)?;
        let mut inner = part.elements();
        inner.next_if(tag::INTEGER)?;
        let subject = Name(inner.next_if(tag::SEQUENCE).filter(|it| Name(*it).is_readable())?);
        let mut key = inner.next_if(tag::SEQUENCE)?.elements();
        let key_algorithm = key.next_if(tag::SEQUENCE)?;
        let key = key.next_if(tag::BIT_STRING).and_then(bits)?;
        let extensions = inner.next_if(ATTRIBUTES).and_then(extension_request);
        let algorithm = outer.next_if(tag::SEQUENCE)?;
        let signature = outer.next_if(tag::BIT_STRING).and_then(bits)?;
        let signed = Signed { part: part.whole, algorithm, signature };
        Some(Self {
            subject,
            key_algorithm,
            key,
            extensions: extensions.unwrap_or_default(),
            signed,
        })
    }

    fn public_key(&self) -> PublicKey {
        PublicKey::of_certificate(&self.key_algorithm, self.key)
    }
}

/// The requested extensions (RFC 2985 5.4.2).
fn extension_request(attributes: Element<'_>) -> Option<Extensions<'_>> {
    attributes.elements().flatten().find_map(|attribute| {
        let mut members = attribute.elements();
        members.next_if(tag::OBJECT_IDENTIFIER).filter(|oid| oid.content == EXTENSION_REQUEST)?;
        let values = members.next_if(tag::SET)?;
        Some(Extensions(values.elements().next_if(tag::SEQUENCE)?.content))
    })
}

const MAX_BYTES: usize = 64 * 1024;
const NOT_LAID_OUT: &str = "it is not laid out as a certificate request";
const ATTRIBUTES: u8 = 0xa0;
/// 1.2.840.113549.1.9.14
const EXTENSION_REQUEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e";

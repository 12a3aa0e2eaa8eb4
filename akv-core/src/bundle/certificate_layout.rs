//! The layout of a certificate: where its fields are, before they are parsed.

use time::OffsetDateTime;

use super::element::{Element, tag};
use super::extensions::Extensions;
use super::moment;
use super::name::Name;
use super::unreadable::CertificateError;

/// The parts of a certificate (RFC 5280 4.1). These are required; their content is parsed
/// separately.
#[derive(Default)]
pub(super) struct CertificateLayout<'a> {
    pub(super) signed: &'a [u8],
    pub(super) serial_number: &'a [u8],
    pub(super) issuer: Name<'a>,
    pub(super) validity: Element<'a>,
    pub(super) subject: Name<'a>,
    pub(super) key_algorithm: Element<'a>,
    pub(super) key: &'a [u8],
    pub(super) extensions: Extensions<'a>,
    pub(super) signature_algorithm: Element<'a>,
    pub(super) signature: &'a [u8],
}

impl<'a> CertificateLayout<'a> {
    pub(super) fn read(certificate: Element<'a>) -> Result<Self, CertificateError> {
        const NOT_LAID_OUT: CertificateError =
            CertificateError::new("it is not laid out as a certificate");
        let mut parts = Self::default();
        if certificate.tag != tag::SEQUENCE {
            return Err(NOT_LAID_OUT);
        }
        let mut outer = certificate.elements();
        let signed = outer.next_if(tag::SEQUENCE).ok_or(NOT_LAID_OUT)?;
        parts.signed = signed.whole;
        let mut inner = signed.elements();
        inner.next_if(VERSION);
        parts.serial_number = inner.next_if(tag::INTEGER).ok_or(NOT_LAID_OUT)?.content;
        inner.next_if(tag::SEQUENCE).ok_or(NOT_LAID_OUT)?;
        parts.issuer = Name(inner.next_if(tag::SEQUENCE).ok_or(NOT_LAID_OUT)?);
        parts.validity = inner.next_if(tag::SEQUENCE).ok_or(NOT_LAID_OUT)?;
        parts.subject = Name(inner.next_if(tag::SEQUENCE).ok_or(NOT_LAID_OUT)?);
        // From here on, errors can name the certificate's subject.
        let without = |reason| CertificateError::of(parts.subject, reason);
        let no_key = || without("its public key is not laid out as one");
        let key = inner.next_if(tag::SEQUENCE).ok_or_else(no_key)?;
        let mut key = key.elements();
        parts.key_algorithm = key.next_if(tag::SEQUENCE).ok_or_else(no_key)?;
        parts.key = key.next_if(tag::BIT_STRING).and_then(bits).ok_or_else(no_key)?;
        let extensions = inner.flatten().find(|element| element.tag == EXTENSIONS);
        let extensions = extensions.and_then(|explicit| Element::read(explicit.content));
        parts.extensions =
            extensions.map_or(Extensions::default(), |(it, _)| Extensions(it.content));
        let no_signature = || without("its signature is not laid out as one");
        parts.signature_algorithm = outer.next_if(tag::SEQUENCE).ok_or_else(no_signature)?;
        parts.signature = outer.next_if(tag::BIT_STRING).and_then(bits).ok_or_else(no_signature)?;
        Ok(parts)
    }

    /// Beginning and end of the validity, or why they cannot be parsed.
    pub(super) fn validity_ends(&self) -> [Result<OffsetDateTime, &'static str>; 2] {
        let mut moments = self.validity.elements();
        std::array::from_fn(|_| {
            let moment = moments.next().ok_or("it is missing")?;
            moment.map_or(Err("it is not laid out as a time"), moment::read)
        })
    }
}

/// The octets of a bit string, whose first octet counts unused bits.
pub(super) fn bits(string: Element<'_>) -> Option<&[u8]> {
    string.content.split_first().map(|(_, bits)| bits)
}

const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

//! Certificates without a key, in the formats of CAs: PEM, DER, PKCS#7, or base64 of these.

use zeroize::Zeroizing;

use super::element::{Element, tag};
use super::error::BundleError;
use super::parts::{self, MAX_PARTS, Parts};
use super::pem::armor;
use crate::text;

/// Parses the certificates of a file, in its order, and ignores its keys. Also accepts text in
/// UTF-16 and bare base64.
///
/// ```
/// use akv_core::bundle::read_certificates;
/// assert!(read_certificates(b"no certificate").is_err());
/// ```
pub fn read(bytes: &[u8]) -> Result<Parts, BundleError> {
    parts::check_size(bytes)?;
    let mut contents = Parts::default();
    if bytes.first() == Some(&tag::SEQUENCE) && add_all(bytes, &mut contents)? {
        return found(contents);
    }
    let text = text::decode(bytes)
        .map_err(|_| BundleError::NotABundle { looks: "holds no certificate" })?;
    let text = text.as_bytes();
    if armor::is_armored(text) {
        for block in armor::blocks(text)? {
            if LABELS.contains(&block.label) {
                add_all(&block.decode()?, &mut contents).map_err(|error| block.locate(error))?;
            }
        }
        return found(contents);
    }
    // Some services return base64 of DER, or of PEM.
    if let Some(decoded) = text::from_base64(text).filter(|decoded| !decoded.is_empty()) {
        let decoded: Zeroizing<Vec<u8>> = decoded;
        if !add_all(&decoded, &mut contents)? && armor::is_armored(&decoded) {
            return read(&decoded);
        }
    }
    found(contents)
}

fn found(contents: Parts) -> Result<Parts, BundleError> {
    if contents.certificates.is_empty() && contents.unreadable.is_empty() {
        return Err(BundleError::NotABundle { looks: "holds no certificate" });
    }
    Ok(contents)
}

/// Adds the certificates at the start of `der`: a concatenation, or those of PKCS#7. Returns
/// whether it is either.
fn add_all(der: &[u8], contents: &mut Parts) -> Result<bool, BundleError> {
    let mut rest = der;
    let mut any = false;
    while let Some((element, after)) = Element::read(rest).filter(|(it, _)| it.tag == tag::SEQUENCE)
    {
        if let Some(certificates) = of_signed_data(element) {
            for (number, certificate) in certificates.elements().enumerate() {
                if number >= MAX_PARTS {
                    return Err(BundleError::TooMany { what: "certificates", limit: MAX_PARTS });
                }
                let certificate = certificate.map(|it| it.whole).unwrap_or_default();
                contents.add_certificate(certificate)?;
            }
        } else {
            contents.add_certificate(element.whole)?;
        }
        any = true;
        rest = after;
    }
    Ok(any)
}

/// The set of certificates in a `ContentInfo` of signed data (RFC 5652 5.1).
fn of_signed_data(content_info: Element<'_>) -> Option<Element<'_>> {
    let mut outer = content_info.elements();
    outer.next_if(tag::OBJECT_IDENTIFIER).filter(|oid| oid.content == SIGNED_DATA)?;
    let (signed, _) = Element::read(outer.next_if(CONTEXT_0)?.content)?;
    let mut members = signed.elements();
    members.next_if(tag::INTEGER)?;
    members.next_if(tag::SET)?;
    members.next_if(tag::SEQUENCE)?;
    Some(members.next_if(CONTEXT_0).unwrap_or_default())
}

/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const CONTEXT_0: u8 = 0xa0;
const LABELS: &[&str] = &[
    "CERTIFICATE",
    "X509 CERTIFICATE",
    "TRUSTED CERTIFICATE",
    "PKCS7",
    "PKCS #7 SIGNED DATA",
    "CMS",
    "CERTIFICATE CHAIN",
];

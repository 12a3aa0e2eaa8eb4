//! Distinguished names in a form in which names that mean the same are equal.

use der::asn1::{
    Any, BmpString, Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef,
};
use der::{Encode, Tag, Tagged};
use sha2::{Digest, Sha256};
use x509_cert::name::Name;

/// A name for comparing: some authorities write their own name with one string type in their
/// certificate and with another in those they issue, and RFC 5280 (7.1) compares without regard to
/// letter case and repeated blanks.
///
/// What is kept is a digest, so that comparing many long names costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ComparableName([u8; 32]);

impl ComparableName {
    pub(super) fn new(name: &Name) -> Self {
        let mut digest = Sha256::new();
        for part in name.iter_rdn() {
            let mut attributes: Vec<_> = part
                .iter()
                .map(|attribute| (attribute.oid, comparable(&attribute.value)))
                .collect();
            attributes.sort();
            digest.update(attributes.len().to_be_bytes());
            for (oid, (kind, value)) in attributes {
                for field in [oid.as_bytes(), &[kind], &value] {
                    digest.update(field.len().to_be_bytes());
                    digest.update(field);
                }
            }
        }
        Self(digest.finalize().into())
    }
}

/// The words of a text, or the DER of everything else; the first says which.
fn comparable(value: &Any) -> (u8, Vec<u8>) {
    match text(value) {
        Some(text) => {
            let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
            (0, words.join(" ").into_bytes())
        }
        // Encoding what has been decoded does not fail; the bare value would do as well.
        None => (1, value.to_der().unwrap_or_else(|_| value.value().to_vec())),
    }
}

/// The text of an attribute, whatever string type it is written in.
pub(super) fn text(value: &Any) -> Option<String> {
    match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.to_string()),
        Tag::PrintableString => {
            value.decode_as::<PrintableStringRef<'_>>().ok().map(|text| text.to_string())
        }
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok().map(|text| text.to_string()),
        Tag::TeletexString => {
            value.decode_as::<TeletexStringRef<'_>>().ok().map(|text| text.to_string())
        }
        Tag::BmpString => value.decode_as::<BmpString>().ok().map(|text| text.to_string()),
        _ => None,
    }
}

//! Distinguished names in a form in which names that mean the same are equal.

use der::asn1::{
    Any, BmpString, Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef,
};
use der::{Encode, Tag, Tagged};
use x509_cert::name::Name;

/// A name for comparing: some authorities write their own name with one string type in their
/// certificate and with another in those they issue, and RFC 5280 (7.1) compares without regard to
/// letter case and repeated blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComparableName(Vec<Vec<(Vec<u8>, Value)>>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Text(String),
    Other(Vec<u8>),
}

impl ComparableName {
    pub(super) fn new(name: &Name) -> Self {
        let parts = name.iter_rdn().map(|part| {
            let mut attributes: Vec<_> = part
                .iter()
                .map(|attribute| (attribute.oid.as_bytes().to_vec(), Value::new(&attribute.value)))
                .collect();
            attributes.sort();
            attributes
        });
        Self(parts.collect())
    }
}

impl Value {
    fn new(value: &Any) -> Self {
        match text(value) {
            Some(text) => {
                let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
                Self::Text(words.join(" "))
            }
            // Encoding what has been decoded does not fail; the bare value would do as well.
            None => Self::Other(value.to_der().unwrap_or_else(|_| value.value().to_vec())),
        }
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

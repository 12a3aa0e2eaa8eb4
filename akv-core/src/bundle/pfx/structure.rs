//! The structures of PKCS#12 for reading.
//!
//! The types of the crate `pkcs12` own their content and would leave copies of a key behind, so
//! these borrow.

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader, Sequence, SliceReader, Tag, TagNumber, Tagged};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::super::error::BundleError;
use super::super::parts::MAX_PARTS;
use super::mac::MacData;

/// `PFX` (RFC 7292 section 4).
#[derive(Sequence)]
pub(super) struct Pfx<'a> {
    version: u8,
    pub(super) auth_safe: ContentInfo<'a>,
    pub(super) mac_data: Option<MacData<'a>>,
}

/// `ContentInfo` (RFC 5652 section 3).
#[derive(Sequence)]
pub(super) struct ContentInfo<'a> {
    pub(super) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) content: Option<AnyRef<'a>>,
}

impl<'a> ContentInfo<'a> {
    pub(super) fn content(&self) -> Result<AnyRef<'a>, BundleError> {
        self.content.ok_or_else(|| BundleError::damaged(SAFE, "it is empty"))
    }

    pub(super) fn octets(&self) -> Result<&'a [u8], BundleError> {
        let octets: &OctetStringRef = self.content()?.decode_as().map_err(damaged)?;
        Ok(octets.as_bytes())
    }
}

/// `EncryptedData` (RFC 5652 section 8).
#[derive(Sequence)]
pub(super) struct EncryptedData<'a> {
    version: u8,
    pub(super) info: EncryptedContentInfo<'a>,
    unprotected_attributes: Option<AnyRef<'a>>,
}

/// `EncryptedContentInfo` (RFC 5652 section 6.1).
#[derive(Sequence)]
pub(super) struct EncryptedContentInfo<'a> {
    pub(super) content_type: ObjectIdentifier,
    pub(super) algorithm: AlgorithmIdentifierRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) content: Option<&'a OctetStringRef>,
}

/// `SafeBag` (RFC 7292 section 4.2). Attributes are ignored: names of keys do not matter, and the
/// leaf is found by its public key.
#[derive(Sequence)]
pub(super) struct SafeBag<'a> {
    pub(super) bag_id: ObjectIdentifier,
    bag_value: AnyRef<'a>,
    attributes: Option<AnyRef<'a>>,
}

impl<'a> SafeBag<'a> {
    /// The content of the explicit `[0]`.
    pub(super) fn value(&self) -> Result<&'a [u8], BundleError> {
        const EXPLICIT: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
        if self.bag_value.tag() != EXPLICIT {
            return Err(BundleError::damaged(SAFE, "a bag is not laid out as such"));
        }
        Ok(self.bag_value.value())
    }
}

/// `CertBag` (RFC 7292 section 4.2.3).
#[derive(Sequence)]
pub(super) struct CertBag<'a> {
    pub(super) cert_id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(super) cert_value: &'a OctetStringRef,
}

pub(super) const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
pub(super) const SIGNED_DATA: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
pub(super) const ENVELOPED_DATA: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.3");
pub(super) const ENCRYPTED_DATA: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");

/// The elements of a `SEQUENCE OF`, one at a time: a file can contain very many tiny ones.
pub(super) fn elements<'a, T: Decode<'a, Error = der::Error>>(
    der: &'a [u8],
) -> Result<impl Iterator<Item = Result<T, BundleError>>, BundleError> {
    let sequence: AnyRef<'a> = AnyRef::from_der(der).map_err(damaged)?;
    sequence.tag().assert_eq(Tag::Sequence).map_err(damaged)?;
    let mut reader = SliceReader::new(sequence.value()).map_err(damaged)?;
    let mut left = MAX_PARTS;
    Ok(std::iter::from_fn(move || {
        if reader.is_finished() {
            return None;
        }
        if left == 0 {
            return Some(Err(BundleError::TooMany { what: "parts", limit: MAX_PARTS }));
        }
        left -= 1;
        Some(reader.decode().map_err(damaged))
    }))
}

pub(super) fn damaged(error: der::Error) -> BundleError {
    BundleError::damaged(SAFE, error)
}

/// The part that contains the structures, for messages.
pub(super) const SAFE: &str = "the content of the file";

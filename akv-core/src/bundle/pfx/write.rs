//! Writes the only form of PKCS#12 that Key Vault is known to accept.

use der::asn1::{Any, ObjectIdentifier, OctetString, OctetStringRef, SetOfVec};
use der::{Encode, Sequence, Tag};
use pkcs12::safe_bag::SafeBag;
use pkcs12::{CertBag, PKCS_12_CERT_BAG_OID, PKCS_12_KEY_BAG_OID, PKCS_12_X509_CERT_OID};
use x509_cert::attr::{Attribute, Attributes};
use zeroize::{Zeroize, Zeroizing};

use super::super::encode::encode;
use super::super::key::PrivateKey;
use super::super::x509::X509;
use super::structure::DATA;

/// Writes a PKCS#12 file without password, encryption and integrity check: the key in a plain key
/// bag, then the leaf, then the chain in order.
pub(in super::super) fn write(
    key: &PrivateKey,
    leaf: &X509,
    chain: &[X509],
) -> der::Result<Zeroizing<Vec<u8>>> {
    let attributes = identity(leaf)?;
    let key_safe = key_safe(key, attributes.clone())?;
    let certificate_bags: Vec<_> = std::iter::once(certificate_bag(leaf, Some(attributes)))
        .chain(chain.iter().map(|issuer| certificate_bag(issuer, None)))
        .collect::<Result<_, _>>()?;
    let certificate_safe = encode(&certificate_bags)?;
    let safes = encode(&vec![Data::new(&key_safe)?, Data::new(&certificate_safe)?])?;
    encode(&Pfx { version: 3, auth_safe: Data::new(&safes)? })
}

/// The safe with the key. The bag owns its value without zeroizing it, so this function does.
fn key_safe(key: &PrivateKey, attributes: Attributes) -> der::Result<Zeroizing<Vec<u8>>> {
    let mut bags = [SafeBag {
        bag_id: PKCS_12_KEY_BAG_OID,
        bag_value: key.pkcs8().to_vec(),
        bag_attributes: Some(attributes),
    }];
    let encoded = encode(&bags);
    let [bag] = &mut bags;
    bag.bag_value.zeroize();
    encoded
}

fn certificate_bag(certificate: &X509, attributes: Option<Attributes>) -> der::Result<SafeBag> {
    let bag = CertBag {
        cert_id: PKCS_12_X509_CERT_OID,
        cert_value: OctetString::new(certificate.der())?,
    };
    Ok(SafeBag {
        bag_id: PKCS_12_CERT_BAG_OID,
        bag_value: bag.to_der()?,
        bag_attributes: attributes,
    })
}

/// Links the key to its certificate: the same `localKeyId` and `friendlyName` on both.
fn identity(leaf: &X509) -> der::Result<Attributes> {
    let name = leaf.common_name().unwrap_or_else(|| leaf.thumbprint().to_string());
    // A BMPString cannot contain characters beyond the basic plane.
    let basic =
        name.chars().map(|c| if c.len_utf16() == 1 { c } else { char::REPLACEMENT_CHARACTER });
    let name: Vec<u8> =
        basic.collect::<String>().encode_utf16().flat_map(u16::to_be_bytes).collect();
    let attribute = |oid, value| -> der::Result<Attribute> {
        Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
    };
    SetOfVec::try_from(vec![
        attribute(FRIENDLY_NAME, Any::new(Tag::BmpString, name)?)?,
        attribute(LOCAL_KEY_ID, Any::new(Tag::OctetString, *leaf.thumbprint().as_bytes())?)?,
    ])
}

/// `PFX` without an integrity check.
#[derive(Sequence)]
struct Pfx<'a> {
    version: u8,
    auth_safe: Data<'a>,
}

/// `ContentInfo` of type data. The type of the crate `cms` owns its content and would leave a copy
/// of the key behind.
#[derive(Sequence)]
struct Data<'a> {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: &'a OctetStringRef,
}

impl<'a> Data<'a> {
    fn new(content: &'a [u8]) -> der::Result<Self> {
        Ok(Self { content_type: DATA, content: OctetStringRef::new(content)? })
    }
}

const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");

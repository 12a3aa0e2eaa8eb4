//! The safes of a PKCS#12 file and the bags in them.

use der::Decode;
use pkcs12::PKCS_12_X509_CERT_OID;
use zeroize::Zeroizing;

use super::super::ber;
use super::super::encryption::Encryption;
use super::super::error::BundleError;
use super::structure::{
    CertBag, ContentInfo, DATA, ENCRYPTED_DATA, ENVELOPED_DATA, EncryptedContentInfo,
    EncryptedData, SAFE, damaged,
};

/// A part of the file, encrypted as a whole or not at all.
pub(super) enum Safe<'a> {
    Plain(Zeroizing<Vec<u8>>),
    Encrypted { encryption: Encryption<'a>, data: &'a [u8] },
}

impl<'a> Safe<'a> {
    pub(super) fn parse(info: &ContentInfo<'a>) -> Result<Self, BundleError> {
        match info.content_type {
            DATA => Ok(Self::Plain(ber::to_der(SAFE, info.octets()?).map_err(inside)?)),
            ENCRYPTED_DATA => {
                let encrypted: EncryptedData<'a> = info.content()?.decode_as().map_err(damaged)?;
                let EncryptedContentInfo { algorithm, content, .. } = encrypted.info;
                let encryption = Encryption::parse(algorithm)?;
                Ok(Self::Encrypted {
                    encryption,
                    data: content.map_or(&[], |data| data.as_bytes()),
                })
            }
            ENVELOPED_DATA => Err(BundleError::Unsupported {
                part: "the encryption",
                algorithm: "a public key".to_owned(),
                advice: "export it again with a password",
            }),
            _ => Err(BundleError::damaged(SAFE, "it holds content of an unknown type")),
        }
    }
}

/// A safe that has been charged but not opened.
pub(super) enum Sealed<'a> {
    Bags(Vec<Bag<'a>>),
    Safe { encryption: &'a Encryption<'a>, data: &'a [u8] },
}

/// An item in a safe.
pub(super) enum Bag<'a> {
    Key(&'a [u8]),
    ShroudedKey { encryption: Encryption<'a>, data: &'a [u8] },
    Certificate(&'a [u8]),
}

/// The X.509 certificate of a certificate bag; SDSI certificates are skipped.
pub(super) fn certificate(der: &[u8]) -> Result<Option<Bag<'_>>, BundleError> {
    let bag = CertBag::from_der(der).map_err(damaged)?;
    if bag.cert_id != PKCS_12_X509_CERT_OID {
        return Ok(None);
    }
    Ok(Some(Bag::Certificate(bag.cert_value.as_bytes())))
}

/// Inside a complete file, an early end means damage.
pub(super) fn inside(error: BundleError) -> BundleError {
    match error {
        BundleError::Truncated { .. } => BundleError::damaged(SAFE, "it ends too early"),
        other => other,
    }
}

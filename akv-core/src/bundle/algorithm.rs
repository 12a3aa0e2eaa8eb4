//! Object identifiers of the algorithms that bundles use, and their names for messages.

use der::Decode;
use der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::element::{Element, tag};
use super::oid::Oid;

/// The common name with the object identifier; only the identifier if there is no name.
pub(super) fn name(oid: ObjectIdentifier) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == oid);
    known.map_or_else(|| oid.to_string(), |(_, name)| format!("{name} ({oid})"))
}

/// The `AlgorithmIdentifier` in a certificate; `None` if it is malformed. Parameters that are not
/// DER count as absent.
pub(super) fn identifier<'a>(element: &Element<'a>) -> Option<AlgorithmIdentifierRef<'a>> {
    let mut members = element.elements();
    let oid = members.next_if(tag::OBJECT_IDENTIFIER)?.content;
    let parameters = members.next().flatten();
    Some(AlgorithmIdentifierRef {
        oid: ObjectIdentifier::from_bytes(oid).ok()?,
        parameters: parameters.and_then(|parameters| AnyRef::from_der(parameters.whole).ok()),
    })
}

/// The [`name`] of the algorithm in a certificate.
pub(super) fn name_of(element: &Element<'_>) -> String {
    let oid = element.elements().next_if(tag::OBJECT_IDENTIFIER).map(|oid| oid.content);
    match oid.map(|oid| (oid, ObjectIdentifier::from_bytes(oid))) {
        Some((_, Ok(oid))) => name(oid),
        Some((oid, Err(_))) => Oid(oid).to_string(),
        None => "an unknown algorithm".to_owned(),
    }
}

macro_rules! algorithms {
    ($($name:ident = $oid:literal, $text:literal;)*) => {
        $(pub(super) const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($oid);)*

        const NAMES: &[(ObjectIdentifier, &str)] = &[$(($name, $text)),*];
    };
}

algorithms! {
    // RFC 7292 appendix C and RFC 8018: password-based encryption.
    PBE_RC4_128 = "1.2.840.113549.1.12.1.1", "RC4-128";
    PBE_RC4_40 = "1.2.840.113549.1.12.1.2", "RC4-40";
    PBE_3DES = "1.2.840.113549.1.12.1.3", "triple DES";
    PBE_2DES = "1.2.840.113549.1.12.1.4", "two-key triple DES";
    PBE_RC2_128 = "1.2.840.113549.1.12.1.5", "RC2-128";
    PBE_RC2_40 = "1.2.840.113549.1.12.1.6", "RC2-40";
    PBE_MD5_DES = "1.2.840.113549.1.5.3", "PBES1 with MD5 and DES";
    PBE_SHA1_DES = "1.2.840.113549.1.5.10", "PBES1 with SHA-1 and DES";
    PBES2 = "1.2.840.113549.1.5.13", "PBES2";
    PBKDF2 = "1.2.840.113549.1.5.12", "PBKDF2";
    PBMAC1 = "1.2.840.113549.1.5.14", "PBMAC1";
    SCRYPT = "1.3.6.1.4.1.11591.4.11", "scrypt";
    AES_128_CBC = "2.16.840.1.101.3.4.1.2", "AES-128-CBC";
    AES_192_CBC = "2.16.840.1.101.3.4.1.22", "AES-192-CBC";
    AES_256_CBC = "2.16.840.1.101.3.4.1.42", "AES-256-CBC";
    DES_EDE3_CBC = "1.2.840.113549.3.7", "triple DES";
    DES_CBC = "1.3.14.3.2.7", "DES";
    RC2_CBC = "1.2.840.113549.3.2", "RC2";
    HMAC_SHA1 = "1.2.840.113549.2.7", "HMAC-SHA-1";
    HMAC_SHA224 = "1.2.840.113549.2.8", "HMAC-SHA-224";
    HMAC_SHA256 = "1.2.840.113549.2.9", "HMAC-SHA-256";
    HMAC_SHA384 = "1.2.840.113549.2.10", "HMAC-SHA-384";
    HMAC_SHA512 = "1.2.840.113549.2.11", "HMAC-SHA-512";

    // Digests.
    MD5 = "1.2.840.113549.2.5", "MD5";
    SHA1 = "1.3.14.3.2.26", "SHA-1";
    SHA224 = "2.16.840.1.101.3.4.2.4", "SHA-224";
    SHA256 = "2.16.840.1.101.3.4.2.1", "SHA-256";
    SHA384 = "2.16.840.1.101.3.4.2.2", "SHA-384";
    SHA512 = "2.16.840.1.101.3.4.2.3", "SHA-512";

    // Keys.
    RSA = "1.2.840.113549.1.1.1", "RSA";
    RSA_PSS = "1.2.840.113549.1.1.10", "RSASSA-PSS";
    DSA = "1.2.840.10040.4.1", "DSA";
    EC = "1.2.840.10045.2.1", "EC";
    ED25519 = "1.3.101.112", "Ed25519";
    ED448 = "1.3.101.113", "Ed448";
    X25519 = "1.3.101.110", "X25519";
    ML_DSA_44 = "2.16.840.1.101.3.4.3.17", "ML-DSA-44";
    ML_DSA_65 = "2.16.840.1.101.3.4.3.18", "ML-DSA-65";
    ML_DSA_87 = "2.16.840.1.101.3.4.3.19", "ML-DSA-87";
    P224 = "1.3.132.0.33", "P-224";
    P192 = "1.2.840.10045.3.1.1", "P-192";
    BRAINPOOL_P256 = "1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1";
    BRAINPOOL_P384 = "1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1";
    BRAINPOOL_P512 = "1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1";

    // Signatures.
    RSA_MD2 = "1.2.840.113549.1.1.2", "RSA with MD2";
    RSA_MD5 = "1.2.840.113549.1.1.4", "RSA with MD5";
    RSA_SHA1 = "1.2.840.113549.1.1.5", "RSA with SHA-1";
    RSA_SHA1_OLD = "1.3.14.3.2.29", "RSA with SHA-1";
    RSA_SHA256 = "1.2.840.113549.1.1.11", "RSA with SHA-256";
    RSA_SHA384 = "1.2.840.113549.1.1.12", "RSA with SHA-384";
    RSA_SHA512 = "1.2.840.113549.1.1.13", "RSA with SHA-512";
    RSA_SHA224 = "1.2.840.113549.1.1.14", "RSA with SHA-224";
    DSA_SHA1 = "1.2.840.10040.4.3", "DSA with SHA-1";
    ECDSA_SHA1 = "1.2.840.10045.4.1", "ECDSA with SHA-1";
    ECDSA_SHA224 = "1.2.840.10045.4.3.1", "ECDSA with SHA-224";
    ECDSA_SHA256 = "1.2.840.10045.4.3.2", "ECDSA with SHA-256";
    ECDSA_SHA384 = "1.2.840.10045.4.3.3", "ECDSA with SHA-384";
    ECDSA_SHA512 = "1.2.840.10045.4.3.4", "ECDSA with SHA-512";
}

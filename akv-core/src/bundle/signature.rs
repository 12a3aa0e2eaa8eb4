//! Verifies the signature of one certificate with the key of another.

use aws_lc_rs::signature as lc;
use aws_lc_rs::signature::{RsaPssSaltLength, VerificationAlgorithm};
use der::Sequence;
use der::asn1::ObjectIdentifier;
use x509_cert::spki::AlgorithmIdentifierRef;

use super::algorithm;
use super::element::Element;
use super::key_kind::{Curve, KeyKind};
use super::x509::X509;

/// The result of verifying a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Valid,
    Invalid,
    /// The algorithm, or the key's size, is not implemented.
    CannotTell,
}

/// Verifies the signature of `certificate` with the key of `issuer`, without regard to names.
pub(super) fn verify(certificate: &X509, issuer: &X509) -> Verdict {
    let signed = Signed {
        part: certificate.signed_part(),
        algorithm: certificate.signature_algorithm(),
        signature: certificate.signature(),
    };
    signed.verify(issuer.key_kind(), issuer.key_bits())
}

/// A structure that is signed in the same way as certificates and requests.
pub(super) struct Signed<'a> {
    /// The signed bytes.
    pub(super) part: &'a [u8],
    pub(super) algorithm: Element<'a>,
    pub(super) signature: &'a [u8],
}

impl Signed<'_> {
    /// Verifies the signature with a key of that kind, given as the content of its bit string.
    pub(super) fn verify(&self, kind: KeyKind, key: &[u8]) -> Verdict {
        let Some(algorithm) = algorithm::identifier(&self.algorithm) else {
            return Verdict::CannotTell;
        };
        let verify = |with: &dyn VerificationAlgorithm| {
            let verified = with.verify_sig(key, self.part, self.signature);
            if verified.is_ok() { Verdict::Valid } else { Verdict::Invalid }
        };
        verdict(kind, &algorithm, verify)
    }
}

fn verdict(
    kind: KeyKind,
    algorithm: &AlgorithmIdentifierRef<'_>,
    verify: impl Fn(&dyn VerificationAlgorithm) -> Verdict,
) -> Verdict {
    match (kind, algorithm.oid) {
        (KeyKind::Rsa { bits }, algorithm::RSA_PSS) => {
            rsa_pss(algorithm, bits).map_or(Verdict::CannotTell, |with| verify(&with))
        }
        (KeyKind::Rsa { bits }, oid) => rsa(oid, bits).map_or(Verdict::CannotTell, verify),
        (KeyKind::Ec(curve), oid) => ecdsa(oid, curve).map_or(Verdict::CannotTell, verify),
        (KeyKind::Other(name), algorithm::ED25519) if name == "Ed25519" => verify(&lc::ED25519),
        _ => Verdict::CannotTell,
    }
}

/// Whether `algorithm` uses MD2, MD5 or SHA-1, for which collisions are known.
pub(super) fn is_weak(certificate: &X509) -> bool {
    let Some(algorithm) = algorithm::identifier(&certificate.signature_algorithm()) else {
        return false;
    };
    match algorithm.oid {
        algorithm::RSA_MD2
        | algorithm::RSA_MD5
        | algorithm::RSA_SHA1
        | algorithm::RSA_SHA1_OLD
        | algorithm::DSA_SHA1
        | algorithm::ECDSA_SHA1 => true,
        algorithm::RSA_PSS => {
            pss_params(&algorithm).is_none_or(|(hash, _)| hash == algorithm::SHA1)
        }
        _ => false,
    }
}

/// Whether the certificate was signed with an EC key.
pub(super) fn is_ecdsa(certificate: &X509) -> bool {
    algorithm::identifier(&certificate.signature_algorithm()).is_some_and(|algorithm| {
        matches!(
            algorithm.oid,
            algorithm::ECDSA_SHA1
                | algorithm::ECDSA_SHA224
                | algorithm::ECDSA_SHA256
                | algorithm::ECDSA_SHA384
                | algorithm::ECDSA_SHA512
        )
    })
}

fn rsa(oid: ObjectIdentifier, bits: u32) -> Option<&'static dyn VerificationAlgorithm> {
    let (algorithm, least): (&'static dyn VerificationAlgorithm, _) = match oid {
        algorithm::RSA_SHA1 | algorithm::RSA_SHA1_OLD => {
            (&lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, 1024)
        }
        algorithm::RSA_SHA256 => (&lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, 1024),
        algorithm::RSA_SHA384 => (&lc::RSA_PKCS1_2048_8192_SHA384, 2048),
        algorithm::RSA_SHA512 => (&lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, 1024),
        _ => return None,
    };
    (least..=8192).contains(&bits).then_some(algorithm)
}

fn rsa_pss(algorithm: &AlgorithmIdentifierRef<'_>, bits: u32) -> Option<lc::RsaParameters> {
    let (hash, salt) = pss_params(algorithm)?;
    let parameters = match hash {
        algorithm::SHA256 => lc::RSA_PSS_2048_8192_SHA256,
        algorithm::SHA384 => lc::RSA_PSS_2048_8192_SHA384,
        algorithm::SHA512 => lc::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    };
    (2048..=8192)
        .contains(&bits)
        .then(|| parameters.with_pss_salt_length(RsaPssSaltLength::Custom(salt)))
}

fn ecdsa(oid: ObjectIdentifier, curve: Curve) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (curve, oid) {
        (Curve::P256, algorithm::ECDSA_SHA1) => &lc::ECDSA_P256_SHA1_ASN1,
        (Curve::P256, algorithm::ECDSA_SHA256) => &lc::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, algorithm::ECDSA_SHA384) => &lc::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, algorithm::ECDSA_SHA512) => &lc::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, algorithm::ECDSA_SHA256) => &lc::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, algorithm::ECDSA_SHA384) => &lc::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, algorithm::ECDSA_SHA512) => &lc::ECDSA_P384_SHA512_ASN1,
        (Curve::P521, algorithm::ECDSA_SHA1) => &lc::ECDSA_P521_SHA1_ASN1,
        (Curve::P521, algorithm::ECDSA_SHA224) => &lc::ECDSA_P521_SHA224_ASN1,
        (Curve::P521, algorithm::ECDSA_SHA256) => &lc::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, algorithm::ECDSA_SHA384) => &lc::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, algorithm::ECDSA_SHA512) => &lc::ECDSA_P521_SHA512_ASN1,
        (Curve::P256K, algorithm::ECDSA_SHA256) => &lc::ECDSA_P256K1_SHA256_ASN1,
        _ => return None,
    })
}

/// The digest and the salt's length of an RSASSA-PSS signature, with the defaults of RFC 8017.
fn pss_params(algorithm: &AlgorithmIdentifierRef<'_>) -> Option<(ObjectIdentifier, u16)> {
    let params: PssParams<'_> = algorithm.parameters.as_ref()?.decode_as().ok()?;
    let hash = params.hash.map_or(algorithm::SHA1, |hash| hash.oid);
    Some((hash, params.salt_length.unwrap_or(20)))
}

/// `RSASSA-PSS-params` (RFC 8017 appendix A.2.3).
#[derive(Sequence)]
struct PssParams<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_length: Option<u16>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

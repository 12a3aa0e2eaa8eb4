//! A private key, normalized to PKCS#8.

use std::fmt;

use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING,
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair,
};
use der::asn1::{AnyRef, OctetStringRef, UintRef};
use der::{Decode, Sequence};
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::algorithm;
use super::ber;
use super::budget::{self, Budget};
use super::encode::encode;
use super::error::BundleError;
use super::flaw::Explain;
use super::key_kind::{Curve, KeyKind};
use super::public_key::{self, PublicKey};
use super::shape::Shape;
use super::x509::X509;

/// A private key in PKCS#8 version 1, zeroized on drop.
pub struct PrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
    public: PublicKey,
}

/// Whether a private key belongs to a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "only yes, no and unknown exist")]
pub enum KeyMatch {
    /// The certificate has this key's public key.
    Match,
    /// The certificate has another public key.
    Mismatch,
    /// The public key of such a key cannot be computed here.
    CannotTell,
}

impl PrivateKey {
    /// Parses a PKCS#8 key of version 1 or 2, in DER or BER. Attributes and the optional public key
    /// are dropped: every importer of PKCS#12 reads the rest.
    ///
    /// ```
    /// use akv_core::bundle::{BundleError, PrivateKey};
    /// let damaged = PrivateKey::from_pkcs8(&[0x30, 0x03, 0x02, 0x01, 0x00]);
    /// assert!(matches!(damaged, Err(BundleError::Damaged { part: "the private key", .. })));
    /// ```
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, BundleError> {
        let der = ber::to_der(PART, bytes)?;
        let info = PrivateKeyInfo::from_der(&der).map_err(damaged)?;
        Self::new(info.algorithm, info.private_key)
    }

    /// Parses a key in any of its usual formats: PKCS#8, PKCS#1 or SEC 1. The cost of checking it
    /// is charged to the budget.
    pub(super) fn read(bytes: &[u8], budget: &mut Budget) -> Result<Self, BundleError> {
        budget.spend(check_cost(bytes.len()))?;
        let der = ber::to_der(PART, bytes)?;
        match Shape::of(&der) {
            Some(Shape::Pkcs1) => Self::from_pkcs1(&der),
            Some(Shape::Sec1) => Self::from_sec1(&der),
            _ => Self::from_pkcs8(&der),
        }
    }

    /// Parses a PKCS#1 key, `RSA PRIVATE KEY` in PEM.
    fn from_pkcs1(der: &[u8]) -> Result<Self, BundleError> {
        let algorithm =
            AlgorithmIdentifierRef { oid: algorithm::RSA, parameters: Some(AnyRef::NULL) };
        Self::new(algorithm, OctetStringRef::new(der).map_err(damaged)?)
    }

    /// Parses a SEC 1 key, `EC PRIVATE KEY` in PEM. It must name its curve, as OpenSSL's keys do.
    fn from_sec1(der: &[u8]) -> Result<Self, BundleError> {
        let EcPrivateKey { parameters, .. } = EcPrivateKey::from_der(der).map_err(damaged)?;
        let curve =
            parameters.ok_or_else(|| BundleError::damaged(PART, "it does not name its curve"))?;
        let algorithm = AlgorithmIdentifierRef { oid: algorithm::EC, parameters: Some(curve) };
        Self::new(algorithm, OctetStringRef::new(der).map_err(damaged)?)
    }

    fn new(
        algorithm: AlgorithmIdentifierRef<'_>,
        private_key: &OctetStringRef,
    ) -> Result<Self, BundleError> {
        let curve = (algorithm.oid == algorithm::EC).then(|| public_key::named_curve(algorithm));
        let exact = match curve.flatten() {
            Some(curve) => exact_scalar(curve, private_key)?,
            None => None,
        };
        let exact = exact.as_ref().map(|key| OctetStringRef::new(key)).transpose();
        let private_key = exact.map_err(damaged)?.unwrap_or(private_key);
        // RFC 3279 section 2.3.1 requires the NULL; some libraries omit it.
        let parameters =
            if algorithm.oid == algorithm::RSA { Some(AnyRef::NULL) } else { algorithm.parameters };
        let algorithm = AlgorithmIdentifierRef { parameters, ..algorithm };
        let info = PrivateKeyInfo {
            version: 0,
            algorithm,
            private_key,
            attributes: None,
            public_key: None,
        };
        let pkcs8 = encode(&info).map_err(damaged)?;
        let public = match algorithm.oid {
            algorithm::RSA => rsa_public(private_key.as_bytes(), &pkcs8)?,
            algorithm::EC => match public_key::named_curve(algorithm) {
                Some(curve) => ec_public(curve, &pkcs8)?,
                None => PublicKey::Other(public_key::other_kind(algorithm)),
            },
            _ => PublicKey::Other(public_key::other_kind(algorithm)),
        };
        Ok(Self { pkcs8, public })
    }

    /// The key's DER, PKCS#8 version 1 and not encrypted.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The kind of the key.
    pub fn kind(&self) -> KeyKind {
        self.public.kind()
    }

    /// Whether `certificate` is for this key.
    pub fn fits(&self, certificate: &X509) -> KeyMatch {
        match (&self.public, certificate.public_key()) {
            // Neither public key can be compared, but the kinds can.
            (PublicKey::Other(own), PublicKey::Other(other)) if own == other => {
                KeyMatch::CannotTell
            }
            (own, other) if own == other => KeyMatch::Match,
            _ => KeyMatch::Mismatch,
        }
    }

    /// Whether both have the same public key; unknown public keys differ.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        *self.pkcs8 == *other.pkcs8
            || (self.public == other.public && !matches!(self.public, PublicKey::Other(_)))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, …)", self.kind())
    }
}

/// An EC key with its scalar in the length that RFC 5915 requires; `None` if it already has it.
fn exact_scalar(
    curve: Curve,
    private_key: &OctetStringRef,
) -> Result<Option<Zeroizing<Vec<u8>>>, BundleError> {
    let key = EcPrivateKey::from_der(private_key.as_bytes()).map_err(damaged)?;
    let scalar = key.private_key.as_bytes();
    let length = curve.field_length();
    if scalar.len() == length {
        return Ok(None);
    }
    let mut exact = Zeroizing::new(vec![0; length]);
    let surplus = scalar.len().saturating_sub(length);
    let (zeros, scalar) = scalar.split_at_checked(surplus).unwrap_or_default();
    if zeros.iter().any(|octet| *octet != 0) {
        return Err(damaged("its number is longer than the curve's field"));
    }
    let missing = length - scalar.len();
    exact.iter_mut().skip(missing).zip(scalar).for_each(|(to, octet)| *to = *octet);
    let private_key = OctetStringRef::new(&exact).map_err(damaged)?;
    encode(&EcPrivateKey { private_key, ..key }).map(Some).map_err(damaged)
}

/// The cost of checking a key, in the budget's unit, by the length of its encoding: measured with
/// keys of 8192 bits, which take the longest, and with P-521.
fn check_cost(octets: usize) -> u64 {
    let kilobytes = budget::units(octets / 1024) + 1;
    kilobytes.saturating_pow(2).saturating_mul(8_000)
}

/// The public key of an RSA key, after checking that its parts are consistent.
fn rsa_public(pkcs1: &[u8], pkcs8: &[u8]) -> Result<PublicKey, BundleError> {
    let RsaPrivateKey { modulus, public_exponent, .. } =
        RsaPrivateKey::from_der(pkcs1).map_err(damaged)?;
    let public = PublicKey::rsa(modulus, public_exponent);
    let KeyKind::Rsa { bits } = public.kind() else { return Ok(public) };
    // Key Vault does not support other sizes anyway, and findings say so.
    if (2048..=8192).contains(&bits) {
        let pair = rsa::KeyPair::from_pkcs8(pkcs8);
        pair.map_err(|_| damaged("its values are inconsistent"))?;
    }
    Ok(public)
}

/// The public key of an EC key, computed: in the file it may be missing or wrong.
fn ec_public(curve: Curve, pkcs8: &[u8]) -> Result<PublicKey, BundleError> {
    let algorithm: &'static EcdsaSigningAlgorithm = match curve {
        Curve::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        Curve::P256K => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
    };
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).map_err(|_| {
        damaged(
            "its private value is not valid for its curve, or its public point \
                              does not match",
        )
    })?;
    PublicKey::ec(curve, pair.public_key().as_ref())
        .ok_or_else(|| BundleError::damaged(PART, "its public point"))
}

fn damaged(flaw: impl Explain) -> BundleError {
    BundleError::damaged(PART, flaw)
}

/// `PrivateKeyInfo` (RFC 5208) and `OneAsymmetricKey` (RFC 5958).
#[derive(Sequence)]
struct PrivateKeyInfo<'a> {
    version: u8,
    algorithm: AlgorithmIdentifierRef<'a>,
    private_key: &'a OctetStringRef,
    attributes: Option<AnyRef<'a>>,
    public_key: Option<AnyRef<'a>>,
}

/// `RSAPrivateKey` (RFC 8017 appendix A.1.2); only the public key is read here.
#[derive(Sequence)]
struct RsaPrivateKey<'a> {
    version: u8,
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
    private_exponent: AnyRef<'a>,
    prime1: AnyRef<'a>,
    prime2: AnyRef<'a>,
    exponent1: AnyRef<'a>,
    exponent2: AnyRef<'a>,
    coefficient: AnyRef<'a>,
    other_primes: Option<AnyRef<'a>>,
}

/// `ECPrivateKey` (RFC 5915).
#[derive(Sequence)]
struct EcPrivateKey<'a> {
    version: u8,
    private_key: &'a OctetStringRef,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    parameters: Option<AnyRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    public_key: Option<AnyRef<'a>>,
}

const PART: &str = "the private key";

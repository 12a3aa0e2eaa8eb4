//! The kind of a key, and whether Key Vault supports it.

use std::fmt;

use der::asn1::ObjectIdentifier;

/// The kind of a public or private key.
///
/// ```
/// use akv_core::bundle::{Curve, KeyKind};
/// assert_eq!(KeyKind::Rsa { bits: 2048 }.to_string(), "RSA-2048");
/// assert_eq!(KeyKind::Ec(Curve::P256K).to_string(), "EC P-256K");
/// assert!(!KeyKind::Rsa { bits: 1024 }.is_supported());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA with a modulus of this length.
    Rsa {
        /// The length of the modulus in bits.
        bits: u32,
    },
    /// An elliptic curve that Key Vault supports.
    Ec(Curve),
    /// Any other kind, by its name if known, or else by its object identifier.
    Other(String),
}

impl KeyKind {
    /// Whether Key Vault imports such a key: RSA of 2048, 3072 or 4096 bits, or one of its four
    /// curves (Key Vault data plane 7.6, `KeyType` and `JsonWebKeyCurveName`).
    pub fn is_supported(&self) -> bool {
        match self {
            Self::Rsa { bits } => matches!(bits, 2048 | 3072 | 4096),
            Self::Ec(_) => true,
            Self::Other(_) => false,
        }
    }

    /// Whether it is an elliptic-curve key, on whatever curve.
    pub fn is_ec(&self) -> bool {
        match self {
            Self::Ec(_) => true,
            Self::Other(name) => name.starts_with("EC "),
            Self::Rsa { .. } => false,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::Ec(curve) => write!(f, "EC {curve}"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// A curve that Key Vault supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// SECG secp256k1.
    P256K,
}

impl Curve {
    /// The name in Key Vault's JSON (`crv`, data plane 7.6).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::P256K => "P-256K",
        }
    }

    /// The curve of that name.
    pub fn named(name: &str) -> Option<Self> {
        let known = [Self::P256, Self::P384, Self::P521, Self::P256K];
        known.into_iter().find(|curve| curve.as_str() == name)
    }

    /// The length of a field element of the curve, in bits.
    pub const fn bits(self) -> u32 {
        match self {
            Self::P256 | Self::P256K => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// The same in octets.
    pub(super) const fn field_length(self) -> usize {
        self.bits().div_ceil(8) as usize
    }

    pub(super) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        match oid {
            PRIME256V1 => Some(Self::P256),
            SECP384R1 => Some(Self::P384),
            SECP521R1 => Some(Self::P521),
            SECP256K1 => Some(Self::P256K),
            _ => None,
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const PRIME256V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");

//! Public keys, in a form for comparison.

use der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::algorithm;
use super::element::{Element, tag};
use super::key_kind::{Curve, KeyKind};

/// A public key in a form in which equal keys have equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// The point is compressed, because certificates can contain it in either form.
    Ec {
        curve: Curve,
        point: Vec<u8>,
    },
    /// A kind of key that is not parsed.
    Other(KeyKind),
    /// A key that does not match its algorithm.
    Unreadable(KeyKind),
}

impl PublicKey {
    /// The key of a certificate: its `AlgorithmIdentifier` and the content of its bit string.
    pub(super) fn of_certificate(algorithm: &Element<'_>, bits: &[u8]) -> Self {
        let Some(algorithm) = algorithm::identifier(algorithm) else {
            return Self::Other(KeyKind::Other(algorithm::name_of(algorithm)));
        };
        let known = match algorithm.oid {
            algorithm::RSA => Self::from_pkcs1(bits),
            algorithm::EC => named_curve(algorithm).and_then(|curve| Self::ec(curve, bits)),
            _ => None,
        };
        known.unwrap_or_else(|| match (algorithm.oid, named_curve(algorithm)) {
            (algorithm::RSA, _) | (algorithm::EC, Some(_)) => {
                Self::Unreadable(other_kind(algorithm))
            }
            _ => Self::Other(other_kind(algorithm)),
        })
    }

    /// From `RSAPublicKey` (RFC 8017 appendix A.1.1).
    fn from_pkcs1(der: &[u8]) -> Option<Self> {
        let (key, _) = Element::read(der).filter(|(key, _)| key.tag == tag::SEQUENCE)?;
        let mut numbers = key.elements();
        let mut number = || {
            let octets = numbers.next_if(tag::INTEGER)?.content;
            let first = octets.iter().position(|octet| *octet != 0)?;
            octets.get(first..).map(<[u8]>::to_vec)
        };
        Some(Self::Rsa { modulus: number()?, exponent: number()? })
    }

    pub(super) fn rsa(modulus: UintRef<'_>, exponent: UintRef<'_>) -> Self {
        Self::Rsa { modulus: modulus.as_bytes().to_vec(), exponent: exponent.as_bytes().to_vec() }
    }

    /// From a SEC 1 point, compressed or not.
    pub(super) fn ec(curve: Curve, point: &[u8]) -> Option<Self> {
        let point = match point {
            [0x02 | 0x03, ..] => point.to_vec(),
            [0x04, coordinates @ ..] if coordinates.len() % 2 == 0 => {
                let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
                let sign = 0x02 | (y.last()? & 1);
                [&[sign], x].concat()
            }
            _ => return None,
        };
        Some(Self::Ec { curve, point })
    }

    pub(super) fn kind(&self) -> KeyKind {
        match self {
            Self::Rsa { modulus, .. } => KeyKind::Rsa { bits: bit_length(modulus) },
            Self::Ec { curve, .. } => KeyKind::Ec(*curve),
            Self::Other(kind) | Self::Unreadable(kind) => kind.clone(),
        }
    }

    pub(super) fn is_readable(&self) -> bool {
        !matches!(self, Self::Unreadable(_))
    }
}

/// The curve of an EC algorithm, if Key Vault supports it.
pub(super) fn named_curve(algorithm: AlgorithmIdentifierRef<'_>) -> Option<Curve> {
    Curve::from_oid(algorithm.parameters_oid().ok()?)
}

/// The kind of a key that Key Vault does not support.
pub(super) fn other_kind(algorithm: AlgorithmIdentifierRef<'_>) -> KeyKind {
    let short = |oid: ObjectIdentifier| {
        let name = algorithm::name(oid);
        name.split_once(" (").map_or(name.clone(), |(short, _)| short.to_owned())
    };
    KeyKind::Other(match (algorithm.oid, algorithm.parameters_oid()) {
        (algorithm::EC, Ok(curve)) => format!("EC {}", short(curve)),
        (algorithm::EC, Err(_)) => "EC with explicit parameters".to_owned(),
        (oid, _) => short(oid),
    })
}

fn bit_length(modulus: &[u8]) -> u32 {
    let bytes = u32::try_from(modulus.len()).unwrap_or(u32::MAX);
    let unused = modulus.first().map_or(0, |byte| byte.leading_zeros());
    bytes.saturating_mul(8).saturating_sub(unused)
}

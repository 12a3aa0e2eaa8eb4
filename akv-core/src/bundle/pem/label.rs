//! The known labels of PEM blocks.

use super::super::shape::Shape;

/// The content of a block according to its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// This structure, if the content does not decide.
    Shape(Shape),
    /// A key in OpenSSH's own format.
    OpenSsh,
    /// A block that accompanies keys and certificates and is ignored.
    Unused,
}

pub(super) fn claim(label: &str) -> Option<Claim> {
    found(label).map(|(_, claim)| *claim)
}

/// The label if it may be shown: an unknown one may be anything, even a key.
pub(super) fn known_label(label: &str) -> Option<&'static str> {
    found(label).map(|(known, _)| *known)
}

fn found(label: &str) -> Option<&'static (&'static str, Claim)> {
    LABELS.iter().find(|(known, _)| *known == label)
}

const LABELS: &[(&str, Claim)] = &[
    ("CERTIFICATE", Claim::Shape(Shape::Certificate)),
    ("X509 CERTIFICATE", Claim::Shape(Shape::Certificate)),
    ("TRUSTED CERTIFICATE", Claim::Shape(Shape::Certificate)),
    ("PRIVATE KEY", Claim::Shape(Shape::Pkcs8)),
    ("ANY PRIVATE KEY", Claim::Shape(Shape::Pkcs8)),
    ("ENCRYPTED PRIVATE KEY", Claim::Shape(Shape::EncryptedPkcs8)),
    ("RSA PRIVATE KEY", Claim::Shape(Shape::Pkcs1)),
    ("EC PRIVATE KEY", Claim::Shape(Shape::Sec1)),
    ("DSA PRIVATE KEY", Claim::Shape(Shape::Dsa)),
    ("OPENSSH PRIVATE KEY", Claim::OpenSsh),
    ("PKCS12", Claim::Shape(Shape::Pkcs12)),
    ("PKCS7", Claim::Shape(Shape::Pkcs7)),
    ("PKCS #7 SIGNED DATA", Claim::Shape(Shape::Pkcs7)),
    ("CMS", Claim::Shape(Shape::Pkcs7)),
    ("CERTIFICATE CHAIN", Claim::Shape(Shape::Pkcs7)),
    ("CERTIFICATE REQUEST", Claim::Unused),
    ("NEW CERTIFICATE REQUEST", Claim::Unused),
    ("X509 CRL", Claim::Unused),
    ("PUBLIC KEY", Claim::Unused),
    ("RSA PUBLIC KEY", Claim::Unused),
    ("EC PARAMETERS", Claim::Unused),
    ("DH PARAMETERS", Claim::Unused),
];

//! A certificate, parsed as leniently as OpenSSL and Java do: each needed field separately. The
//! bytes are passed on unchanged.

use std::fmt;
use std::sync::OnceLock;

use time::OffsetDateTime;

use super::algorithm;
use super::certificate_layout::CertificateLayout;
use super::element::Element;
use super::extensions::{AlternativeName, KEY_CERT_SIGN};
use super::key_kind::KeyKind;
use super::name::{ComparableName, shown};
use super::public_key::PublicKey;
use super::signature::{self, Verdict};
use super::subject::SubjectName;
use super::unreadable::{CertificateError, UnknownField};
use crate::certificate::Thumbprint;
use crate::text::hexadecimal;

/// An X.509 certificate. Two certificates are equal if their bytes are.
///
/// An unused extension, a time without seconds or a negative serial number does not make a
/// certificate unreadable. A needed field that cannot be parsed is unknown, and
/// [`unknown_fields`](Self::unknown_fields) states the reason.
///
/// ```
/// use akv_core::bundle::X509;
/// let error = X509::from_der(b"\x30\x03\x02\x01\x00").unwrap_err();
/// assert_eq!(error.to_string(), "it is not laid out as a certificate");
/// ```
#[derive(Clone)]
pub struct X509 {
    der: Vec<u8>,
    /// Most certificates are never compared.
    subject: OnceLock<ComparableName>,
    issuer: OnceLock<ComparableName>,
    public_key: PublicKey,
    not_before: Option<OffsetDateTime>,
    not_after: Option<OffsetDateTime>,
    is_ca: Option<bool>,
    may_sign: Option<bool>,
}

impl X509 {
    /// Parses the certificate at the start of `bytes`, of at most 64 KiB: Key Vault stores less
    /// than half of that. Data after it is ignored.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        let (whole, parts) = laid_out(bytes)?;
        let [not_before, not_after] = parts.validity_ends().map(Result::ok);
        let usages = parts.extensions.key_usages().ok().flatten();
        Ok(Self {
            subject: OnceLock::new(),
            issuer: OnceLock::new(),
            public_key: PublicKey::of_certificate(&parts.key_algorithm, parts.key),
            not_before,
            not_after,
            is_ca: parts.extensions.is_authority().ok().flatten(),
            may_sign: usages.map(|usages| usages.contains(&KEY_CERT_SIGN)),
            der: whole.to_vec(),
        })
    }

    /// Whether [`from_der`](Self::from_der) can parse `bytes`, which this method finds out faster.
    ///
    /// ```
    /// use akv_core::bundle::X509;
    /// assert!(!X509::can_parse(b"\x30\x03\x02\x01\x00"));
    /// ```
    pub fn can_parse(bytes: &[u8]) -> bool {
        laid_out(bytes).is_ok()
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject as in RFC 4514, the most specific part first: `CN=web,O=Contoso`, whatever its
    /// string types. It is not made printable; use [`label`](Self::label) for messages.
    pub fn subject(&self) -> String {
        self.parts().subject.to_string()
    }

    /// The issuer, in the same form as [`subject`](Self::subject).
    pub fn issuer(&self) -> String {
        self.parts().issuer.to_string()
    }

    /// Its label in messages: the subject or, if that is empty, `(no subject)` and its first DNS
    /// name, e-mail address or serial number. Printable, and at most some two hundred characters
    /// long.
    pub fn label(&self) -> String {
        let parts = self.parts();
        if !parts.subject.0.content.is_empty() {
            return shown(&parts.subject.to_string());
        }
        let first = self.dns_names().into_iter().chain(self.emails()).next();
        let other = first.unwrap_or_else(|| format!("serial number {}", self.serial_number()));
        format!("(no subject) {}", shown(&other))
    }

    /// The label of its issuer in messages.
    pub(super) fn issuer_label(&self) -> String {
        shown(&self.issuer())
    }

    /// The subject, for a request with the same subject; `None` if a part of it is not text.
    pub fn subject_name(&self) -> Option<SubjectName> {
        SubjectName::of(self.parts().subject)
    }

    /// The subject's first common name.
    pub fn common_name(&self) -> Option<String> {
        self.parts().subject.common_name()
    }

    /// The issuer's first common name.
    pub fn issuer_common_name(&self) -> Option<String> {
        self.parts().issuer.common_name()
    }

    /// Its subject alternative names, in its own order.
    pub fn alternative_names(&self) -> Vec<AlternativeName> {
        self.parts().extensions.alternative_names().ok().flatten().unwrap_or_default()
    }

    /// The DNS names among its alternative names.
    pub fn dns_names(&self) -> Vec<String> {
        let dns = |name| if let AlternativeName::Dns(name) = name { Some(name) } else { None };
        self.alternative_names().into_iter().filter_map(dns).collect()
    }

    /// The e-mail addresses among its alternative names.
    pub fn emails(&self) -> Vec<String> {
        let email = |name| if let AlternativeName::Email(name) = name { Some(name) } else { None };
        self.alternative_names().into_iter().filter_map(email).collect()
    }

    /// The SHA-1 of the certificate.
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(&self.der)
    }

    /// The serial number's octets as hexadecimal digits without separators, unchanged from the
    /// certificate.
    pub fn serial_number(&self) -> String {
        hexadecimal(self.parts().serial_number)
    }

    /// Not valid before (UTC); `None` if it cannot be parsed.
    pub fn not_before(&self) -> Option<OffsetDateTime> {
        self.not_before
    }

    /// Not valid after (UTC); `None` if it cannot be parsed.
    pub fn not_after(&self) -> Option<OffsetDateTime> {
        self.not_after
    }

    /// Whether it is certainly valid at that time.
    pub fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        self.not_before.is_some_and(|begin| begin <= now)
            && self.not_after.is_some_and(|end| now <= end)
    }

    /// The kind of its key.
    pub fn key_kind(&self) -> KeyKind {
        self.public_key.kind()
    }

    /// The signature algorithm for messages: `RSA with SHA-256 (1.2.840.113549.1.1.11)`.
    pub fn signature_algorithm_name(&self) -> String {
        algorithm::name_of(&self.parts().signature_algorithm)
    }

    /// Whether it is a CA certificate (basic constraints, RFC 5280 4.2.1.9).
    pub fn is_ca(&self) -> bool {
        self.is_ca == Some(true)
    }

    /// Its key usages, with the names of RFC 5280 (4.2.1.3), which Key Vault uses too; `None` if
    /// the extension is absent.
    pub fn key_usages(&self) -> Option<Vec<&'static str>> {
        self.parts().extensions.key_usages().ok().flatten()
    }

    /// The object identifiers of its extended key usages (RFC 5280 4.2.1.12); `None` if the
    /// extension is absent.
    pub fn extended_key_usages(&self) -> Option<Vec<String>> {
        self.parts().extensions.extended_key_usages().ok().flatten()
    }

    /// Its fields that cannot be parsed.
    pub fn unknown_fields(&self) -> Vec<UnknownField> {
        let parts = self.parts();
        let extensions = parts.extensions;
        let [not_before, not_after] = parts.validity_ends();
        let readable = |yes: bool, reason| if yes { Ok(()) } else { Err(reason) };
        [
            (
                "extensions",
                readable(extensions.are_readable(), "they are not laid out as RFC 5280 says"),
            ),
            ("subject", readable(parts.subject.is_readable(), "it is not laid out as a name")),
            ("issuer", readable(parts.issuer.is_readable(), "it is not laid out as a name")),
            (
                "public key",
                readable(
                    self.public_key.is_readable(),
                    "its encoding does not match its algorithm",
                ),
            ),
            ("beginning of the validity", not_before.map(drop)),
            ("end of the validity", not_after.map(drop)),
            ("key usage", extensions.key_usages().map(drop)),
            ("basic constraints", extensions.is_authority().map(drop)),
            ("extended key usage", extensions.extended_key_usages().map(drop)),
            ("alternative names", extensions.alternative_names().map(drop)),
            ("subject key identifier", extensions.subject_key_identifier().map(drop)),
            ("authority key identifier", extensions.authority_key_identifier().map(drop)),
        ]
        .into_iter()
        .filter_map(|(field, read)| Some(UnknownField { field, reason: read.err()? }))
        .collect()
    }

    /// Whether subject and issuer are the same; see also [`is_self_signed`](Self::is_self_signed).
    pub(super) fn is_self_issued(&self) -> bool {
        self.comparable_subject() == self.comparable_issuer()
    }

    /// Whether it is signed with its own key. If the signature algorithm is not implemented, equal
    /// subject and issuer decide.
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && signature::verify(self, self) != Verdict::Invalid
    }

    /// Whether `issuer` has this certificate's issuer name. Names are compared as in RFC 5280
    /// (7.1), whatever their string types.
    pub fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.comparable_issuer() == issuer.comparable_subject()
    }

    /// Whether its subject could be parsed; otherwise it cannot match an issuer name.
    pub(super) fn has_known_subject(&self) -> bool {
        self.parts().subject.is_readable()
    }

    pub(super) fn has_known_issuer(&self) -> bool {
        self.parts().issuer.is_readable()
    }

    /// Whether its issuer name is `name`.
    pub(super) fn has_issuer_named(&self, name: ComparableName) -> bool {
        self.comparable_issuer() == name
    }

    /// Whether both have the same subject and key.
    pub(super) fn is_of_same_key(&self, other: &Self) -> bool {
        self.comparable_subject() == other.comparable_subject()
            && self.public_key == other.public_key
    }

    /// Whether its own extensions allow it to have issued `certificate`: key identifier, basic
    /// constraints and key usage.
    pub(super) fn fits_as_issuer_of(&self, certificate: &Self) -> bool {
        let wanted = certificate.parts().extensions.authority_key_identifier().ok().flatten();
        let had = self.parts().extensions.subject_key_identifier().ok().flatten();
        let other_key = wanted.zip(had).is_some_and(|(wanted, had)| wanted != had);
        !other_key && self.is_ca != Some(false) && self.may_sign != Some(false)
    }

    pub(super) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The content of the public key's bit string: a point of the curve, or RSA's two numbers in
    /// DER.
    pub fn key_bits(&self) -> &[u8] {
        self.parts().key
    }

    /// The `AlgorithmIdentifier` of the signature.
    pub(super) fn signature_algorithm(&self) -> Element<'_> {
        self.parts().signature_algorithm
    }

    pub(super) fn signature(&self) -> &[u8] {
        self.parts().signature
    }

    /// The bytes that the issuer signed.
    pub(super) fn signed_part(&self) -> &[u8] {
        self.parts().signed
    }

    fn comparable_subject(&self) -> ComparableName {
        *self.subject.get_or_init(|| self.parts().subject.comparable())
    }

    fn comparable_issuer(&self) -> ComparableName {
        *self.issuer.get_or_init(|| self.parts().issuer.comparable())
    }

    fn parts(&self) -> CertificateLayout<'_> {
        // This was parsed successfully before.
        laid_out(&self.der).map_or_else(|_| CertificateLayout::default(), |(_, parts)| parts)
    }
}

/// The bytes of the certificate at the start of `bytes`, and its parts.
fn laid_out(bytes: &[u8]) -> Result<(&[u8], CertificateLayout<'_>), CertificateError> {
    let (whole, _) = Element::read(bytes).ok_or(CertificateError::new(SHORT))?;
    if whole.whole.len() > MAX_BYTES {
        return Err(CertificateError::new("it has more than 64 KiB"));
    }
    Ok((whole.whole, CertificateLayout::read(whole)?))
}

impl PartialEq for X509 {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for X509 {}

impl fmt::Debug for X509 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "X509({}, {})", self.label(), self.thumbprint())
    }
}

const MAX_BYTES: usize = 64 * 1024;
const SHORT: &str = "it ends too early or is not DER";

//! A certificate, parsed once.

use std::fmt;

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode, Reader, SliceReader};
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::Time;

use super::error::BundleError;
use super::key_kind::KeyKind;
use super::name::ComparableName;
use super::public_key::PublicKey;
use super::signature::{self, Verdict};
use crate::certificate::Thumbprint;

/// An X.509 certificate. Equal when the bytes are.
#[derive(Clone)]
pub struct X509 {
    der: Vec<u8>,
    certificate: Certificate,
    subject: ComparableName,
    issuer: ComparableName,
    spki: Vec<u8>,
    public_key: PublicKey,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl X509 {
    /// Reads a certificate from its DER, of at most 64 KiB: Key Vault stores less than half of that.
    pub fn from_der(der: &[u8]) -> Result<Self, BundleError> {
        if der.len() > MAX_BYTES {
            return Err(damaged(format_args!("it takes {} bytes", der.len())));
        }
        let certificate = Certificate::from_der(der).map_err(damaged)?;
        let tbs = certificate.tbs_certificate();
        let spki = tbs.subject_public_key_info().to_der().map_err(damaged)?;
        let public_key =
            PublicKey::of_certificate(&SubjectPublicKeyInfoRef::from_der(&spki).map_err(damaged)?);
        Ok(Self {
            der: der.to_vec(),
            subject: ComparableName::new(tbs.subject()),
            issuer: ComparableName::new(tbs.issuer()),
            public_key,
            not_before: moment(tbs.validity().not_before)?,
            not_after: moment(tbs.validity().not_after)?,
            spki,
            certificate,
        })
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject as RFC 4514 writes it, the most specific part first: `CN=web,O=Contoso`.
    pub fn subject(&self) -> String {
        self.certificate.tbs_certificate().subject().to_string()
    }

    /// The issuer as RFC 4514 writes it.
    pub fn issuer(&self) -> String {
        self.certificate.tbs_certificate().issuer().to_string()
    }

    /// The subject's first common name.
    pub fn common_name(&self) -> Option<String> {
        let subject = self.certificate.tbs_certificate().subject();
        let attribute = subject.iter().find(|attribute| attribute.oid == COMMON_NAME)?;
        super::name::text(&attribute.value)
    }

    /// The DNS names that it is valid for (subject alternative name, RFC 5280 4.2.1.6).
    pub fn dns_names(&self) -> Vec<String> {
        let tbs = self.certificate.tbs_certificate();
        let Ok(Some((_, names))) = tbs.get_extension::<SubjectAltName>() else { return Vec::new() };
        let dns = |name: &GeneralName| match name {
            GeneralName::DnsName(name) => Some(name.to_string()),
            _ => None,
        };
        names.0.iter().filter_map(dns).collect()
    }

    /// The SHA-1 of the certificate.
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(&self.der)
    }

    /// The serial number, as hexadecimal digits without separators.
    pub fn serial(&self) -> String {
        use fmt::Write as _;
        let serial = self.certificate.tbs_certificate().serial_number();
        serial.as_bytes().iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02X}");
            text
        })
    }

    /// Not valid before (UTC).
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// Not valid after (UTC).
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// What kind of key it certifies.
    pub fn key_kind(&self) -> KeyKind {
        self.public_key.kind()
    }

    /// Whether it says that it may issue certificates (basic constraints, RFC 5280 4.2.1.9).
    pub fn is_ca(&self) -> bool {
        let constraints = self.certificate.tbs_certificate().get_extension::<BasicConstraints>();
        constraints.ok().flatten().is_some_and(|(_, constraints)| constraints.ca)
    }

    /// Whether subject and issuer are the same; see also [`is_self_signed`](Self::is_self_signed).
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether it is signed with its own key. Where the signature algorithm is not implemented,
    /// equal subject and issuer are taken for it.
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && signature::verify(self, self) != Verdict::Invalid
    }

    /// Whether `issuer` has the name that this certificate names as its issuer's.
    pub(super) fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject
    }

    /// Whether the key identifiers of both agree; `None` where one of them has none.
    pub(super) fn key_identifier_agrees(&self, issuer: &Self) -> Option<bool> {
        let tbs = self.certificate.tbs_certificate();
        let (_, wanted) = tbs.get_extension::<AuthorityKeyIdentifier>().ok()??;
        let tbs = issuer.certificate.tbs_certificate();
        let (_, had) = tbs.get_extension::<SubjectKeyIdentifier>().ok()??;
        Some(wanted.key_identifier? == had.0)
    }

    pub(super) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The public key as `SubjectPublicKeyInfo`.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub(super) fn signature_algorithm(&self) -> &AlgorithmIdentifierOwned {
        self.certificate.signature_algorithm()
    }

    pub(super) fn signature(&self) -> &[u8] {
        self.certificate.signature().raw_bytes()
    }

    /// The part that is signed, byte for byte as the issuer signed it.
    pub(super) fn signed_part(&self) -> &[u8] {
        let signed = SliceReader::new(&self.der).and_then(|mut reader| {
            reader.sequence(|inner| {
                let signed = inner.tlv_bytes()?;
                while !inner.is_finished() {
                    inner.tlv_bytes()?;
                }
                Ok::<_, der::Error>(signed)
            })
        });
        // A certificate that has been parsed has that part.
        signed.unwrap_or_default()
    }
}

impl PartialEq for X509 {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for X509 {}

impl fmt::Debug for X509 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "X509({}, {})", self.subject(), self.thumbprint())
    }
}

fn moment(time: Time) -> Result<OffsetDateTime, BundleError> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(damaged)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(damaged)
}

fn damaged(error: impl fmt::Display) -> BundleError {
    BundleError::damaged("a certificate", error)
}

/// A parsed certificate can take twenty-five times the memory of its bytes.
const MAX_BYTES: usize = 64 * 1024;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

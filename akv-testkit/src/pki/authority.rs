//! CAs and the leaves that they issue.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use crate::pki::pfx;

/// A root CA and an intermediate CA that issues leaves.
///
/// Validity is relative to the given time, so that it works with a fake clock. RSA keys come from
/// public fixtures: use them only for tests.
///
/// ```
/// use akv_testkit::pki::{Key, TestPki};
/// use time::OffsetDateTime;
///
/// let pki = TestPki::new(OffsetDateTime::now_utc());
/// let leaf = pki.leaf("www.contoso.com").key(Key::P256).issue();
/// assert_eq!(leaf.chain().len(), 2);
/// assert!(leaf.pem().starts_with("-----BEGIN PRIVATE KEY-----"));
/// ```
#[derive(Debug)]
pub struct TestPki {
    pub(super) now: OffsetDateTime,
    pub(super) root: CertificateAuthority,
    pub(super) intermediate: CertificateAuthority,
}

/// The key of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Key {
    /// RSA with 2048 bits, always the same key.
    #[default]
    Rsa2048,
    /// RSA with 2048 bits, another fixed key.
    OtherRsa2048,
    /// RSA with 3072 bits, always the same key.
    Rsa3072,
    /// RSA with 4096 bits, always the same key.
    Rsa4096,
    /// EC on P-256, a new key each time.
    P256,
    /// EC on P-384, a new key each time.
    P384,
    /// EC on P-521, a new key each time.
    P521,
}

#[derive(Debug)]
pub(super) struct CertificateAuthority {
    pub(super) der: Vec<u8>,
    pub(super) issuer: Issuer<'static, KeyPair>,
}

impl TestPki {
    /// CAs with an RSA key: their leaves of every kind can be imported into a vault.
    pub fn new(now: OffsetDateTime) -> Self {
        Self::with_keys(now, rsa(AUTHORITY_KEY), rsa(AUTHORITY_KEY))
    }

    /// CAs with EC keys: the service rejects their RSA leaves.
    pub fn elliptic(now: OffsetDateTime) -> Self {
        Self::with_keys(now, Key::P256.pair(), Key::P256.pair())
    }

    fn with_keys(now: OffsetDateTime, root: KeyPair, intermediate: KeyPair) -> Self {
        let root = CertificateAuthority::self_signed("Test Root", now, root);
        let intermediate = root.subordinate("Test Issuing CA", now, intermediate);
        Self { now, root, intermediate }
    }

    /// The root, as DER.
    pub fn root(&self) -> &[u8] {
        &self.root.der
    }

    /// The intermediate, as DER.
    pub fn intermediate(&self) -> &[u8] {
        &self.intermediate.der
    }

    /// Issues a certificate for a request (PKCS#10 DER): the leaf, the intermediate and the root.
    /// `None`: the request cannot be parsed.
    pub fn sign(&self, csr: &[u8]) -> Option<Vec<Vec<u8>>> {
        let mut request = CertificateSigningRequestParams::from_der(&csr.to_vec().into()).ok()?;
        request.params.not_before = self.now - Duration::DAY;
        request.params.not_after = self.now + Duration::days(365);
        let leaf = request.signed_by(&self.intermediate.issuer).ok()?;
        Some(vec![leaf.der().to_vec(), self.intermediate.der.clone(), self.root.der.clone()])
    }

    /// Starts a leaf for a host: RSA-2048, valid from yesterday for a year.
    pub fn leaf(&self, host: &str) -> LeafOrder<'_> {
        LeafOrder {
            pki: self,
            host: host.to_owned(),
            key: Key::default(),
            not_before: self.now - Duration::DAY,
            not_after: self.now + Duration::days(365),
        }
    }
}

/// A leaf before it is issued.
#[derive(Debug)]
pub struct LeafOrder<'a> {
    pki: &'a TestPki,
    host: String,
    key: Key,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl LeafOrder<'_> {
    /// Sets the kind of key.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// Sets the end of its validity.
    #[must_use]
    pub fn until(mut self, not_after: OffsetDateTime) -> Self {
        self.not_after = not_after;
        self.not_before = self.not_before.min(not_after - Duration::DAY);
        self
    }

    /// Issues it with a unique serial number.
    ///
    /// # Panics
    ///
    /// If the host is not a host name.
    #[expect(clippy::expect_used, reason = "an invalid test certificate fails the test")]
    pub fn issue(self) -> Leaf {
        let key = self.key.pair();
        let mut params = leaf_params(&self.host, self.not_before, self.not_after);
        params.serial_number = Some(SerialNumber::from(fastrand::u64(1..1 << 62)));
        let certificate = params
            .signed_by(&key, &self.pki.intermediate.issuer)
            .expect("a leaf that can be signed");
        Leaf {
            der: certificate.der().to_vec(),
            chain: vec![self.pki.intermediate.der.clone(), self.pki.root.der.clone()],
            key: key.serialize_der(),
        }
    }
}

/// A leaf with its key and its chain.
#[derive(Clone)]
pub struct Leaf {
    der: Vec<u8>,
    chain: Vec<Vec<u8>>,
    key: Vec<u8>,
}

impl std::fmt::Debug for Leaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leaf").field("thumbprint", &self.thumbprint()).finish_non_exhaustive()
    }
}

impl Leaf {
    /// The certificate, as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Intermediate and root, as DER.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The key, as PKCS#8 DER.
    pub fn key_pkcs8(&self) -> &[u8] {
        &self.key
    }

    /// The thumbprint.
    pub fn thumbprint(&self) -> akv_core::Thumbprint {
        akv_core::Thumbprint::of(&self.der)
    }

    /// A PKCS#12 file with key, leaf and chain, without a password.
    pub fn pfx(&self) -> Vec<u8> {
        pfx::write(Some(&self.key), &self.all(), 0)
    }

    /// A PKCS#12 file with only key and leaf.
    pub fn pfx_without_chain(&self) -> Vec<u8> {
        pfx::write(Some(&self.key), std::slice::from_ref(&self.der), 0)
    }

    /// A PKCS#12 file without the key, which the service rejects.
    pub fn pfx_without_key(&self) -> Vec<u8> {
        pfx::write(None, &self.all(), 0)
    }

    /// Key, leaf and chain as PEM, in the form that the service accepts.
    pub fn pem(&self) -> String {
        self.all()
            .iter()
            .fold(pem("PRIVATE KEY", &self.key), |text, der| text + &pem("CERTIFICATE", der))
    }

    fn all(&self) -> Vec<Vec<u8>> {
        let mut all = vec![self.der.clone()];
        all.extend_from_slice(&self.chain);
        all
    }
}

impl CertificateAuthority {
    #[expect(clippy::expect_used, reason = "the fields contain only our own data")]
    fn self_signed(name: &str, now: OffsetDateTime, key: KeyPair) -> Self {
        let params = authority_params(name, now);
        let certificate = params.self_signed(&key).expect("a root that can be signed");
        Self { der: certificate.der().to_vec(), issuer: Issuer::new(params, key) }
    }

    #[expect(clippy::expect_used, reason = "the fields contain only our own data")]
    fn subordinate(&self, name: &str, now: OffsetDateTime, key: KeyPair) -> Self {
        let params = authority_params(name, now);
        let certificate = params.signed_by(&key, &self.issuer).expect("a CA that can be signed");
        Self { der: certificate.der().to_vec(), issuer: Issuer::new(params, key) }
    }
}

impl Key {
    #[expect(clippy::expect_used, reason = "key generation fails only on a broken system")]
    pub(crate) fn pair(self) -> KeyPair {
        let algorithm = match self {
            Self::Rsa2048 => return rsa(LEAF_KEY_A),
            Self::OtherRsa2048 => return rsa(LEAF_KEY_B),
            Self::Rsa3072 => return rsa(RSA_3072),
            Self::Rsa4096 => return rsa(RSA_4096),
            Self::P256 => &PKCS_ECDSA_P256_SHA256,
            Self::P384 => &PKCS_ECDSA_P384_SHA384,
            Self::P521 => &PKCS_ECDSA_P521_SHA512,
        };
        KeyPair::generate_for(algorithm).expect("a key on a curve of the library's own")
    }
}

/// PEM with LF line ends.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out + "-----END " + label + "-----\n"
}

pub(super) fn leaf_params(
    host: &str,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> CertificateParams {
    // A name that is not a host name gets a certificate without an alternative name.
    let names = vec![host.to_owned()];
    let mut params = CertificateParams::new(names).unwrap_or_default();
    params.distinguished_name = distinguished_name(host);
    params.not_before = from;
    params.not_after = until;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority_params(name: &str, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(name);
    params.not_before = now - Duration::days(30);
    params.not_after = now + Duration::days(3650);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn distinguished_name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Fake Cloud");
    name.push(DnType::CommonName, common_name);
    name
}

#[expect(clippy::expect_used, reason = "the fixture is part of the program")]
fn rsa(text: &str) -> KeyPair {
    KeyPair::from_pem(text).expect("a key fixture that can be read")
}

const AUTHORITY_KEY: &str = include_str!("../../fixtures/keys/rsa-2048-authority.pem");
const LEAF_KEY_A: &str = include_str!("../../fixtures/keys/rsa-2048-leaf-a.pem");
const LEAF_KEY_B: &str = include_str!("../../fixtures/keys/rsa-2048-leaf-b.pem");
const RSA_3072: &str = include_str!("../../fixtures/keys/rsa-3072.pem");
const RSA_4096: &str = include_str!("../../fixtures/keys/rsa-4096.pem");

//! A CA for tests: leaves under one root, as PEM files.

use akv_core::Thumbprint;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256,
};
use time::{Duration, OffsetDateTime};

pub(crate) struct Pki {
    now: OffsetDateTime,
    root: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A leaf, its key and its root.
pub(crate) struct Leaf {
    certificate: Certificate,
    key: KeyPair,
    root: String,
}

impl Pki {
    pub(crate) fn new(now: OffsetDateTime) -> Self {
        let mut params = params("Test Root", now + Duration::days(3650), now);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = key();
        let root = params.self_signed(&key).expect("a root");
        Self { now, root, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn leaf(&self, host: &str) -> Leaf {
        self.leaf_until(host, self.now + Duration::days(365))
    }

    pub(crate) fn leaf_until(&self, host: &str, not_after: OffsetDateTime) -> Leaf {
        let key = key();
        let params = params(host, not_after, self.now.min(not_after));
        let certificate = params.signed_by(&key, &self.issuer).expect("a leaf");
        Leaf { certificate, key, root: self.root.pem() }
    }
}

impl Leaf {
    pub(crate) fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(self.certificate.der())
    }

    /// Key, leaf and root.
    pub(crate) fn pem(&self) -> Vec<u8> {
        (self.key.serialize_pem() + &self.certificate.pem() + &self.root).into_bytes()
    }

    pub(crate) fn pem_without_root(&self) -> Vec<u8> {
        (self.key.serialize_pem() + &self.certificate.pem()).into_bytes()
    }

    pub(crate) fn pem_without_key(&self) -> Vec<u8> {
        (self.certificate.pem() + &self.root).into_bytes()
    }
}

fn params(name: &str, not_after: OffsetDateTime, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (now - Duration::DAY, not_after);
    params
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key")
}

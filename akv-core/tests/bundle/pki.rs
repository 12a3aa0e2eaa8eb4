//! A small PKI for tests: CAs and leaves of any form, with keys that are generated quickly.

use akv_core::bundle::{Parts, PrivateKey, X509};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
};
use time::{Duration, OffsetDateTime};

use crate::fixtures::NOW;

/// A party with a name and a key, which can have several certificates.
pub(crate) struct Party {
    name: String,
    ca: bool,
    key: KeyPair,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl Party {
    pub(crate) fn authority(name: &str) -> Self {
        Self { ca: true, ..Self::leaf(name) }
    }

    pub(crate) fn leaf(name: &str) -> Self {
        Self::with_key(name, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap())
    }

    pub(crate) fn with_key(name: &str, key: KeyPair) -> Self {
        Self {
            name: name.to_owned(),
            ca: false,
            key,
            not_before: NOW - Duration::days(30),
            not_after: NOW + Duration::days(365),
        }
    }

    pub(crate) fn valid(self, not_before: OffsetDateTime, not_after: OffsetDateTime) -> Self {
        Self { not_before, not_after, ..self }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, self.name.as_str());
        if self.ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        (params.not_before, params.not_after) = (self.not_before, self.not_after);
        params
    }

    pub(crate) fn self_signed(&self) -> X509 {
        let certificate = self.params().self_signed(&self.key).unwrap();
        X509::from_der(certificate.der()).unwrap()
    }

    /// A certificate for this party, signed by `issuer`.
    pub(crate) fn signed_by(&self, issuer: &Self) -> X509 {
        let issuer = Issuer::new(issuer.params(), &issuer.key);
        let certificate = self.params().signed_by(&self.key, &issuer).unwrap();
        X509::from_der(certificate.der()).unwrap()
    }

    /// A certificate for this party that names `named` as its issuer but was signed by `signer`.
    pub(crate) fn signed_in_the_name_of(&self, named: &Self, signer: &Self) -> X509 {
        let issuer = Issuer::new(named.params(), &signer.key);
        let certificate = self.params().signed_by(&self.key, &issuer).unwrap();
        X509::from_der(certificate.der()).unwrap()
    }

    pub(crate) fn private_key(&self) -> PrivateKey {
        PrivateKey::from_pkcs8(self.key.serialized_der()).unwrap()
    }

    /// The parts of a file with this party's key and these certificates.
    pub(crate) fn contents(&self, certificates: &[&X509]) -> Parts {
        let certificates = certificates.iter().copied().cloned().collect();
        Parts::new(vec![self.private_key()], certificates)
    }
}

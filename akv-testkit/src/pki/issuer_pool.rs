//! Very many certificates at almost no cost.

use rcgen::KeyPair;
use time::{Duration, OffsetDateTime};

use crate::pki::authority::{Key, TestPki, leaf_params};

/// A cheap CA for very many certificates: all leaves share one key, and each is issued when it is
/// first read.
#[derive(Debug)]
pub(crate) struct IssuerPool {
    pki: TestPki,
    key: KeyPair,
}

impl IssuerPool {
    pub(crate) fn new(now: OffsetDateTime) -> Self {
        Self { pki: TestPki::elliptic(now), key: Key::P256.pair() }
    }

    /// Leaf, intermediate and root.
    pub(crate) fn certificates(&self, name: &str) -> Vec<Vec<u8>> {
        let now = self.pki.now;
        let params = leaf_params(name, now - Duration::DAY, now + Duration::days(365));
        let issuer = &self.pki.intermediate.issuer;
        let leaf = params.signed_by(&self.key, issuer).map(|c| c.der().to_vec());
        let chain = [&self.pki.intermediate.der, &self.pki.root.der];
        leaf.into_iter().chain(chain.into_iter().cloned()).collect()
    }

    pub(crate) fn key_pkcs8(&self) -> Vec<u8> {
        self.key.serialize_der()
    }
}

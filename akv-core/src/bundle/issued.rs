//! The certificate of a CA for a request, without a key.

use time::OffsetDateTime;

use super::chain::Chain;
use super::finding::Finding;
use super::parts::Parts;
use super::pkcs10::CertificateRequest;
use super::review::{self, Reviewed};
use super::selection::without_duplicates;
use super::x509::X509;
use crate::certificate::Thumbprint;

/// The certificate that was issued for a request, and its chain.
#[derive(Debug, Clone)]
pub struct Issued {
    leaf: X509,
    chain: Vec<X509>,
    notes: Vec<Finding>,
}

impl Issued {
    /// Finds the certificate for the request's key in `issued`, and its chain in `issued` and in
    /// the certificates offered with it; `None` if no certificate has that key. Of several, the
    /// newest one that is valid at the time `now` has priority.
    pub fn of(request: &CertificateRequest, issued: Parts, now: OffsetDateTime) -> Option<Self> {
        let Parts { certificates, unreadable, offered, .. } = issued;
        let (mut certificates, mut notes) = without_duplicates(certificates);
        let meant = |one: &&X509| (one.is_valid_at(now), one.not_before(), one.thumbprint());
        let leaf = certificates.iter().filter(|one| request.is_of_same_key(one)).max_by_key(meant);
        let leaf = leaf?.clone();
        certificates.retain(|one| *one != leaf);
        let chain = Chain::build(&leaf, certificates, offered, now);
        notes.extend(chain.notes(&leaf));
        notes.extend(chain.losses(&leaf, &unreadable));
        Some(Self { leaf, chain: chain.issuers, notes })
    }

    /// The certificate for the request's key.
    pub fn leaf(&self) -> &X509 {
        &self.leaf
    }

    /// Leaf and chain as DER, leaf first.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.leaf).chain(&self.chain).map(X509::der)
    }

    /// The leaf's thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        self.leaf.thumbprint()
    }

    /// The findings about it at the time `now`, the most severe first.
    pub fn findings(&self, now: OffsetDateTime) -> Vec<Finding> {
        let Self { leaf, chain, notes } = self;
        let size = self.certificates().map(<[u8]>::len).sum();
        review::review(&Reviewed { leaf, chain, key_kind: leaf.key_kind(), size, notes }, now)
    }
}

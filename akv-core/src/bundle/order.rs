//! Orders certificates that are already in use: none is left out, whatever its faults.

use time::OffsetDateTime;

use super::chain::Chain;
use super::key::{KeyMatch, PrivateKey};
use super::parts::Parts;
use super::x509::X509;

/// The certificates from the leaf to the root, as in a [`Bundle`](super::Bundle), then the
/// certificates that do not belong to that chain. Duplicates are removed.
///
/// The leaf is the certificate of the key. Without a key it is the first certificate that issued
/// none of the others, preferably an end-entity certificate.
pub fn leaf_first(contents: Parts, now: OffsetDateTime) -> Vec<X509> {
    let Parts { keys, certificates: mut rest, offered, .. } = contents;
    if rest.is_empty() {
        return rest;
    }
    let leaf = rest.remove(leaf_of(&keys, &rest));
    let mut seen = vec![leaf.thumbprint()];
    rest.retain(|one| {
        let new = !seen.contains(&one.thumbprint());
        seen.push(one.thumbprint());
        new
    });
    let Chain { issuers, unrelated, .. } = Chain::build(&leaf, rest, offered, now);
    std::iter::once(leaf).chain(issuers).chain(unrelated).collect()
}

/// The certificate of the key. If the key stays in the vault: the first certificate that issued
/// none of the others, preferably an end-entity certificate. Old roots do not say that they are CA
/// certificates, and the imported certificate can be an issuer itself.
fn leaf_of(keys: &[PrivateKey], certificates: &[X509]) -> usize {
    let fits = |one: &X509| keys.iter().any(|key| key.fits(one) == KeyMatch::Match);
    let is_end = |one: &X509| !certificates.iter().any(|it| is_issuer(one, it));
    let position = |which: &dyn Fn(&X509) -> bool| certificates.iter().position(which);
    position(&fits)
        .or_else(|| position(&|one| is_end(one) && !one.is_ca()))
        .or_else(|| position(&is_end))
        .unwrap_or_default()
}

fn is_issuer(one: &X509, of: &X509) -> bool {
    of.names_as_issuer(one) && one.thumbprint() != of.thumbprint()
}

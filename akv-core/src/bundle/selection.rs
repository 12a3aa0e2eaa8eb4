//! Selects the key of a file, its certificate, and the other certificates.

use std::cmp::Reverse;

use time::OffsetDateTime;

use super::error::BundleError;
use super::finding::{Finding, FindingCode};
use super::key::{KeyMatch, PrivateKey};
use super::unreadable::UnreadableCertificate;
use super::x509::X509;

/// The only key of the file; duplicates of it are allowed.
pub(super) fn only_key(
    keys: Vec<PrivateKey>,
    certificates: usize,
) -> Result<PrivateKey, BundleError> {
    let mut different: Vec<PrivateKey> = Vec::with_capacity(keys.len());
    for key in keys {
        if !different.iter().any(|other| other.is_same(&key)) {
            different.push(key);
        }
    }
    let key = different.pop().ok_or(BundleError::NoKey { certificates })?;
    if !different.is_empty() {
        return Err(BundleError::SeveralKeys { found: different.len() + 1 });
    }
    if certificates == 0 {
        return Err(BundleError::NoCertificate { key: key.kind() });
    }
    Ok(key)
}

pub(super) fn without_duplicates(certificates: Vec<X509>) -> (Vec<X509>, Vec<Finding>) {
    let mut once: Vec<X509> = Vec::with_capacity(certificates.len());
    let mut findings = Vec::new();
    for certificate in certificates {
        if once.contains(&certificate) {
            let message = format!("{} is in the file more than once", certificate.label());
            findings.push(Finding::new(FindingCode::DuplicateLeftOut, message));
        } else {
            once.push(certificate);
        }
    }
    (once, findings)
}

/// The certificate of the key, and the other certificates.
///
/// A key can have several certificates: renewals with the same key, or a self-signed one before the
/// issued one. Priority has a certificate that is valid at the time `now`, is an end-entity
/// certificate, is not self-signed, and is the newest.
pub(super) fn leaf_of(
    key: &PrivateKey,
    mut certificates: Vec<X509>,
    unreadable: &[UnreadableCertificate],
    now: OffsetDateTime,
) -> Result<(X509, Vec<X509>, KeyMatch), BundleError> {
    certificates.sort_by_cached_key(|certificate| {
        (
            !certificate.is_valid_at(now),
            certificate.is_ca(),
            certificate.is_self_issued(),
            Reverse(certificate.not_before()),
            certificate.thumbprint(),
        )
    });
    let position = |wanted| {
        let mut fits = certificates.iter().map(|certificate| key.fits(certificate));
        fits.position(|fit| fit == wanted).map(|position| (position, wanted))
    };
    if let Some((position, matched)) =
        position(KeyMatch::Match).or_else(|| position(KeyMatch::CannotTell))
    {
        let leaf = certificates.remove(position);
        return Ok((leaf, certificates, matched));
    }
    let without_key = certificates.iter().filter(|one| !one.public_key().is_readable());
    let without_key =
        without_key.map(|one| format!("the public key of {} cannot be read", one.label()));
    let unreadable: Vec<_> =
        unreadable.iter().map(ToString::to_string).chain(without_key).collect();
    let (key, subjects) = (key.kind(), certificates.iter().map(X509::label).collect());
    Err(if unreadable.is_empty() {
        BundleError::KeyFitsNoCertificate { key, subjects }
    } else {
        BundleError::LeafNotRead { key, unreadable }
    })
}

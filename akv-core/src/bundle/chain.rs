//! The chain from the leaf upwards, whatever the order in the file.

use std::cmp::Reverse;

use super::finding::{Finding, FindingCode};
use super::signature::{self, Verdict};
use super::x509::X509;

/// What was found above a leaf.
#[derive(Debug)]
pub(super) struct Chain {
    /// Each signed the one before it; the first signed the leaf.
    pub(super) issuers: Vec<X509>,
    /// Subjects of those whose signature could not be checked, so that name and key identifiers
    /// had to do.
    pub(super) unchecked: Vec<String>,
    /// What belongs to none of the above.
    pub(super) strangers: Vec<X509>,
}

impl Chain {
    /// Finds the issuers of `leaf` among `others`, which must not hold it or anything twice.
    ///
    /// An issuer is who has the right name and whose key verifies the signature. The result does
    /// not depend on the order of `others`.
    pub(super) fn build(leaf: &X509, others: Vec<X509>) -> Self {
        let mut chain = Self { issuers: Vec::new(), unchecked: Vec::new(), strangers: others };
        let mut attempts = MAX_ATTEMPTS;
        loop {
            let last = chain.issuers.last().unwrap_or(leaf);
            if last.is_self_signed() {
                return chain;
            }
            let Some((position, verdict)) = issuer(last, &chain.strangers, &mut attempts) else {
                return chain;
            };
            if verdict == Verdict::CannotTell {
                chain.unchecked.push(last.subject());
            }
            // Taking it out is also what ends a loop of certificates that sign each other.
            let issuer = chain.strangers.remove(position);
            chain.issuers.push(issuer);
        }
    }

    /// What there is to say about how it was built.
    pub(super) fn notes(&self, leaf: &X509) -> impl Iterator<Item = Finding> {
        let unchecked = self.unchecked.iter().map(|subject| {
            let message = format!(
                "the signature of {subject} could not be checked, its issuer was found by name"
            );
            Finding::new(FindingCode::SignatureNotChecked, message)
        });
        let strangers = self.strangers.iter().map(|stranger| {
            let (subject, thumbprint) = (stranger.subject(), stranger.thumbprint());
            let message =
                format!("{subject} ({thumbprint}) does not belong to the chain and is left out");
            Finding::new(FindingCode::StrangerLeftOut, message)
        });
        unchecked.chain(strangers).chain(self.gap(leaf))
    }

    /// A root in the file that the chain does not reach: who put it there meant the chain to.
    fn gap(&self, leaf: &X509) -> Option<Finding> {
        let top = self.issuers.last().filter(|top| !top.is_self_signed())?;
        let root = self.strangers.iter().find(|it| it.is_self_signed() && it.is_ca())?;
        let message = format!(
            "the chain of {} does not reach {}: {} is not in the file, export it with its chain",
            leaf.subject(),
            root.subject(),
            top.issuer()
        );
        Some(Finding::new(FindingCode::MissingIntermediate, message))
    }
}

/// The best issuer of `certificate`: one whose signature is valid, or else one whose signature
/// cannot be checked and whose key identifier does not speak against it.
fn issuer(
    certificate: &X509,
    candidates: &[X509],
    attempts: &mut usize,
) -> Option<(usize, Verdict)> {
    let mut named: Vec<_> = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| certificate.names_as_issuer(candidate))
        .collect();
    // Cross-signed authorities come in several certificates. The shortest way to a root is taken,
    // then the one that goes on within the file, then the one that lives longest.
    named.sort_by_cached_key(|(_, candidate)| {
        let goes_on = candidates.iter().any(|other| candidate.names_as_issuer(other));
        (
            certificate.key_identifier_agrees(candidate) == Some(false),
            !candidate.is_self_issued(),
            !goes_on,
            Reverse(candidate.not_after()),
            candidate.thumbprint(),
        )
    });
    let mut unchecked = None;
    for (position, candidate) in named {
        *attempts = attempts.checked_sub(1)?;
        match signature::verify(certificate, candidate) {
            Verdict::Valid => return Some((position, Verdict::Valid)),
            Verdict::CannotTell if unchecked.is_none() => {
                let agrees = certificate.key_identifier_agrees(candidate) != Some(false);
                unchecked = agrees.then_some((position, Verdict::CannotTell));
            }
            Verdict::CannotTell | Verdict::Invalid => {}
        }
    }
    unchecked
}

/// A hundred certificates of one name could otherwise cost five thousand verifications.
const MAX_ATTEMPTS: usize = 300;

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::{Chain, X509};

    /// Renewed within the same second, an authority has two certificates that differ in nothing that
    /// matters.
    #[test]
    fn equally_good_issuers_are_chosen_between_without_regard_to_their_order() {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let parse = |certificate: rcgen::Certificate| X509::from_der(certificate.der()).unwrap();
        let authorities: Vec<_> = [1_u64, 2]
            .map(|serial| {
                params.serial_number = Some(serial.into());
                parse(params.self_signed(&key).unwrap())
            })
            .into();
        let issuer = Issuer::new(params, &key);
        let leaf_key = KeyPair::generate().unwrap();
        let leaf = parse(CertificateParams::default().signed_by(&leaf_key, &issuer).unwrap());

        let reversed = authorities.iter().rev().cloned().collect();
        let one = Chain::build(&leaf, authorities).issuers;
        assert_eq!(one.len(), 1);
        assert_eq!(Chain::build(&leaf, reversed).issuers, one);
    }
}

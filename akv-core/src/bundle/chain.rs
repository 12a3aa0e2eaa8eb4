//! Builds the chain from the leaf upwards, whatever the order in the file.

use std::cmp::Reverse;

use time::OffsetDateTime;

use super::finding::{Finding, FindingCode};
use super::signature::{self, Verdict};
use super::unreadable::UnreadableCertificate;
use super::x509::X509;

/// The chain above a leaf.
#[derive(Debug)]
pub(super) struct Chain {
    /// Each one signed its predecessor; the first one signed the leaf.
    pub(super) issuers: Vec<X509>,
    /// Labels of the certificates whose signature could not be checked, so that name and key
    /// identifiers decided.
    pub(super) unchecked: Vec<String>,
    /// Labels of the certificates that are not in the file.
    pub(super) added: Vec<String>,
    /// The certificates of the file that do not belong to the chain.
    pub(super) unrelated: Vec<X509>,
}

impl Chain {
    /// Finds the issuers of `leaf` among `others` and `offered`. `others` is the rest of the leaf's
    /// file; it must contain neither the leaf nor duplicates. `offered` are certificates from
    /// outside the file.
    ///
    /// An issuer has the right name, and its key verifies the signature. Cross-signed CAs have
    /// several certificates, so there can be several paths. Certificates that are valid at the time
    /// `now` have priority, then a path to a root, then a shorter path, then certificates in the
    /// file. The result does not depend on the order of `others` and `offered`.
    pub(super) fn build(
        leaf: &X509,
        mut others: Vec<X509>,
        mut offered: Vec<X509>,
        now: OffsetDateTime,
    ) -> Self {
        // Among equal candidates, the one with the latest expiry comes first.
        let order = |one: &X509| (Reverse(one.not_after()), one.thumbprint());
        others.sort_by_cached_key(order);
        offered.sort_by_cached_key(order);
        offered.dedup();
        offered.retain(|one| one != leaf && !others.contains(one));
        // Certificates in the file come before the offered ones.
        let of_file = others.len();
        others.append(&mut offered);
        let path = Search::new(leaf, &others, now).path();
        let mut below = leaf;
        let (mut unchecked, mut added) = (Vec::new(), Vec::new());
        for (position, verdict) in &path {
            if *verdict == Verdict::CannotTell {
                unchecked.push(below.label());
            }
            below = others.get(*position).unwrap_or(below);
            if *position >= of_file {
                added.push(below.label());
            }
        }
        let mut others: Vec<_> = others.into_iter().map(Some).collect();
        let taken = path.iter().filter_map(|(position, _)| others.get_mut(*position)?.take());
        let issuers = taken.collect();
        others.truncate(of_file);
        let unrelated = others.into_iter().flatten().collect();
        Self { issuers, unchecked, added, unrelated }
    }

    /// The findings about the building of the chain.
    pub(super) fn notes(&self, leaf: &X509) -> Vec<Finding> {
        let unchecked = self.unchecked.iter().map(|label| {
            let message = format!(
                "the signature of {label} could not be checked, its issuer was found by name"
            );
            Finding::new(FindingCode::SignatureNotChecked, message)
        });
        let left_out = self.unrelated.iter().map(|certificate| {
            let (label, thumbprint) = (certificate.label(), certificate.thumbprint());
            if self.has_another_of(leaf, certificate) {
                let message = format!(
                    "{label} ({thumbprint}) was omitted: the bundle has another certificate of \
                     the same CA"
                );
                return Finding::new(FindingCode::AlternativeLeftOut, message);
            }
            let message =
                format!("{label} ({thumbprint}) does not belong to the chain and was omitted");
            Finding::new(FindingCode::UnrelatedCertificate, message)
        });
        let added = self.added.iter().map(|label| {
            let message = format!("{label} is not in the file and was added to the chain");
            Finding::new(FindingCode::IssuerAdded, message)
        });
        unchecked.chain(added).chain(left_out).collect()
    }

    /// Whether the bundle has another certificate with the same subject and key.
    fn has_another_of(&self, leaf: &X509, certificate: &X509) -> bool {
        std::iter::once(leaf).chain(&self.issuers).any(|member| member.is_of_same_key(certificate))
    }

    /// The unreadable certificates of the file, and whether the chain lacks one of them.
    ///
    /// It does if the chain has no root and an unreadable certificate may be the missing issuer. In
    /// that case, no finding may say that the issuer is not in the file.
    pub(super) fn losses(&self, leaf: &X509, unreadable: &[UnreadableCertificate]) -> Vec<Finding> {
        let top = self.issuers.last().unwrap_or(leaf);
        let lacks_issuer = !top.is_self_signed();
        let may_be_issuer = |one: &&UnreadableCertificate| {
            lacks_issuer && one.error.name().is_none_or(|name| top.has_issuer_named(name))
        };
        let (missing, left_out): (Vec<_>, Vec<_>) = unreadable.iter().partition(may_be_issuer);
        let left_out = left_out
            .iter()
            .map(|one| Finding::new(FindingCode::UnreadableLeftOut, one.to_string()));
        let mut findings: Vec<_> = left_out.collect();
        let nameless = self.unrelated.iter().filter(|one| lacks_issuer && !one.has_known_subject());
        let nameless =
            nameless.map(|one| format!("cannot read the subject of {}", one.thumbprint()));
        let mut missing: Vec<_> = missing.iter().map(ToString::to_string).chain(nameless).collect();
        if lacks_issuer && !top.has_known_issuer() {
            missing.push("the name of its issuer cannot be read".to_owned());
        }
        if missing.is_empty() {
            findings.extend(self.gap(leaf));
        } else {
            let message = format!(
                "cannot find the issuer of {} ({}) in the file: {}",
                top.label(),
                top.issuer_label(),
                missing.join("; ")
            );
            findings.push(Finding::new(FindingCode::IssuerNotRead, message));
        }
        findings
    }

    /// A root in the file that the chain does not reach: the file was meant to contain the full
    /// chain.
    fn gap(&self, leaf: &X509) -> Option<Finding> {
        let top = self.issuers.last().filter(|top| !top.is_self_signed())?;
        let mut roots = self.unrelated.iter().filter(|it| it.is_self_signed() && it.is_ca());
        let root = roots.find(|root| !self.has_another_of(leaf, root))?;
        let message = format!(
            "the chain of {} does not reach {}: {} is not in the file, export it with its chain",
            leaf.label(),
            root.label(),
            top.issuer_label()
        );
        Some(Finding::new(FindingCode::MissingIntermediate, message))
    }
}

/// The faults of a path, the most serious first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Faults {
    /// Certificates that are not valid now.
    not_valid: usize,
    /// Signatures that cannot be checked.
    unchecked: usize,
    /// Issuers whose own extensions do not allow the certificates that they signed.
    unsuitable: usize,
}

/// The best known path to a certificate.
#[derive(Debug, Clone, Copy)]
struct Step {
    faults: Faults,
    length: usize,
    /// The certificate below; `None` if that is the leaf.
    below: Option<usize>,
    verdict: Verdict,
    /// Whether no better path is possible.
    settled: bool,
}

impl Step {
    /// The lowest for the best path.
    fn cost(&self) -> (Faults, usize) {
        (self.faults, self.length)
    }
}

/// Dijkstra's algorithm for the best path: certificates are settled in the order of the faults of
/// their paths, so each is processed once, however many paths there are.
struct Search<'c> {
    leaf: &'c X509,
    others: &'c [X509],
    now: OffsetDateTime,
    steps: Vec<Option<Step>>,
    attempts: usize,
}

impl<'c> Search<'c> {
    fn new(leaf: &'c X509, others: &'c [X509], now: OffsetDateTime) -> Self {
        Self { leaf, others, now, steps: vec![None; others.len()], attempts: MAX_ATTEMPTS }
    }

    /// The issuers from the leaf upwards.
    fn path(mut self) -> Vec<(usize, Verdict)> {
        if self.leaf.is_self_signed() {
            return Vec::new();
        }
        self.look_above(None);
        // The best certificate without a further issuer.
        let mut end: Option<(usize, Step)> = None;
        let mut last = None;
        while let Some((position, step)) = self.settle_next() {
            if end.is_some_and(|(_, end)| end.faults < step.faults) {
                break;
            }
            if self.others.get(position).is_some_and(X509::is_self_signed) {
                return self.way_to(Some(position));
            }
            last = Some(position);
            let goes_on = self.look_above(Some(position));
            // The longest of equal paths: clients have to add the least.
            if !goes_on && end.is_none_or(|(_, end)| end.length < step.length) {
                end = Some((position, step));
            }
        }
        // CAs that only certify each other form an endless path.
        self.way_to(end.map(|(position, _)| position).or(last))
    }

    fn settle_next(&mut self) -> Option<(usize, Step)> {
        let open = self.steps.iter_mut().enumerate().filter_map(|(position, step)| {
            let step = step.as_mut().filter(|step| !step.settled)?;
            Some((position, step))
        });
        let (position, step) = open.min_by_key(|(position, step)| (step.cost(), *position))?;
        step.settled = true;
        Some((position, *step))
    }

    /// Records the paths to the certificate's issuers. Returns whether one of the issuers is new on
    /// this path.
    fn look_above(&mut self, below: Option<usize>) -> bool {
        let passed = self.way_to(below);
        let others = self.others;
        let certificate = below.and_then(|below| others.get(below)).unwrap_or(self.leaf);
        let (faults, length) = below
            .and_then(|below| self.steps.get(below).copied().flatten())
            .map_or_else(Default::default, |step| step.cost());
        let mut candidates: Vec<_> = others
            .iter()
            .enumerate()
            .filter(|(_, candidate)| certificate.names_as_issuer(candidate))
            .map(|(position, candidate)| {
                (!candidate.fits_as_issuer_of(certificate), position, candidate)
            })
            .collect();
        candidates.sort_by_key(|(unsuitable, position, _)| (*unsuitable, *position));
        // Several certificates with one key need only one verification.
        let mut verdicts: Vec<(&[u8], Verdict)> = Vec::new();
        let mut goes_on = false;
        for (unsuitable, position, candidate) in candidates {
            if passed.iter().any(|(passed, _)| *passed == position) {
                continue;
            }
            let same_key = verdicts.iter().find(|(other, _)| *other == candidate.key_bits());
            let verdict = if let Some((_, verdict)) = same_key {
                *verdict
            } else {
                let Some(left) = self.attempts.checked_sub(1) else { break };
                self.attempts = left;
                let verdict = signature::verify(certificate, candidate);
                verdicts.push((candidate.key_bits(), verdict));
                verdict
            };
            if verdict == Verdict::Invalid || (verdict == Verdict::CannotTell && unsuitable) {
                continue;
            }
            goes_on = true;
            let step = Step {
                faults: Faults {
                    not_valid: faults.not_valid + usize::from(!candidate.is_valid_at(self.now)),
                    unchecked: faults.unchecked + usize::from(verdict == Verdict::CannotTell),
                    unsuitable: faults.unsuitable + usize::from(unsuitable),
                },
                length: length + 1,
                below,
                verdict,
                settled: false,
            };
            if let Some(known) = self.steps.get_mut(position)
                && known.is_none_or(|known| !known.settled && step.cost() < known.cost())
            {
                *known = Some(step);
            }
        }
        goes_on
    }

    /// The best path to a certificate, including it.
    fn way_to(&self, mut position: Option<usize>) -> Vec<(usize, Verdict)> {
        let mut way = Vec::new();
        while let Some((at, step)) = position.and_then(|at| Some((at, (*self.steps.get(at)?)?))) {
            way.push((at, step.verdict));
            position = step.below;
        }
        way.reverse();
        way
    }
}

/// A hundred certificates with one name could otherwise cost five thousand verifications.
const MAX_ATTEMPTS: usize = 300;

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::{Chain, X509};

    /// A CA that is renewed within the same second has two certificates that are equal in every
    /// relevant field.
    #[test]
    fn issuer_choice_is_order_independent() {
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

        let now = time::macros::datetime!(2026-11-24 12:00 UTC);
        let reversed = authorities.iter().rev().cloned().collect();
        let one = Chain::build(&leaf, authorities, Vec::new(), now).issuers;
        assert_eq!(one.len(), 1);
        assert_eq!(Chain::build(&leaf, reversed, Vec::new(), now).issuers, one);
    }
}

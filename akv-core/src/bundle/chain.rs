//! The chain from the leaf upwards, whatever the order in the file.

use std::cmp::Reverse;

use time::OffsetDateTime;

use super::finding::{Finding, FindingCode};
use super::signature::{self, Verdict};
use super::unreadable::UnreadableCertificate;
use super::x509::X509;

/// What was found above a leaf.
#[derive(Debug)]
pub(super) struct Chain {
    /// Each signed the one before it; the first signed the leaf.
    pub(super) issuers: Vec<X509>,
    /// Labels of those whose signature could not be checked, so that name and key identifiers had
    /// to do.
    pub(super) unchecked: Vec<String>,
    /// Labels of those that are not in the file.
    pub(super) added: Vec<String>,
    /// What of the file belongs to none of the above.
    pub(super) strangers: Vec<X509>,
}

impl Chain {
    /// Finds the issuers of `leaf` among `others`, the rest of its file, which must not hold it or
    /// anything twice, and among what is `offered` beside the file.
    ///
    /// An issuer is who has the right name and whose key verifies the signature. Cross-signed
    /// authorities come in several certificates, so that there can be several ways up: what is valid
    /// at the time `now` goes before everything else, then the way to a root, then the shorter way,
    /// then what is in the file. The result does not depend on the order of `others` and `offered`.
    pub(super) fn build(
        leaf: &X509,
        mut others: Vec<X509>,
        mut offered: Vec<X509>,
        now: OffsetDateTime,
    ) -> Self {
        // Among equally good ones the one that lives longest is met first.
        let order = |one: &X509| (Reverse(one.not_after()), one.thumbprint());
        others.sort_by_cached_key(order);
        offered.sort_by_cached_key(order);
        offered.dedup();
        offered.retain(|one| one != leaf && !others.contains(one));
        // What is in the file is met before what is not.
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
        let strangers = others.into_iter().flatten().collect();
        Self { issuers, unchecked, added, strangers }
    }

    /// What there is to say about how it was built.
    pub(super) fn notes(&self, leaf: &X509) -> Vec<Finding> {
        let unchecked = self.unchecked.iter().map(|label| {
            let message = format!(
                "the signature of {label} could not be checked, its issuer was found by name"
            );
            Finding::new(FindingCode::SignatureNotChecked, message)
        });
        let left_out = self.strangers.iter().map(|stranger| {
            let (label, thumbprint) = (stranger.label(), stranger.thumbprint());
            if self.has_another_of(leaf, stranger) {
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

    /// Whether the bundle has another certificate of the stranger's subject and key.
    fn has_another_of(&self, leaf: &X509, stranger: &X509) -> bool {
        std::iter::once(leaf).chain(&self.issuers).any(|member| member.is_of_same_key(stranger))
    }

    /// What cannot be read of the file, and whether the chain lacks a certificate for it.
    ///
    /// It does where it has no root and what cannot be read may be the issuer that it lacks. Then it
    /// must not be said that the issuer is not in the file.
    pub(super) fn losses(&self, leaf: &X509, unreadable: &[UnreadableCertificate]) -> Vec<Finding> {
        let top = self.issuers.last().unwrap_or(leaf);
        let lacks_issuer = !top.is_self_signed();
        let may_be_issuer = |one: &&UnreadableCertificate| {
            lacks_issuer && one.error.name().is_none_or(|name| top.has_issuer_named(name))
        };
        let (lost, left_out): (Vec<_>, Vec<_>) = unreadable.iter().partition(may_be_issuer);
        let left_out = left_out
            .iter()
            .map(|one| Finding::new(FindingCode::UnreadableLeftOut, one.to_string()));
        let mut findings: Vec<_> = left_out.collect();
        let nameless = self.strangers.iter().filter(|one| lacks_issuer && !one.has_known_subject());
        let nameless =
            nameless.map(|one| format!("cannot read the subject of {}", one.thumbprint()));
        let mut lost: Vec<_> = lost.iter().map(ToString::to_string).chain(nameless).collect();
        if lacks_issuer && !top.has_known_issuer() {
            lost.push("the name of its issuer cannot be read".to_owned());
        }
        if lost.is_empty() {
            findings.extend(self.gap(leaf));
        } else {
            let message = format!(
                "cannot find the issuer of {} ({}) in the file: {}",
                top.label(),
                top.issuer_label(),
                lost.join("; ")
            );
            findings.push(Finding::new(FindingCode::IssuerNotRead, message));
        }
        findings
    }

    /// A root in the file that the chain does not reach: who put it there meant the chain to.
    fn gap(&self, leaf: &X509) -> Option<Finding> {
        let top = self.issuers.last().filter(|top| !top.is_self_signed())?;
        let mut roots = self.strangers.iter().filter(|it| it.is_self_signed() && it.is_ca());
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

/// What speaks against a way, the gravest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Faults {
    /// Certificates that are not valid now.
    not_valid: usize,
    /// Signatures that cannot be checked.
    unchecked: usize,
    /// Issuers whose own extensions speak against their having issued what they signed.
    misfits: usize,
}

/// The best way that is known to a certificate.
#[derive(Debug, Clone, Copy)]
struct Step {
    faults: Faults,
    length: usize,
    /// The certificate below; `None` where that is the leaf.
    below: Option<usize>,
    verdict: Verdict,
    /// Whether no better way can be found any more.
    settled: bool,
}

impl Step {
    /// What is least for the best way.
    fn cost(&self) -> (Faults, usize) {
        (self.faults, self.length)
    }
}

/// The search for the best way, after Dijkstra: certificates are settled in the order of what speaks
/// against the way to them, so that each is looked at once, however many ways there are.
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
        // Where the file does not go on from, and the best of these.
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
            // The longest of those that are equally good: it leaves the least to the clients.
            if !goes_on && end.is_none_or(|(_, end)| end.length < step.length) {
                end = Some((position, step));
            }
        }
        // Authorities that certify each other and nobody else have no end.
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

    /// Notes the ways to the issuers of the certificate; whether there is one that the way to the
    /// certificate has not passed.
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
        candidates.sort_by_key(|(misfits, position, _)| (*misfits, *position));
        // Several certificates of one key need one verification.
        let mut verdicts: Vec<(&[u8], Verdict)> = Vec::new();
        let mut goes_on = false;
        for (misfits, position, candidate) in candidates {
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
            if verdict == Verdict::Invalid || (verdict == Verdict::CannotTell && misfits) {
                continue;
            }
            goes_on = true;
            let step = Step {
                faults: Faults {
                    not_valid: faults.not_valid + usize::from(!candidate.is_valid_at(self.now)),
                    unchecked: faults.unchecked + usize::from(verdict == Verdict::CannotTell),
                    misfits: faults.misfits + usize::from(misfits),
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

    /// The best way to a certificate, it included.
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

/// A hundred certificates of one name could otherwise cost five thousand verifications.
const MAX_ATTEMPTS: usize = 300;

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::{Chain, X509};

    /// Renewed within the same second, an authority has two certificates that differ in nothing that
    /// matters.
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

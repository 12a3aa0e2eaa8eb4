//! Reviews a bundle: finds everything that Key Vault or a client may reject.

use time::OffsetDateTime;

use super::finding::{Finding, FindingCode};
use super::key_kind::KeyKind;
use super::signature;
use super::unreadable::UnknownField;
use super::x509::X509;

/// A certificate with its chain; its key is included or in the vault.
pub(super) struct Reviewed<'a> {
    pub(super) leaf: &'a X509,
    pub(super) chain: &'a [X509],
    pub(super) key_kind: KeyKind,
    /// The size of all data that is sent, in bytes.
    pub(super) size: usize,
    /// The findings of its construction.
    pub(super) notes: &'a [Finding],
}

/// The findings at the time `now`; errors first, then warnings.
pub(super) fn review(bundle: &Reviewed<'_>, now: OffsetDateTime) -> Vec<Finding> {
    let mut findings = Vec::new();
    validity(bundle, now, &mut findings);
    fields(bundle, &mut findings);
    key(bundle, &mut findings);
    completeness(bundle, &mut findings);
    signatures(bundle, &mut findings);
    size(bundle, &mut findings);
    findings.extend_from_slice(bundle.notes);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn validity(bundle: &Reviewed<'_>, now: OffsetDateTime, findings: &mut Vec<Finding>) {
    let leaf = bundle.leaf;
    if let Some(end) = leaf.not_after().filter(|end| *end < now) {
        let message = format!(
            "the certificate expired on {}: Key Vault does not import expired certificates",
            minute(end)
        );
        findings.push(Finding::new(FindingCode::Expired, message));
    }
    if let Some(begin) = leaf.not_before().filter(|begin| *begin > now) {
        let message = format!("the certificate is not valid before {}", minute(begin));
        findings.push(Finding::new(FindingCode::NotYetValid, message));
    }
    for issuer in bundle.chain {
        let what = if let Some(end) = issuer.not_after().filter(|end| *end < now) {
            format!("expired on {}", minute(end))
        } else if let Some(begin) = issuer.not_before().filter(|begin| *begin > now) {
            format!("is not valid before {}", minute(begin))
        } else {
            continue;
        };
        let message = format!("{} in the chain {what}", issuer.label());
        findings.push(Finding::new(FindingCode::ChainNotValidNow, message));
    }
}

fn fields(bundle: &Reviewed<'_>, findings: &mut Vec<Finding>) {
    for certificate in std::iter::once(bundle.leaf).chain(bundle.chain) {
        for UnknownField { field, reason } in certificate.unknown_fields() {
            let message = format!("cannot read the {field} of {}: {reason}", certificate.label());
            findings.push(Finding::new(FindingCode::FieldNotRead, message));
        }
    }
}

fn minute(moment: OffsetDateTime) -> String {
    format!("{} {:02}:{:02} UTC", moment.date(), moment.hour(), moment.minute())
}

fn key(bundle: &Reviewed<'_>, findings: &mut Vec<Finding>) {
    let kind = &bundle.key_kind;
    if !kind.is_supported() {
        let message = format!(
            "Key Vault does not support a key of type {kind}, only RSA-2048, RSA-3072, RSA-4096 and \
             EC on P-256, P-384, P-521 or P-256K"
        );
        findings.push(Finding::new(FindingCode::KeyNotSupported, message));
    }
    let under_ec = bundle.chain.iter().any(|issuer| issuer.key_kind().is_ec())
        || signature::is_ecdsa(bundle.leaf);
    if matches!(kind, KeyKind::Rsa { .. }) && under_ec {
        let message = "the certificate has an RSA key but an EC CA above it: users report \
                       that Key Vault rejects it (KeySizeNotSupported)";
        findings.push(Finding::new(FindingCode::RsaLeafUnderEcCa, message));
    }
    if bundle.leaf.is_ca() && !bundle.leaf.is_self_issued() {
        let message = "this is a CA certificate: users report that Key Vault rejects \
                       some of these";
        findings.push(Finding::new(FindingCode::CaCertificate, message));
    }
}

fn completeness(bundle: &Reviewed<'_>, findings: &mut Vec<Finding>) {
    let top = bundle.chain.last().unwrap_or(bundle.leaf);
    let finding = match (top.is_self_signed(), bundle.chain.is_empty()) {
        (true, true) => Finding::new(
            FindingCode::SelfSigned,
            "the certificate is self-signed: clients trust it only if it is installed as trust \
             anchor",
        ),
        (true, false) => return,
        // The chain builder has recorded the reason: an unreadable certificate, or a root in the
        // file that the chain does not reach.
        _ if notes(bundle, FindingCode::IssuerNotRead) => return,
        (false, false) if notes(bundle, FindingCode::MissingIntermediate) => return,
        (false, true) => Finding::new(
            FindingCode::MissingIntermediate,
            format!(
                "the issuer {} is not in the file: clients that do not have it will not trust the \
                 certificate, export it with its chain",
                top.issuer_label()
            ),
        ),
        (false, false) => Finding::new(
            FindingCode::RootNotIncluded,
            format!(
                "the chain ends below {}: clients must already trust this CA",
                top.issuer_label()
            ),
        ),
    };
    findings.push(finding);
}

fn notes(bundle: &Reviewed<'_>, code: FindingCode) -> bool {
    bundle.notes.iter().any(|note| note.code == code)
}

fn signatures(bundle: &Reviewed<'_>, findings: &mut Vec<Finding>) {
    let signed = std::iter::once(bundle.leaf).chain(bundle.chain);
    // The signature of a root does not matter: it is trusted because it is installed.
    for certificate in signed.filter(|certificate| !certificate.is_self_issued()) {
        if signature::is_weak(certificate) {
            findings.push(weak(certificate));
        }
    }
}

fn weak(certificate: &X509) -> Finding {
    let message = format!(
        "{} is signed with {}, which most clients no longer accept",
        certificate.label(),
        certificate.signature_algorithm_name()
    );
    Finding::new(FindingCode::WeakSignature, message)
}

fn size(bundle: &Reviewed<'_>, findings: &mut Vec<Finding>) {
    let size = bundle.size.div_ceil(3) * 4;
    let (code, what) = match size {
        ..NEAR_SECRET_LIMIT => return,
        NEAR_SECRET_LIMIT..=SECRET_LIMIT => (FindingCode::NearSizeLimit, "near to"),
        _ => (FindingCode::TooLarge, "more than"),
    };
    let message = format!(
        "the bundle takes {size} bytes in base64, {what} the {SECRET_LIMIT} that a secret of Key \
         Vault holds: leave certificates out of the chain"
    );
    findings.push(Finding::new(code, message));
}

/// 25 KB is the limit of a secret (Key Vault, "About secrets"), and a certificate is stored as a
/// secret.
const SECRET_LIMIT: usize = 25 * 1024;
const NEAR_SECRET_LIMIT: usize = 20 * 1024;

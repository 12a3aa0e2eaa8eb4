//! The findings, one test each.

use akv_core::Thumbprint;
use akv_core::bundle::{Bundle, Finding, FindingCode, Severity, X509};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use time::Duration;

use crate::fixtures::{self, NOW};
use crate::pki::Party;

fn findings(key: &Party, certificates: &[&X509]) -> Vec<Finding> {
    Bundle::from_parts(key.contents(certificates), NOW).unwrap().findings(NOW)
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_complete_chain_has_none() {
    let (root, leaf) = (Party::authority("Root"), Party::leaf("web"));
    assert_eq!(findings(&leaf, &[&leaf.signed_by(&root), &root.self_signed()]), []);
}

#[test]
fn a_chain_without_its_root_is_usual() {
    let (root, issuing) = (Party::authority("Root"), Party::authority("Issuing"));
    let leaf = Party::leaf("web");
    let found = findings(&leaf, &[&leaf.signed_by(&issuing), &issuing.signed_by(&root)]);
    assert_eq!(codes(&found), ["root-not-included"]);
    assert_eq!(found[0].severity, Severity::Info);
}

#[test]
fn a_leaf_without_its_issuer_is_a_warning() {
    let (root, leaf) = (Party::authority("Root"), Party::leaf("web"));
    let found = findings(&leaf, &[&leaf.signed_by(&root)]);
    assert_eq!(codes(&found), ["missing-intermediate"]);
    assert_eq!(found[0].severity, Severity::Warning);
    assert!(found[0].message.contains("CN=Root"), "{}", found[0].message);
}

#[test]
fn dates_are_judged_by_the_time_that_is_given() {
    let root = Party::authority("Root");
    let leaf = Party::leaf("web").valid(NOW - Duration::days(10), NOW + Duration::days(10));
    let bundle =
        Bundle::from_parts(leaf.contents(&[&leaf.signed_by(&root), &root.self_signed()]), NOW)
            .unwrap();
    let at = |now| codes(&bundle.findings(now));
    assert_eq!(at(NOW), [""; 0]);
    assert_eq!(at(NOW + Duration::days(11)), ["expired"]);
    assert_eq!(at(NOW - Duration::days(11)), ["not-yet-valid"]);
    assert_eq!(at(NOW + Duration::days(400)), ["expired", "chain-not-valid-now"]);
    assert_eq!(FindingCode::Expired.severity(), Severity::Error);
}

#[test]
fn keys_that_key_vault_does_not_have_are_an_error() {
    let root = Party::authority("Root");
    let leaf = Party::with_key("web", KeyPair::generate_for(&PKCS_ED25519).unwrap());
    let found = findings(&leaf, &[&root.self_signed(), &leaf.signed_by(&root)]);
    assert_eq!(codes(&found), ["key-not-supported", "key-match-not-checked"]);
    assert_eq!(found[0].severity, Severity::Error);
    assert!(found[0].message.contains("Ed25519"), "{}", found[0].message);
}

#[test]
fn a_self_signed_leaf_is_a_warning() {
    let leaf = Party::leaf("web");
    assert_eq!(codes(&findings(&leaf, &[&leaf.self_signed()])), ["self-signed"]);
}

#[test]
fn a_certificate_of_an_authority_is_a_warning() {
    let (root, issuing) = (Party::authority("Root"), Party::authority("Issuing"));
    let found = findings(&issuing, &[&issuing.signed_by(&root), &root.self_signed()]);
    assert_eq!(codes(&found), ["ca-certificate"]);
}

#[test]
fn an_rsa_leaf_under_an_ec_authority_is_a_warning() {
    for (file, expected) in [("ossl-modern-rsa2048.pfx", true), ("ossl-modern-P-256.pfx", false)] {
        let fixture = fixtures::named(file);
        let bundle = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
        let found = codes(&bundle.findings(NOW));
        assert_eq!(found.contains(&"rsa-leaf-under-ec-ca"), expected, "{file}: {found:?}");
    }
}

#[test]
fn large_bundles_are_a_warning() {
    let (leaf, mut below) = (Party::leaf("web"), Party::authority("Authority 0"));
    let first = leaf.signed_by(&below);
    let mut certificates = vec![first];
    let mut seen = Vec::new();
    for number in 1..80 {
        let above = Party::authority(&format!("Authority {number} {}", "x".repeat(60)));
        certificates.push(below.signed_by(&above));
        below = above;
        let found = codes(&findings(&leaf, &certificates.iter().collect::<Vec<_>>()));
        seen.extend(
            found.into_iter().filter(|code| code.contains("size") || code.contains("large")),
        );
    }
    seen.dedup();
    assert_eq!(seen, ["near-size-limit", "too-large"]);
}

#[test]
fn codes_are_stable_text_and_serialise_as_such() {
    for code in FindingCode::ALL {
        let text = code.as_str();
        assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{text}");
    }
    let leaf = Party::with_key("web", KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap());
    let found = findings(&leaf, &[&leaf.self_signed()]);
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        serde_json::json!([{
            "code": "self-signed",
            "severity": "warning",
            "message": "the certificate is self-signed: clients trust it only if it is installed \
                        as trust anchor",
        }])
    );
}

/// The message of each code that these bundles have, for review.
#[test]
fn texts_of_findings_are_reviewed() {
    let (root, issuing) = (Party::authority("Root"), Party::authority("Issuing"));
    let (web, other) = (Party::leaf("web"), Party::leaf("other"));
    let old = Party::leaf("old").valid(NOW - Duration::days(10), NOW - Duration::days(1));
    let early = Party::leaf("early").valid(NOW + Duration::days(1), NOW + Duration::days(10));
    let ed25519 = Party::with_key("ed", KeyPair::generate_for(&PKCS_ED25519).unwrap());
    let chain = [&web.signed_by(&issuing), &issuing.signed_by(&root)];
    let unrelated = other.signed_by(&root);
    let mut found = [
        findings(&web, &chain),
        findings(&web, &chain[..1]),
        findings(&web, &[chain[0], chain[1], chain[1], &unrelated]),
        findings(&web, &[&web.self_signed()]),
        findings(&old, &[&old.signed_by(&root), &root.self_signed()]),
        findings(&early, &[&early.signed_by(&root), &root.self_signed()]),
        findings(&issuing, &[&issuing.signed_by(&root), &root.self_signed()]),
        findings(&ed25519, &[&ed25519.signed_by(&root), &root.self_signed()]),
    ]
    .concat();
    for fixture in fixtures::all() {
        if let Ok(bundle) = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW) {
            found.extend(bundle.findings(NOW));
        }
    }
    let texts: std::collections::BTreeMap<_, _> = found
        .into_iter()
        .rev()
        .map(|one| (one.code.as_str(), format!("{}: {}", one.severity, one.message)))
        .collect();
    let texts: Vec<_> = texts.into_iter().map(|(code, text)| format!("{code}\n  {text}")).collect();
    let random = Thumbprint::of(unrelated.der()).to_string();
    insta::assert_snapshot!(texts.join("\n").replace(&random, "THUMBPRINT"));
}

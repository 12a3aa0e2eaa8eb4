//! Files from public bug reports: certificates that OpenSSL and Java open and other tools do not.

use std::path::PathBuf;

use akv_core::Password;
use akv_core::bundle::{Bundle, FindingCode, X509};
use akv_core::job::{alias_source, derived_alias};

use crate::fixtures::NOW;

fn opened(file: &str) -> Bundle {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/field").join(file);
    Bundle::from_pfx(&std::fs::read(path).unwrap(), &Password::from("pw"), NOW).unwrap()
}

fn codes(bundle: &Bundle) -> Vec<&'static str> {
    bundle.findings(NOW).iter().map(|finding| finding.code.as_str()).collect()
}

fn subjects(bundle: &Bundle) -> Vec<String> {
    std::iter::once(bundle.leaf()).chain(bundle.chain()).map(X509::subject).collect()
}

fn alias(bundle: &Bundle) -> String {
    derived_alias(alias_source(bundle.leaf()).as_deref(), bundle.thumbprint()).to_string()
}

#[test]
fn object_identifiers_may_have_arcs_over_32_bits() {
    for file in ["candlepin-extension", "uuid-extension", "uuid-in-issuing-ca", "uuid-in-name"] {
        let bundle = opened(&format!("object-identifiers-over-32-bits/{file}.pfx"));
        assert_eq!(codes(&bundle), [""; 0], "{file}");
        assert_eq!(bundle.leaf().common_name().as_deref(), Some("web.example.test"), "{file}");
        assert_eq!(bundle.chain().len(), 2, "{file}");
    }
    let bundle = opened("object-identifiers-over-32-bits/uuid-in-name.pfx");
    assert_eq!(
        bundle.leaf().subject(),
        "2.25.329800735698586629295641978511506172918=asset 7,CN=web.example.test"
    );
}

#[test]
fn unusual_times_and_serial_numbers_are_parsed() {
    for (file, begin) in [
        ("before-1970", "1950-01-01 0:00:00.0 +00:00:00"),
        ("no-seconds", "2025-11-01 0:00:00.0 +00:00:00"),
        ("offset", "2025-10-31 23:00:00.0 +00:00:00"),
        ("year-0", "0000-01-01 0:00:00.0 +00:00:00"),
        ("serial-of-32", "2025-11-01 0:00:00.0 +00:00:00"),
    ] {
        let bundle = opened(&format!("why-a-certificate-cannot-be-read/{file}.pfx"));
        assert_eq!(codes(&bundle), [""; 0], "{file}");
        assert_eq!(bundle.chain().len(), 2, "{file}");
        assert_eq!(bundle.leaf().not_before().unwrap().to_string(), begin, "{file}");
    }
    let bundle = opened("why-a-certificate-cannot-be-read/serial-of-32.pfx");
    assert_eq!(bundle.leaf().serial_number().len(), 64);
}

#[test]
fn common_names_are_text_in_every_string_type() {
    for (file, subject, expected) in [
        ("wildcard", "CN=*.example.test", "wildcard-example-test"),
        ("bmp", "CN=München Portal", "M-nchen-Portal"),
        ("t61", "CN=München Portal", "M-nchen-Portal"),
    ] {
        let bundle = opened(&format!("common-names-shown-as-hexadecimal/{file}.pfx"));
        assert_eq!(bundle.leaf().subject(), subject);
        assert_eq!(bundle.leaf().label(), subject);
        assert_eq!(alias(&bundle), expected);
    }
}

#[test]
fn issuers_are_found_across_string_types() {
    for (file, issuing) in [
        ("t61-umlaut", "CN=Issuing CA 1,O=Bürgerbank AG,C=DE"),
        ("printable-ampersand", "CN=Issuing CA 1,O=Smith & Sons,C=DE"),
    ] {
        let bundle = opened(&format!("issuer-name-in-another-string-type/{file}.pfx"));
        assert_eq!(subjects(&bundle)[..2], ["CN=web.example.test", issuing], "{file}");
        assert_eq!(bundle.chain().len(), 2, "{file}");
        assert_eq!(codes(&bundle), [""; 0], "{file}");
    }
}

#[test]
fn a_valid_cross_signed_root_replaces_an_expired_one() {
    let bundle = opened("expired-cross-signed-intermediate/root-expired-cross-valid.pfx");
    assert!(bundle.chain().iter().all(|issuer| issuer.is_valid_at(NOW)));
    assert!(bundle.chain().last().unwrap().is_self_signed());
    assert_eq!(bundle.chain().len(), 3);
    assert_eq!(codes(&bundle), [FindingCode::AlternativeLeftOut.as_str()]);
}

#[test]
fn a_certificate_without_subject_has_its_first_dns_name() {
    let bundle = opened("no-common-name/file.pfx");
    assert_eq!(bundle.leaf().subject(), "");
    assert_eq!(bundle.leaf().label(), "(no subject) shop.example.test");
    assert_eq!(alias(&bundle), "shop-example-test");
}

//! Encodings of other tools are accepted, unreadable fields are reported, and nothing is changed.

use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError, Finding, Severity, X509};
use time::macros::datetime;

use crate::cost::{sequence, tlv};
use crate::crafted::{
    ALTERNATIVE_NAMES, BASIC_CONSTRAINTS, BMP, COMMON_NAME, Crafted, IA5, Key, PRINTABLE, T61,
    UNIVERSAL, UTF8, extension, named, part, validity,
};
use crate::fixtures::NOW;
use crate::witness::run;

fn opened(key: &Key, certificates: &[Vec<u8>]) -> Result<Bundle, BundleError> {
    Bundle::from_pem(key.pem(certificates).as_bytes(), &Password::default(), NOW)
}

fn findings(key: &Key, certificates: &[Vec<u8>]) -> Vec<Finding> {
    opened(key, certificates).unwrap().findings(NOW)
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// The findings as text, each with its severity.
fn texts(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{}: {finding}", finding.severity)).collect()
}

#[test]
fn any_octet_but_zero_is_true() {
    let key = Key::new();
    for (value, expected) in [
        (&b"\x30\x03\x01\x01\xff"[..], true),
        (b"\x30\x03\x01\x01\x01", true),
        (b"\x30\x06\x01\x01\x01\x02\x01\x00", true),
        (b"\x30\x03\x01\x01\x00", false),
        (b"\x30\x00", false),
        (b"\x30\x03\x02\x01\x00", false),
    ] {
        let crafted = Crafted::new("CA", "CA").with(extension(BASIC_CONSTRAINTS, value));
        let certificate = crafted.x509(&key, &key);
        assert_eq!(certificate.is_ca(), expected, "{value:02x?}");
        assert_eq!(certificate.unknown_fields(), []);
    }
    // The criticality of an extension is a BOOLEAN, too.
    let critical = sequence(&[BASIC_CONSTRAINTS, b"\x01\x01\x01", b"\x04\x05\x30\x03\x01\x01\xff"]);
    assert!(Crafted::new("CA", "CA").with(critical).x509(&key, &key).is_ca());
}

#[test]
fn bytes_after_a_certificate_are_ignored() {
    let (ca, web) = (Key::new(), Key::new());
    let root = Crafted::new("CA", "CA").authority().der(&ca, &ca);
    let leaf = Crafted::new("CA", "web").der(&web, &ca);
    let more = [&leaf[..], b"\0\0junk"].concat();
    let bundle = opened(&web, &[more, [&root[..], b"\r\n"].concat()]).unwrap();
    assert_eq!(codes(&bundle.findings(NOW)), [""; 0]);
    assert_eq!(bundle.leaf().der(), leaf);
    assert_eq!(bundle.chain()[0].der(), root);
}

#[test]
fn serial_numbers_are_shown_as_they_are() {
    let key = Key::new();
    for (number, text) in [
        (&b"\x01"[..], "01"),
        (b"\xff\x80", "FF80"),
        (b"\x00\x00\x01", "000001"),
        (b"\x00", "00"),
        (b"", ""),
        (&[0x7f; 40], &"7F".repeat(40)),
    ] {
        let crafted = Crafted { serial: tlv(0x02, number), ..Crafted::new("CA", "web") };
        assert_eq!(crafted.x509(&key, &key).serial_number(), text);
    }
}

/// Non-minimal and indefinite lengths violate DER, but the signatures cover them.
#[test]
fn lengths_need_not_be_the_shortest() {
    let (ca, web) = (Key::new(), Key::new());
    let long = |der: Vec<u8>| [&[0x30, 0x83, 0, 0, der[1]][..], &der[2..]].concat();
    let indefinite = |der: Vec<u8>| [&[0x30, 0x80][..], &der[2..], &[0, 0]].concat();
    let plain = Crafted::new("CA", "web");
    let root = Crafted::new("CA", "CA").authority().der(&ca, &ca);
    for change in [&long as &dyn Fn(Vec<u8>) -> Vec<u8>, &indefinite] {
        let crafted = Crafted {
            issuer: change(plain.issuer.clone()),
            subject: change(plain.subject.clone()),
            validity: change(plain.validity.clone()),
            ..plain.clone()
        };
        let leaf = crafted.der(&web, &ca);
        let bundle = opened(&web, &[leaf.clone(), root.clone()]).unwrap();
        assert_eq!(bundle.leaf().der(), leaf);
        assert_eq!(bundle.leaf().subject(), "CN=web");
        assert_eq!(bundle.leaf().not_before(), Some(datetime!(2025-11-01 0:00 UTC)));
        assert_eq!(bundle.chain().len(), 1);
    }
}

#[test]
fn names_that_mean_the_same_are_equal() {
    let (ca, web) = (Key::new(), Key::new());
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    let utf32 =
        |text: &str| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect::<Vec<_>>();
    let of = named(UTF8, "Bürger & Söhne".as_bytes());
    for name in [
        named(T61, b"B\xfcrger & S\xf6hne"),
        named(PRINTABLE, b"B\xfcrger & S\xf6hne"),
        named(IA5, b"B\xfcrger & S\xf6hne"),
        named(BMP, &utf16("Bürger & Söhne")),
        named(UNIVERSAL, &utf32("Bürger & Söhne")),
        named(UTF8, "  BÜRGER \t&  SÖHNE ".as_bytes()),
        named(UTF8, "Bürger &\u{a0}Söhne\u{200b}".as_bytes()),
    ] {
        let root = Crafted { issuer: of.clone(), subject: of.clone(), ..Crafted::new("", "") };
        let leaf = Crafted { issuer: name, ..Crafted::new("", "web") };
        let certificates = [leaf.der(&web, &ca), root.authority().der(&ca, &ca)];
        assert_eq!(texts(&findings(&web, &certificates)), [""; 0]);
    }
    for name in ["Bürger Söhne", "Bürger & Sohne", "Bürger & Söhne 2", ""] {
        let root = Crafted::new(name, name).authority().der(&ca, &ca);
        let leaf = Crafted { issuer: of.clone(), ..Crafted::new("", "web") };
        let found = codes(&findings(&web, &[leaf.der(&web, &ca), root])).join(" ");
        assert!(found.contains("missing-intermediate"), "{name}: {found}");
    }
}

#[test]
fn names_are_shown_as_text() {
    let key = Key::new();
    let email = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01";
    let vat = b"\x06\x04\x2a\x03\x04\x05";
    for (parts, expected) in [
        (vec![part(COMMON_NAME, PRINTABLE, b"*.example.test")], "CN=*.example.test"),
        (vec![part(COMMON_NAME, BMP, b"\0a\0.\0b")], "CN=a.b"),
        (vec![part(COMMON_NAME, UTF8, "日本".as_bytes())], "CN=日本"),
        (vec![part(COMMON_NAME, UTF8, b"M\xfcnchen")], "CN=M\u{fffd}nchen"),
        (vec![part(COMMON_NAME, UTF8, b"a, \"b\"")], r#"CN=a\, \"b\""#),
        (vec![part(email, IA5, b"a@b.test")], "E=a@b.test"),
        (vec![part(vat, UTF8, b"DE 1"), part(COMMON_NAME, UTF8, b"web")], "CN=web,1.2.3.4.5=DE 1"),
        (vec![part(COMMON_NAME, 0x04, b"\x01\x02")], "CN=#04020102"),
    ] {
        let crafted = Crafted { subject: sequence(&[&parts.concat()]), ..Crafted::new("CA", "") };
        assert_eq!(crafted.x509(&key, &key).subject(), expected);
    }
}

#[test]
fn labels_are_inert_and_bounded() {
    let key = Key::new();
    let label = |subject: &str| Crafted::new("CA", subject).x509(&key, &key).label();
    assert_eq!(label("web\u{1b}[2J\n\u{202e}"), "CN=web\u{fffd}[2J\u{fffd}\u{fffd}");
    let long = label(&"x".repeat(30_000));
    assert!(long.ends_with('…') && long.len() < 300, "{}", long.len());
    let nameless = Crafted { subject: b"\x30\x00".to_vec(), ..Crafted::new("CA", "") };
    assert_eq!(nameless.x509(&key, &key).label(), "(no subject) serial number 01");
    let email = extension(ALTERNATIVE_NAMES, &sequence(&[&tlv(0x81, b"a@b.test")]));
    assert_eq!(nameless.clone().with(email).x509(&key, &key).label(), "(no subject) a@b.test");
    let dns = extension(ALTERNATIVE_NAMES, &sequence(&[&tlv(0x82, b"a.test\x1b[2J")]));
    assert_eq!(nameless.with(dns).x509(&key, &key).label(), "(no subject) a.test\u{fffd}[2J");
}

#[test]
fn unreadable_field_is_unknown_and_reported() {
    let (ca, web) = (Key::new(), Key::new());
    let root = Crafted::new("CA", "CA").authority().der(&ca, &ca);
    let plain = Crafted::new("CA", "web");
    let twice = extension(BASIC_CONSTRAINTS, b"\x30\x00");
    for (crafted, told_of) in [
        (
            plain.clone().valid("251101000000Z", "291301000000Z"),
            "cannot read the end of the validity of CN=web: its day does not exist",
        ),
        (
            Crafted { validity: b"\x30\x00".to_vec(), ..plain.clone() },
            "cannot read the beginning of the validity of CN=web: it is missing",
        ),
        (
            plain.clone().with(extension(BASIC_CONSTRAINTS, b"\x05\x00")),
            "cannot read the basic constraints of CN=web: its encoding does not follow RFC 5280",
        ),
        (
            plain.clone().with(twice.clone()).with(twice),
            "cannot read the basic constraints of CN=web: it occurs more than once",
        ),
        (
            plain.clone().with(extension(ALTERNATIVE_NAMES, b"\x30\x05\x82\x7fabc")),
            "cannot read the alternative names of CN=web: its encoding does not follow RFC 5280",
        ),
        (
            plain.clone().with(extension(b"\x06\x03\x55\x1d\x0f", b"\x04\x00")),
            "cannot read the key usage of CN=web: its encoding does not follow RFC 5280",
        ),
        (
            plain.clone().with(b"\x30\x02\x05\x00".to_vec()),
            "cannot read the extensions of CN=web: they are not laid out as RFC 5280 says",
        ),
        (
            Crafted { subject: sequence(&[&named(UTF8, b"web")]), ..plain.clone() },
            "cannot read the subject of (unreadable): it is not laid out as a name",
        ),
    ] {
        let found = findings(&web, &[crafted.der(&web, &ca), root.clone()]);
        assert!(codes(&found).iter().all(|code| *code == "field-not-read"), "{found:?}");
        assert!(found.iter().any(|finding| finding.message == told_of), "{told_of}: {found:?}");
        assert!(found.iter().all(|finding| finding.severity == Severity::Warning));
    }
    // An unused extension may contain anything.
    let policies = extension(b"\x06\x03\x55\x1d\x20", b"nonsense");
    assert_eq!(findings(&web, &[plain.with(policies).der(&web, &ca), root]), []);
}

/// A certificate of the file with an unreadable key.
fn broken(subject: &str) -> Vec<u8> {
    let key = Key::new();
    Crafted { key: Some(b"\x30\x00".to_vec()), ..Crafted::new("Root", subject) }.der(&key, &key)
}

#[test]
fn a_chain_that_lost_its_issuer_is_an_error() {
    let (ca, web) = (Key::new(), Key::new());
    let leaf = Crafted::new("Issuing", "web").der(&web, &ca);
    let found = findings(&web, &[leaf.clone(), broken("Issuing")]);
    let expected = "error: cannot find the issuer of CN=web (CN=Issuing) in the file: certificate \
                    2 of the file (CN=Issuing) cannot be read: its public key is not laid out as \
                    one (issuer-not-read)";
    assert_eq!(texts(&found), [expected]);
    // A completely unreadable certificate may be the issuer.
    let found = findings(&web, &[b"nothing".to_vec(), leaf.clone()]);
    assert_eq!(codes(&found), ["issuer-not-read"]);
    assert!(found[0].message.contains("certificate 1 of the file cannot be read"), "{found:?}");
    // Nor may an unreached root be reported as the cause.
    let root = Crafted::new("Root", "Root").authority().der(&ca, &ca);
    let found = findings(&web, &[leaf, broken("Issuing"), root]);
    assert_eq!(codes(&found), ["issuer-not-read", "stranger-left-out"]);
    // A certificate with an unreadable subject may be the issuer.
    let nameless = Crafted {
        subject: sequence(&[&named(UTF8, b"Issuing")]),
        ..Crafted::new("Root", "").authority()
    };
    let leaf = Crafted::new("Issuing", "web").der(&web, &ca);
    let found = findings(&web, &[leaf, nameless.der(&ca, &ca)]);
    assert_eq!(codes(&found)[0], "issuer-not-read");
}

#[test]
fn unreadable_extra_certificate_is_a_warning() {
    let (ca, web) = (Key::new(), Key::new());
    let leaf = Crafted::new("Root", "web").der(&web, &ca);
    let root = Crafted::new("Root", "Root").authority().der(&ca, &ca);
    for other in [broken("Other"), b"nothing".to_vec()] {
        let found = findings(&web, &[leaf.clone(), root.clone(), other]);
        assert_eq!(codes(&found), ["unreadable-left-out"]);
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(found[0].message.starts_with("certificate 3 of the file"), "{found:?}");
    }
    // With another subject than the missing issuer's, the issuer is really not in the file.
    let found = findings(&web, &[leaf, broken("Other")]);
    assert_eq!(codes(&found), ["missing-intermediate", "unreadable-left-out"]);
}

#[test]
fn a_leaf_that_cannot_be_read_is_named_with_the_reason() {
    let (ca, web) = (Key::new(), Key::new());
    let root = Crafted::new("Root", "Root").authority().der(&ca, &ca);
    let error = opened(&web, &[root.clone(), broken("web")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot find the certificate of the private key (EC P-256): certificate 2 of the file \
         (CN=web) cannot be read: its public key is not laid out as one"
    );
    let rsa =
        b"\x30\x14\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x03\x00\x01\x02";
    let crafted = Crafted { key: Some(rsa.to_vec()), ..Crafted::new("Root", "web") };
    let error = opened(&web, &[crafted.der(&web, &ca), root]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot find the certificate of the private key (EC P-256): the public key of CN=web \
         cannot be read"
    );
}

#[test]
fn invalid_certificate_is_rejected() {
    let key = Key::new();
    let whole = Crafted::new("CA", "web").authority().der(&key, &key);
    for length in 0..whole.len() {
        assert!(X509::from_der(&whole[..length]).is_err(), "{length}");
    }
    for nothing in
        [&b""[..], b"\x30\x00", b"\x31\x80\0\0", &[0x30; 1000], &[0x30, 0x80].repeat(500)]
    {
        assert!(X509::from_der(nothing).is_err());
    }
    let large = Crafted::new("CA", &"x".repeat(70_000)).der(&key, &key);
    let error = X509::from_der(&large).unwrap_err();
    assert_eq!(error.to_string(), "it has more than 64 KiB");
    let moments = validity("251101000000Z", "291101000000Z");
    assert!(X509::from_der(&moments).is_err(), "a part is not the whole");
}

/// OpenSSL confirms the results.
#[test]
fn openssl_opens_the_same_files() {
    let key = Key::new();
    let plain = Crafted::new("CA", "web");
    // OpenSSL rejects a time without seconds from version 3.6 on, so it confirms none.
    let no_seconds = plain.clone().valid("2511010000Z", "2911010000Z");
    X509::from_der(&no_seconds.der(&key, &key)).unwrap();
    let indefinite = [&[0x30, 0x80][..], &plain.subject[2..], &[0, 0]].concat();
    let critical = sequence(&[BASIC_CONSTRAINTS, b"\x01\x01\x01", b"\x04\x05\x30\x03\x01\x01\x01"]);
    let uuid = [&b"\x06\x14\x69\x83"[..], &[0xff; 17], &[0x7f]].concat();
    for (number, crafted) in [
        plain.clone().with(critical),
        plain.clone().with(extension(&uuid, b"\x05\x00")),
        plain.clone().with(extension(BASIC_CONSTRAINTS, b"\x05\x00")),
        plain.clone().valid("251101000000Z", "291101000000+0130"),
        plain.clone().valid("251101000000Z", "291301000000Z"),
        plain.clone().valid("00000101000000Z", "99991231235959Z"),
        Crafted { serial: b"\x02\x01\x80".to_vec(), ..plain.clone() },
        Crafted { serial: tlv(0x02, &[0x7f; 40]), ..plain.clone() },
        Crafted { subject: indefinite, ..plain.clone() },
        Crafted { subject: named(PRINTABLE, b"*.a&b.test"), ..plain.clone() },
        Crafted { subject: sequence(&[&part(&uuid, T61, b"M\xfcnchen")]), ..plain },
    ]
    .into_iter()
    .enumerate()
    {
        let der = crafted.der(&key, &key);
        X509::from_der(&der).unwrap();
        let read = ["x509", "-inform", "DER", "-noout", "-subject", "-serial"];
        let Some((done, text)) = run("openssl", &read, &der) else { return };
        assert!(done, "{number}: {text}");
    }
}

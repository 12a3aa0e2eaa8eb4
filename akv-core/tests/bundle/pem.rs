//! PEM in the forms of real files.

use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError, pfx};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cost::{content, tlv};
use crate::fixtures::{self, Fixture, NOW};

pub(crate) fn block(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> =
        base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The key and the certificates of a PKCS#12 file as PEM, the key first.
pub(crate) fn as_pem(fixture: &Fixture) -> String {
    let contents = pfx::read(&fixture.bytes, &fixture.password).unwrap();
    let key = block("PRIVATE KEY", contents.keys[0].pkcs8());
    let certificates = contents.certificates.iter().map(|one| block("CERTIFICATE", one.der()));
    [key].into_iter().chain(certificates).collect()
}

fn bundle(text: &str) -> Result<Bundle, BundleError> {
    Bundle::from_pem(text.as_bytes(), &Password::default(), NOW)
}

#[test]
fn pem_and_pkcs12_make_the_same_bundle() {
    for fixture in fixtures::good() {
        let from_pfx = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
        let from_pem = bundle(&as_pem(&fixture)).unwrap();
        assert_eq!(from_pem.to_pkcs12(), from_pfx.to_pkcs12(), "{}", fixture.file);
    }
}

#[test]
fn order_line_ends_and_text_between_do_not_matter() {
    let fixture = fixtures::named("ossl-modern-rsa2048.pfx");
    let text = as_pem(&fixture);
    let expected = bundle(&text).unwrap().to_pkcs12();
    let key_end = text.find("-----BEGIN CERTIFICATE").unwrap();
    let (key, certificates) = text.split_at(key_end);
    for shape in [
        format!("{certificates}{key}"),
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
        format!(
            "Bag Attributes\n    friendlyName: wëb\nKey Attributes: <No Attributes>\n{key}subject=CN = web\n\n{certificates}"
        ),
        format!("{key}{}{certificates}", block("DH PARAMETERS", &[0x30, 0x00])),
        text.trim_end().to_owned(),
        text.replace("-----BEGIN CERTIFICATE", "-----BEGIN X509 CERTIFICATE")
            .replace("-----END CERTIFICATE", "-----END X509 CERTIFICATE"),
    ] {
        assert_eq!(bundle(&shape).unwrap().to_pkcs12(), expected, "{shape}");
    }
}

#[test]
fn older_forms_of_keys_are_normalised_to_pkcs8() {
    for (file, label) in [
        ("ossl-modern-rsa3072.pfx", "RSA PRIVATE KEY"),
        ("ossl-modern-P-384.pfx", "EC PRIVATE KEY"),
    ] {
        let fixture = fixtures::named(file);
        let contents = pfx::read(&fixture.bytes, &fixture.password).unwrap();
        let fields = content(contents.keys[0].pkcs8());
        let algorithm = &fields[3..5 + usize::from(fields[4])];
        let inner = content(&fields[3 + algorithm.len()..]);
        let older = if label.starts_with("EC") {
            // SEC 1 contains the curve itself, after the private number.
            let curve = &content(algorithm)[9..];
            let (private, public) = content(inner).split_at(5 + usize::from(content(inner)[4]));
            tlv(0x30, &[private, &tlv(0xa0, curve), public].concat())
        } else {
            inner.to_vec()
        };
        let certificates: String =
            contents.certificates.iter().map(|one| block("CERTIFICATE", one.der())).collect();
        let made = bundle(&format!("{}{certificates}", block(label, &older))).unwrap();
        assert_eq!(made.key_kind().to_string(), fixture.key);
        let written = pfx::read(&made.to_pkcs12(), &Password::default()).unwrap();
        if label.starts_with("RSA") {
            assert_eq!(written.keys[0].pkcs8(), contents.keys[0].pkcs8());
        }
    }
}

#[test]
fn unreadable_file_has_a_hint() {
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let error = bundle(old).unwrap_err();
    assert!(error.to_string().contains("AES-256-CBC"), "{error}");
    assert!(error.to_string().contains("openssl pkcs8 -topk8"), "{error}");
    let error = bundle(&block("OPENSSH PRIVATE KEY", b"openssh-key-v1\0")).unwrap_err();
    assert!(matches!(error, BundleError::Unsupported { .. }), "{error}");
}

#[test]
fn certificates_without_a_key_are_reported() {
    let text = as_pem(&fixtures::named("ossl-modern-rsa2048.pfx"));
    let (_, certificates) = text.split_at(text.find("-----BEGIN CERTIFICATE").unwrap());
    assert_eq!(bundle(certificates).unwrap_err(), BundleError::NoKey { certificates: 3 });
}

/// A truncated text must not silently lose the last certificate of the chain.
#[test]
fn a_text_cut_off_anywhere_in_a_block_is_reported() {
    let text = as_pem(&fixtures::named("ossl-modern-P-256.pfx"));
    for length in (40..text.len() - 8).step_by(31) {
        let cut = &text[..length];
        let ends = ["-----END PRIVATE KEY-----", "-----END CERTIFICATE-----"];
        let ended: usize = ends.iter().map(|end| cut.matches(end).count()).sum();
        let complete = cut.matches("-----BEGIN ").count() == ended;
        if !complete {
            let error = bundle(cut).unwrap_err();
            assert_eq!(error, BundleError::Truncated { found: length }, "{cut}");
        }
    }
}

#[test]
fn damaged_base64_is_reported() {
    let text = as_pem(&fixtures::named("ossl-modern-P-256.pfx")).replacen("MI", "M?", 1);
    let error = bundle(&text).unwrap_err();
    assert!(matches!(error, BundleError::DamagedBlock { number: 1, line: 2, .. }), "{error}");
}

#[test]
fn damaged_block_is_named() {
    let text = as_pem(&fixtures::named("ossl-modern-rsa2048.pfx"));
    let key_end = "-----END PRIVATE KEY-----";
    for (damaged, number, words) in [
        (text.replacen("-----BEGIN", "----BEGIN", 1), 1, "BEGIN line"),
        (text.replacen("-----BEGIN", "BEGIN", 1), 1, "BEGIN line"),
        (text.replacen("-----BEGIN", "\u{2014}\u{2013}BEGIN", 1), 1, "BEGIN line"),
        (text.replacen("BEGIN PRIVATE KEY-----", "BEGIN PRIVATE KEY", 1), 1, "BEGIN line"),
        (text.replacen("BEGIN PRIVATE KEY-----\n", "BEGIN PRIVATE KEY", 1), 1, "BEGIN line"),
        (text.replacen("BEGIN PRIVATE KEY", "Begin Private Key", 1), 1, "BEGIN line"),
        (text.replacen("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE---", 1), 2, "BEGIN line"),
        (text.replacen(key_end, "-----END PRIVATE KEY----", 1), 1, "END line"),
        (text.replacen(key_end, "-----END RSA PRIVATE KEY-----", 1), 1, "another label"),
        (text.replacen(key_end, "", 1), 1, "no END line"),
        (text.replacen("-----BEGIN PRIVATE KEY-----", "", 1), 1, "no BEGIN line"),
        (text.replacen("CERTIFICATE-----\nMI", "CERTIFICATE-----\nM*", 1), 2, "not base64"),
        (text.replacen("CERTIFICATE-----\nMI", "CERTIFICATE-----\nM=", 1), 2, "base64"),
    ] {
        let error = bundle(&damaged).unwrap_err();
        let BundleError::DamagedBlock { number: named, .. } = error else { panic!("{error}") };
        assert_eq!(named, number, "{error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[test]
fn text_that_the_crate_pem_writes_is_read() {
    for fixture in fixtures::good() {
        let contents = pfx::read(&fixture.bytes, &fixture.password).unwrap();
        let key = ::pem::Pem::new("PRIVATE KEY", contents.keys[0].pkcs8());
        let others = contents.certificates.iter();
        let all: Vec<_> = [key]
            .into_iter()
            .chain(others.map(|one| ::pem::Pem::new("CERTIFICATE", one.der())))
            .collect();
        let text = ::pem::encode_many(&all);
        let expected = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
        assert_eq!(bundle(&text).unwrap().to_pkcs12(), expected.to_pkcs12(), "{}", fixture.file);
    }
}

/// RFC 5915 requires the length of the field; older versions of BouncyCastle and other tools
/// omitted zeros, and some add one too many.
#[test]
fn ec_scalars_are_sent_in_exact_length() {
    let fixture = fixtures::named("ossl-modern-P-256.pfx");
    let contents = pfx::read(&fixture.bytes, &fixture.password).unwrap();
    let fields = content(contents.keys[0].pkcs8());
    let algorithm = &fields[3..5 + usize::from(fields[4])];
    for (scalar, expected) in [
        (vec![7], Some([&[0; 31][..], &[7]].concat())),
        ([&[0][..], &[5; 32]].concat(), Some(vec![5; 32])),
        ([&[0; 9][..], &[5; 32]].concat(), Some(vec![5; 32])),
        ([&[1][..], &[5; 32]].concat(), None),
    ] {
        let sec1 = tlv(0x30, &[&[2, 1, 1][..], &tlv(4, &scalar)].concat());
        let pkcs8 = tlv(0x30, &[&[2, 1, 0][..], algorithm, &tlv(4, &sec1)].concat());
        let read = akv_core::bundle::pem::read(
            block("PRIVATE KEY", &pkcs8).as_bytes(),
            &Password::default(),
        );
        let Some(expected) = expected else {
            assert!(matches!(read, Err(BundleError::DamagedBlock { .. })), "{read:?}");
            continue;
        };
        let written = read.unwrap().keys[0].pkcs8().to_vec();
        let exact = tlv(4, &expected);
        assert!(written.windows(exact.len()).any(|octets| octets == exact), "{scalar:?}");
    }
}

//! Inputs from public bug reports about other tools; each folder's README names its source.

use std::path::PathBuf;

use crate::fixtures::NOW;
use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError, EncryptedPart, pfx};

use crate::cost::content;

pub(crate) fn bytes(path: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/field");
    std::fs::read(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Opens a file in both ways, which must have the same result.
pub(crate) fn open(bytes: &[u8], password: &str) -> Result<Bundle, BundleError> {
    let password = Password::from(password);
    let (pfx, pem) =
        (Bundle::from_pfx(bytes, &password, NOW), Bundle::from_pem(bytes, &password, NOW));
    assert_eq!(pfx.as_ref().map(Bundle::to_pkcs12), pem.as_ref().map(Bundle::to_pkcs12));
    pfx
}

#[test]
fn damaged_begin_line_is_named_and_nothing_of_the_text_shown() {
    let text = bytes("pem-begin-line-lacks-a-dash/bundle.pem");
    let error = open(&text, "").unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(error.to_string().contains("PEM block 1 (PRIVATE KEY)"), "{error}");
    assert!(error.to_string().contains("BEGIN line"), "{error}");
    let text = String::from_utf8(text).unwrap();
    assert!(text.lines().filter(|line| line.len() > 30).all(|line| !shown.contains(line)));
}

#[test]
fn key_is_accepted_with_any_label() {
    for (file, kind) in [
        ("plain-label-pkcs1.pem", "RSA-2048"),
        ("plain-label-sec1.pem", "EC P-256"),
        ("rsa-label-pkcs8.pem", "RSA-2048"),
    ] {
        let bundle = open(&bytes(&format!("pem-label-and-key-differ/{file}")), "")
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(bundle.key_kind().to_string(), kind, "{file}");
    }
}

#[test]
fn rsa_key_without_null_is_normalized() {
    const RSA_WITH_NULL: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    for file in ["no-null.pem", "no-null.pfx"] {
        let bundle = open(&bytes(&format!("rsa-key-without-null/{file}")), "pw").unwrap();
        let written = pfx::read(&bundle.to_pkcs12(), &Password::default()).unwrap();
        // The version takes three octets.
        assert!(content(written.keys[0].pkcs8())[3..].starts_with(RSA_WITH_NULL), "{file}");
    }
}

#[test]
fn key_with_another_password_is_reported() {
    let error = open(&bytes("key-password-differs/file.pfx"), "pw").unwrap_err();
    assert_eq!(error, BundleError::DecryptionFailed { part: EncryptedPart::Key, ascii: true });
    let text = error.to_string();
    assert!(text.contains("a password of its own") && text.contains("-srckeypass"), "{text}");
    assert!(!text.contains("ASCII"), "{text}");
}

#[test]
fn pkcs12_in_pem_armor_is_opened() {
    for file in ["certtool.p12", "certutil.txt"] {
        let bundle = open(&bytes(&format!("pkcs12-in-pem-armour/{file}")), "pw");
        bundle.unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

#[test]
fn pfx_handled_as_text_is_reported() {
    for (file, words) in [
        ("crlf.pfx", "CR LF"),
        ("question.pfx", "question marks"),
        ("replaced.pfx", "UTF-8 replacement characters"),
    ] {
        let error = open(&bytes(&format!("pfx-handled-as-text/{file}")), "pw").unwrap_err();
        assert!(matches!(error, BundleError::NotABundle { .. }), "{file}: {error}");
        let text = error.to_string();
        assert!(text.contains(words) && text.contains("as binary"), "{file}: {text}");
    }
    open(&bytes("pfx-handled-as-text/good.pfx"), "pw").unwrap();
}

#[test]
fn pem_from_variables_and_json_is_opened() {
    for file in ["escaped.pem", "spaces.pem", "stripped.pem", "utf16le-no-mark.pem"] {
        let bundle = open(&bytes(&format!("pem-with-escaped-line-ends/{file}")), "");
        let bundle = bundle.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(bundle.chain().len(), 1, "{file}");
    }
}

//! The encodings of a password, and its checks.

use std::num::NonZeroU32;

use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError, EncryptedPart, pfx};
use aws_lc_rs::{hmac, pbkdf2};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use sha1::Sha1;

use crate::cost::{content, data, sequence, tlv};
use crate::fixtures::{self, NOW};

const SHA1: &[u8] = b"\x06\x05\x2b\x0e\x03\x02\x1a";

/// The part of a fixture that an integrity check would protect.
fn octets_of(file: &str) -> Vec<u8> {
    let fixture = fixtures::named(file);
    let fields = content(&fixture.bytes);
    // The version takes three octets; then comes ContentInfo with its type of eleven octets.
    content(content(&content(&fields[3..])[11..])).to_vec()
}

/// The content of a fixture without an integrity check, protected with `password`, which is already
/// in the encoding of the derivation.
fn protected(file: &str, password: &[u8]) -> Vec<u8> {
    with_mac(&octets_of(file), password)
}

fn with_mac(octets: &[u8], password: &[u8]) -> Vec<u8> {
    let key = derive_key::<Sha1>(password, b"salt", Pkcs12KeyType::Mac, 10, 20);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let digest = hmac::sign(&key, octets);
    let mac = sequence(&[&sequence(&[SHA1, b"\x05\x00"]), &tlv(0x04, digest.as_ref())]);
    let mac_data = sequence(&[&mac, &tlv(0x04, b"salt"), b"\x02\x01\x0a"]);
    sequence(&[b"\x02\x01\x03", &data(octets), &mac_data])
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect()
}

const PLAIN: &str = "ossl-emptypw-plain-nomac.pfx";

/// An empty password is an empty string in GnuTLS, and a final zero in other tools.
#[test]
fn no_password_has_two_encodings() {
    for encoded in [&[][..], &[0, 0]] {
        let file = protected(PLAIN, encoded);
        assert!(Bundle::from_pfx(&file, &Password::default(), NOW).is_ok(), "{encoded:?}");
        let error = Bundle::from_pfx(&file, &Password::from("some"), NOW).unwrap_err();
        assert_eq!(error, BundleError::WrongPassword);
    }
}

#[test]
fn characters_outside_the_basic_plane_are_accepted() {
    let file = protected(PLAIN, &utf16("pass🔑"));
    assert!(Bundle::from_pfx(&file, &Password::from("pass🔑"), NOW).is_ok());
    assert!(Bundle::from_pfx(&file, &Password::from("pass"), NOW).is_err());
}

/// OpenSSL before 1.1 treated each octet of the UTF-8 as a character.
#[test]
fn undecoded_passwords_are_accepted() {
    let file = protected(PLAIN, &utf16("P\u{c3}\u{a4}ss"));
    assert!(Bundle::from_pfx(&file, &Password::from("P\u{e4}ss"), NOW).is_ok());
}

/// The integrity check accepts the password, but the contents are encrypted with another one: the
/// error must not suggest a typing error.
#[test]
fn right_password_without_decryption_is_reported() {
    let file = protected("ossl-nomac.pfx", &utf16("the other one"));
    let error = pfx::read(&file, &Password::from("the other one")).unwrap_err();
    assert_eq!(error, BundleError::DecryptionFailed { part: EncryptedPart::Key, ascii: true });
    let file = protected("ossl-nomac.pfx", &utf16("anders\u{e4}"));
    let error = pfx::read(&file, &Password::from("anders\u{e4}")).unwrap_err();
    assert!(error.to_string().contains("outside ASCII"), "{error}");
    assert_eq!(pfx::read(&file, &Password::from("x")).unwrap_err(), BundleError::WrongPassword);
}

/// Windows encrypts a generated password to a group, and puts it into a secret bag.
#[test]
fn file_protected_to_a_group_is_reported() {
    const SECRET_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x05";
    const PROTECTED_PASSWORD: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x11\x04\x01";
    const SID_PROTECTED: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x4a\x01\x01";
    let secret = sequence(&[PROTECTED_PASSWORD, &tlv(0xa0, &tlv(0x04, SID_PROTECTED))]);
    let bag = sequence(&[SECRET_BAG, &tlv(0xa0, &secret)]);
    let octets = sequence(&[&data(&sequence(&[&bag])), content(&octets_of("ossl-nomac.pfx"))]);
    let file = with_mac(&octets, &utf16("made up by Windows"));
    for password in ["", "a guess"] {
        let error = pfx::read(&file, &Password::from(password)).unwrap_err();
        assert_eq!(error, BundleError::ProtectedToPrincipal);
    }
    assert!(BundleError::ProtectedToPrincipal.to_string().contains("Export-PfxCertificate"));
}

#[test]
fn password_longer_than_any_is_rejected() {
    let fixture = fixtures::named(PLAIN);
    let longest = "\u{e4}".repeat(Password::MAX_CHARACTERS);
    assert!(Bundle::from_pfx(&fixture.bytes, &Password::from(longest.as_str()), NOW).is_ok());
    let longer = Password::from(format!("{longest}x"));
    let error = Bundle::from_pfx(&fixture.bytes, &longer, NOW).unwrap_err();
    assert_eq!(error, BundleError::PasswordTooLong { limit: 1024 });
}

const PBMAC1: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e";
const PBKDF2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
const HMAC_SHA256: &[u8] = b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x09";
const HMAC_SHA512: &[u8] = b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x0b";

/// PBMAC1 (RFC 9579), which OpenSSL 3.4 writes in FIPS mode: the key of an HMAC with SHA-512,
/// derived by PBKDF2 with SHA-256. The implementation here is independent of the reader's.
fn with_pbmac1(password: &str, key_length: Option<u8>) -> Vec<u8> {
    let octets = octets_of(PLAIN);
    let mut key = vec![0; usize::from(key_length.unwrap_or(64))];
    let rounds = NonZeroU32::new(2048).unwrap();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, b"saltsalt", password.as_bytes(), &mut key);
    let digest = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, &key), &octets);
    let length = key_length.map_or(Vec::new(), |length| tlv(0x02, &[length]));
    let prf = sequence(&[HMAC_SHA256, b"\x05\x00"]);
    let kdf = sequence(&[&tlv(0x04, b"saltsalt"), b"\x02\x02\x08\x00", &length, &prf]);
    let kdf = sequence(&[PBKDF2, &kdf]);
    let params = sequence(&[&kdf, &sequence(&[HMAC_SHA512, b"\x05\x00"])]);
    let mac = sequence(&[&sequence(&[PBMAC1, &params]), &tlv(0x04, digest.as_ref())]);
    let mac_data = sequence(&[&mac, &tlv(0x04, b"NOT USED"), b"\x02\x01\x01"]);
    sequence(&[b"\x02\x01\x03", &data(&octets), &mac_data])
}

#[test]
fn the_newer_integrity_check_is_verified() {
    let file = with_pbmac1("Pässw0rd!", Some(32));
    Bundle::from_pfx(&file, &Password::from("Pässw0rd!"), NOW).unwrap();
    let error = Bundle::from_pfx(&file, &Password::from("another"), NOW).unwrap_err();
    assert_eq!(error, BundleError::WrongPassword);
    for length in [None, Some(19), Some(65)] {
        let file = with_pbmac1("Pässw0rd!", length);
        let error = Bundle::from_pfx(&file, &Password::from("Pässw0rd!"), NOW).unwrap_err();
        assert!(matches!(error, BundleError::Damaged { .. }), "{error}");
    }
}

#[test]
fn an_integrity_check_that_is_not_known_is_named() {
    const MD5: &[u8] = b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05";
    let mac = sequence(&[&sequence(&[MD5, b"\x05\x00"]), &tlv(0x04, &[1; 16])]);
    let mac_data = sequence(&[&mac, &tlv(0x04, b"salt")]);
    let file = sequence(&[b"\x02\x01\x03", &data(&sequence(&[])), &mac_data]);
    let error = pfx::read(&file, &Password::from("x")).unwrap_err();
    assert!(matches!(error, BundleError::Unsupported { .. }));
    assert!(error.to_string().contains("MD5"), "{error}");
}

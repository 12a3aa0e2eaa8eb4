//! The cost of a file is known before any work, and an excessive cost is rejected at once.

use std::time::{Duration, Instant};

use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError, pem, pfx};

use crate::fixtures::{self, NOW};

use crate::der::{AES_256, CERT_BAG, HMAC_SHA512, KEY_BAG, PBKDF2, SCRYPT, bag, encryption, file};
pub(crate) use crate::der::{content, data, sequence, tlv};

const SHROUDED_KEY_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
const X509_CERT: &[u8] = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
const SAFE_CONTENTS_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x06";
const DES_EDE3: &[u8] = b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x07";

fn pbkdf2_sha512(iterations: &[u8]) -> Vec<u8> {
    let prf = sequence(&[HMAC_SHA512, b"\x05\x00"]);
    sequence(&[PBKDF2, &sequence(&[&tlv(0x04, b"salt"), &tlv(0x02, iterations), &prf])])
}

fn shrouded(encryption: &[u8]) -> Vec<u8> {
    bag(SHROUDED_KEY_BAG, &sequence(&[encryption, &tlv(0x04, &[7; 64])]))
}

fn shrouded_with_iterations(iterations: &[u8]) -> Vec<u8> {
    shrouded(&encryption(&pbkdf2_sha512(iterations), AES_256, &[9; 16]))
}

/// Far shorter than the rejected work, and far longer than the rejection takes even on a busy
/// machine.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Reads a file that must be rejected at once, before any work.
fn refused(file: &[u8]) -> BundleError {
    let begun = Instant::now();
    let error = pfx::read(file, &Password::from("secret")).unwrap_err();
    assert!(begun.elapsed() < AT_ONCE, "{:?}: {error}", begun.elapsed());
    error
}

#[test]
fn hostile_files_are_rejected_before_any_work() {
    for name in
        ["hostile-mac-100M.pfx", "hostile-pbkdf2-100M-nomac.pfx", "hostile-deepnest-der.pfx"]
    {
        refused(&fixtures::named(name).bytes);
    }
}

#[test]
fn huge_iteration_counts_are_rejected() {
    for (iterations, claimed) in [
        (&[0x0f, 0x42, 0x41][..], 1_000_001),
        (&[0x7f, 0xff, 0xff, 0xff], 0x7fff_ffff),
        (&[0x00, 0xff, 0xff, 0xff, 0xff], 0xffff_ffff),
        (&[0x7f; 9], u64::MAX),
        (&[0x7f; 200], u64::MAX),
    ] {
        let error = refused(&file(&[shrouded_with_iterations(iterations)]));
        assert_eq!(error, BundleError::TooCostly { claimed, limit: 1_000_000 });
    }
    for nonsense in [&[0x00][..], &[0xff], &[]] {
        let error = refused(&file(&[shrouded_with_iterations(nonsense)]));
        assert!(matches!(error, BundleError::Damaged { .. }), "{error}");
    }
}

#[test]
fn many_bags_are_rejected_by_their_total_cost() {
    let million = shrouded_with_iterations(&[0x0f, 0x42, 0x40]);
    let error = refused(&file(&vec![million; 3]));
    assert!(matches!(error, BundleError::TooMuchWork { .. }), "{error}");
    let nested = bag(
        SAFE_CONTENTS_BAG,
        &tlv(0x30, &vec![shrouded_with_iterations(&[0x0f, 0x42, 0x40]); 3].concat()),
    );
    let error = refused(&file(&[nested]));
    assert!(matches!(error, BundleError::TooMuchWork { .. }), "{error}");
}

/// Real files have up to a million iterations, so these are run.
#[test]
fn a_million_iterations_are_done() {
    let begun = Instant::now();
    let file = file(&[shrouded_with_iterations(&[0x0f, 0x42, 0x40])]);
    let error = pfx::read(&file, &Password::from("secret")).unwrap_err();
    assert_eq!(error, BundleError::WrongPassword);
    assert!(begun.elapsed() > Duration::from_millis(50), "{:?}", begun.elapsed());
}

#[test]
fn scrypt_gets_no_more_memory_than_it_should() {
    let scrypt = |cost: &[u8]| {
        let params =
            sequence(&[&tlv(0x04, b"salt"), &tlv(0x02, cost), b"\x02\x01\x08", b"\x02\x01\x01"]);
        file(&[shrouded(&encryption(&sequence(&[SCRYPT, &params]), AES_256, &[9; 16]))])
    };
    // 2^16 × 8 × 128 octets are 64 MiB, 2^14 are 16 MiB.
    let limit = 32 * 1024 * 1024;
    let error = refused(&scrypt(&[0x01, 0x00, 0x00]));
    assert_eq!(error, BundleError::TooMuchMemory { claimed: 2 * limit + 8 * 128, limit });
    let error = refused(&scrypt(&[0x7f; 8]));
    assert_eq!(error, BundleError::TooMuchMemory { claimed: u64::MAX, limit });
    let done = pfx::read(&scrypt(&[0x40, 0x00]), &Password::from("secret"));
    assert_eq!(done.unwrap_err(), BundleError::WrongPassword);
    for no_cost in [&[0x03][..], &[0x01]] {
        assert!(matches!(refused(&scrypt(no_cost)), BundleError::Damaged { .. }));
    }
    // The parallelization parameter needs memory too.
    let params =
        sequence(&[&tlv(0x04, b"salt"), b"\x02\x01\x02", b"\x02\x01\x08", b"\x02\x02\x7f\xff"]);
    let wide = file(&[shrouded(&encryption(&sequence(&[SCRYPT, &params]), AES_256, &[9; 16]))]);
    assert!(matches!(refused(&wide), BundleError::TooMuchMemory { .. }));
}

/// A short initialization vector has caused panics in other parsers.
#[test]
fn an_initialisation_vector_of_the_wrong_length_is_damage() {
    for (cipher, iv) in
        [(DES_EDE3, &[1; 4][..]), (DES_EDE3, &[1; 16]), (AES_256, &[]), (AES_256, &[1; 8])]
    {
        let file = file(&[shrouded(&encryption(&pbkdf2_sha512(&[1]), cipher, iv))]);
        assert!(matches!(refused(&file), BundleError::Damaged { .. }));
    }
}

/// Salts over 32 octets occur, although other readers reject them.
#[test]
fn long_salt_is_accepted() {
    let kdf = sequence(&[PBKDF2, &sequence(&[&tlv(0x04, &[5; 64]), b"\x02\x01\x01"])]);
    let file = file(&[shrouded(&encryption(&kdf, AES_256, &[9; 16]))]);
    assert_eq!(refused(&file), BundleError::WrongPassword);
}

#[test]
fn a_file_that_is_too_large_is_not_looked_at() {
    let file = vec![0x30; 1024 * 1024 + 1];
    let expected = BundleError::TooLarge { bytes: file.len(), limit: 1024 * 1024 };
    assert_eq!(refused(&file), expected);
    assert_eq!(pem::read(&file, &Password::default()).unwrap_err(), expected);
}

#[test]
fn a_trust_store_is_not_a_bundle() {
    let fixture = fixtures::named("ossl-modern-P-256.pfx");
    let bundle = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
    let certificate = sequence(&[X509_CERT, &tlv(0xa0, &tlv(0x04, bundle.leaf().der()))]);
    let error = refused(&file(&vec![bag(CERT_BAG, &certificate); 101]));
    assert_eq!(error, BundleError::TooMany { what: "certificates", limit: 100 });
    let contents = pfx::read(&fixture.bytes, &fixture.password).unwrap();
    let error = refused(&file(&vec![bag(KEY_BAG, contents.keys[0].pkcs8()); 17]));
    assert_eq!(error, BundleError::TooMany { what: "private keys", limit: 16 });
}

/// Nested elements with indefinite lengths and without an end.
#[test]
fn deep_nesting_is_rejected() {
    for file in
        [[0x30, 0x80].repeat(20_000), [0xa0, 0x80].repeat(500_000), [0x24, 0x80].repeat(9_000)]
    {
        let file = [&[0x30, 0x80][..], &file].concat();
        assert_eq!(refused(&file), BundleError::TooDeep { limit: 24 });
    }
}

/// A megabyte of tiny elements on all allowed levels.
#[test]
fn the_largest_file_is_normalised_quickly() {
    let mut file = [0x05, 0x00].repeat(500_000);
    for _ in 0..22 {
        file = tlv(0x30, &file);
    }
    let begun = Instant::now();
    assert!(pfx::read(&file, &Password::default()).is_err());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

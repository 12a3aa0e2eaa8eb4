//! The most expensive files that are accepted: each maximizes one kind of work, and every step
//! succeeds, so that all of the work is really done.
//!
//! `cargo run -p akv-core --example dearest_files` prints their cost.

use aes::Aes256;
use aes::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use akv_core::Password;
use akv_core::bundle::{BundleError, pfx};
use aws_lc_rs::hmac;
use des::TdesEde3;
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::der::{AES_256, DATA, KEY_BAG, PBKDF2, SCRYPT, bag, data, encryption, sequence, tlv};

/// A file of one kind with any number of equal parts.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) password: String,
    /// The largest accepted number of parts.
    pub(crate) most: usize,
    part: Vec<u8>,
    keys: Vec<Vec<u8>>,
    mac: Option<Protect>,
}

impl Kind {
    pub(crate) fn file(&self, parts: usize) -> Vec<u8> {
        let keys = data(&tlv(0x30, &self.keys.concat()));
        let octets = tlv(0x30, &[keys, self.part.repeat(parts)].concat());
        let mac = self.mac.map(|mac| mac(&octets)).unwrap_or_default();
        sequence(&[b"\x02\x01\x03", &data(&octets), &mac])
    }

    /// Opens a file with this number of parts.
    pub(crate) fn open(&self, parts: usize) -> Result<(), BundleError> {
        pfx::read(&self.file(parts), &Password::from(self.password.as_str())).map(drop)
    }
}

pub(crate) fn kinds() -> Vec<Kind> {
    let kind = |name, most, part| Kind {
        name,
        password: PASSWORD.to_owned(),
        most,
        part,
        keys: Vec::new(),
        mac: None,
    };
    let long = "\u{e4}".repeat(Password::MAX_CHARACTERS);
    let key = |file: &[u8]| vec![bag(KEY_BAG, file); 16];
    vec![
        kind("scrypt, N=2 r=4 p=65534", 2, scrypt(1, 4, 65_534)),
        kind("scrypt, N=2 r=1 p=262000", 2, scrypt(1, 8, 32_000)),
        kind("scrypt, N=16384 r=8 p=1", 25, scrypt(14, 8, 1)),
        kind("scrypt, N=131072 r=1 p=1", 14, scrypt(17, 1, 1)),
        kind("PBKDF2, SHA-1", 3, pbkdf2(pbkdf2::pbkdf2_hmac::<Sha1>, 7, b"salt", 1_000_000)),
        kind("PBKDF2, SHA-256", 7, pbkdf2(pbkdf2::pbkdf2_hmac::<Sha256>, 9, b"salt", 1_000_000)),
        kind("PBKDF2, SHA-384", 14, pbkdf2(pbkdf2::pbkdf2_hmac::<Sha384>, 10, b"salt", 100_000)),
        kind("PBKDF2, SHA-512", 14, pbkdf2(pbkdf2::pbkdf2_hmac::<Sha512>, 11, b"salt", 100_000)),
        kind(
            "PBKDF2, salt of 900 KB",
            1,
            pbkdf2(pbkdf2::pbkdf2_hmac::<Sha512>, 11, &[7; 900_000], 1),
        ),
        kind("PBES1, a million iterations", 4, pbes1(PASSWORD, b"salt", 1_000_000)),
        kind("PBES1, salt of 900 KB", 1, pbes1(PASSWORD, &[7; 900_000], 1)),
        Kind {
            password: long.clone(),
            ..kind("PBES1, password of 1,024 characters", 499, pbes1(&long, b"salt", 1))
        },
        Kind {
            mac: Some(sha512_mac),
            ..kind(
                "integrity check, SHA-512",
                9,
                pbkdf2(pbkdf2::pbkdf2_hmac::<Sha512>, 11, b"salt", 100_000),
            )
        },
        Kind {
            keys: key(include_bytes!("../data/rsa-8192.pkcs8")),
            ..kind(
                "16 keys, RSA-8192",
                5,
                pbkdf2(pbkdf2::pbkdf2_hmac::<Sha256>, 9, b"salt", 1_000_000),
            )
        },
        Kind {
            keys: key(include_bytes!("../data/p-521.pkcs8")),
            ..kind(
                "16 keys, P-521",
                7,
                pbkdf2(pbkdf2::pbkdf2_hmac::<Sha256>, 9, b"salt", 1_000_000),
            )
        },
    ]
}

const PASSWORD: &str = "secret";
const SALT: &[u8] = b"salt";
const IV: [u8; 16] = [9; 16];

/// An empty encrypted safe.
fn safe(algorithm: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    const ENCRYPTED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
    let info = sequence(&[DATA, algorithm, &tlv(0x80, ciphertext)]);
    sequence(&[ENCRYPTED_DATA, &tlv(0xa0, &sequence(&[b"\x02\x01\x00", &info]))])
}

fn pbes2(kdf: &[u8], key: &[u8; 32]) -> Vec<u8> {
    let encryptor = cbc::Encryptor::<Aes256>::new(key.into(), &IV.into());
    let ciphertext = encryptor.encrypt_padded_vec::<Pkcs7>(&[0x30, 0x00]);
    safe(&encryption(kdf, AES_256, &IV), &ciphertext)
}

fn integer(value: u32) -> Vec<u8> {
    let octets = [&[0][..], &value.to_be_bytes()].concat();
    // DER has no unnecessary leading zeros.
    let needless = octets.windows(2).take_while(|pair| pair[0] == 0 && pair[1] < 0x80).count();
    tlv(0x02, &octets[needless..])
}

/// Creates the `MacData` of a content.
type Protect = fn(&[u8]) -> Vec<u8>;
type Derive = fn(&[u8], &[u8], u32, &mut [u8]);

/// `prf` is the last octet of the identifier of the HMAC.
fn pbkdf2(derive: Derive, prf: u8, salt: &[u8], iterations: u32) -> Vec<u8> {
    let mut key = [0; 32];
    derive(PASSWORD.as_bytes(), salt, iterations, &mut key);
    let prf = [b"\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02", &[prf][..]].concat();
    let params =
        sequence(&[&tlv(0x04, salt), &integer(iterations), &sequence(&[&prf, b"\x05\x00"])]);
    pbes2(&sequence(&[PBKDF2, &params]), &key)
}

fn scrypt(log_n: u8, r: u32, p: u32) -> Vec<u8> {
    let mut key = [0; 32];
    let params = scrypt::Params::new(log_n, r, p).unwrap();
    scrypt::scrypt(PASSWORD.as_bytes(), SALT, &params, &mut key).unwrap();
    let params = sequence(&[&tlv(0x04, SALT), &integer(1 << log_n), &integer(r), &integer(p)]);
    pbes2(&sequence(&[SCRYPT, &params]), &key)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect()
}

fn pbes1(password: &str, salt: &[u8], iterations: i32) -> Vec<u8> {
    const TRIPLE_DES: &[u8] = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03";
    let derive =
        |kind, length| derive_key::<Sha1>(&utf16(password), salt, kind, iterations, length);
    let (key, iv) = (derive(Pkcs12KeyType::EncryptionKey, 24), derive(Pkcs12KeyType::Iv, 8));
    let encryptor = cbc::Encryptor::<TdesEde3>::new_from_slices(&key, &iv).unwrap();
    let ciphertext = encryptor.encrypt_padded_vec::<Pkcs7>(&[0x30, 0x00]);
    let iterations = integer(iterations.cast_unsigned());
    let algorithm = sequence(&[TRIPLE_DES, &sequence(&[&tlv(0x04, salt), &iterations])]);
    safe(&algorithm, &ciphertext)
}

fn sha512_mac(octets: &[u8]) -> Vec<u8> {
    const SHA512: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03";
    let key = derive_key::<Sha512>(&utf16(PASSWORD), SALT, Pkcs12KeyType::Mac, 1_000_000, 64);
    let digest = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, &key), octets);
    let mac = sequence(&[&sequence(&[SHA512, b"\x05\x00"]), &tlv(0x04, digest.as_ref())]);
    sequence(&[&mac, &tlv(0x04, SALT), &integer(1_000_000)])
}

/// The limits are counted, not timed: the example measures their cost.
#[test]
fn files_at_the_limit_open_and_above_it_are_rejected() {
    for kind in kinds() {
        // Every part decrypts, so all of the work is done.
        assert_eq!(kind.open(kind.most.min(1)), Ok(()), "{}", kind.name);
        let dearer = kind.open(kind.most + 1);
        assert!(
            matches!(
                dearer,
                Err(BundleError::TooMuchWork { .. }
                    | BundleError::TooMany { .. }
                    | BundleError::TooLarge { .. })
            ),
            "{}: {dearer:?}",
            kind.name
        );
    }
}

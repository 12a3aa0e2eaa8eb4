//! The time for opening a file and for converting it, by kind of file.
//!
//! `cargo bench -p akv-core`. For a comparison with OpenSSL see the example `openssl_ratio`.
#![expect(clippy::unwrap_used, reason = "a benchmark without its fixtures cannot run")]

use std::path::Path;

use akv_core::Password;
use akv_core::bundle::Bundle;
use divan::Bencher;
use time::OffsetDateTime;

fn main() {
    divan::main();
}

/// The kinds of files, by tool and amount of key derivation.
const FILES: &[(&str, &str)] = &[
    ("ossl-emptypw-plain-nomac.pfx", ""),
    ("ossl-legacy-rsa2048.pfx", "Pässw0rd!"),
    ("ossl-legacy-rsa4096.pfx", "Pässw0rd!"),
    ("ossl-modern-rsa2048.pfx", "Pässw0rd!"),
    ("ossl-modern-rsa4096.pfx", "Pässw0rd!"),
    ("ossl-modern-P-256.pfx", "Pässw0rd!"),
    ("ossl-modern-P-521.pfx", "Pässw0rd!"),
    ("ossl-modern-depth3.pfx", "Pässw0rd!"),
    ("py-modern-rsa2048.pfx", "Pässw0rd!"),
    ("keytool-modern.pfx", "Passw0rd!"),
    ("bc-ks-default-rsa4096.pfx", "Pässw0rd!"),
    ("ossl-aes256-sha512-100k.pfx", "Pässw0rd!"),
    ("gnutls-default.pfx", "Passw0rd!"),
];

#[divan::bench(args = FILES.iter().map(|(file, _)| *file))]
fn open_and_convert(bencher: Bencher<'_, '_>, file: &str) {
    let (_, password) = FILES.iter().find(|(known, _)| *known == file).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pfx");
    let bytes = std::fs::read(folder.join(file)).unwrap();
    let password = Password::from(*password);
    bencher.bench(|| {
        Bundle::from_pfx(&bytes, &password, OffsetDateTime::now_utc()).unwrap().to_pkcs12()
    });
}

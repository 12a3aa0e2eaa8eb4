//! Files that OpenSSL creates during the tests, in forms that the fixtures lack. Skipped with a
//! note if OpenSSL is not installed.

use std::path::Path;

use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError, KeyKind, pfx};
use tempfile::TempDir;

use crate::fixtures::NOW;
use crate::witness::run;

const PASSWORD: &str = "Pässw0rd!€";

/// A folder with `key.pem` and the self-signed `cert.pem`.
struct Workshop(TempDir);

impl Workshop {
    fn open(key: &[&str]) -> Option<Self> {
        let workshop = Self(TempDir::new().unwrap());
        let (key_file, cert_file) = (workshop.path("key.pem"), workshop.path("cert.pem"));
        openssl(&[&["genpkey", "-out", &key_file], key].concat())?;
        openssl(&[
            "req", "-x509", "-new", "-key", &key_file, "-subj", "/CN=wëb", "-utf8", "-days", "900",
            "-out", &cert_file,
        ])?;
        Some(workshop)
    }

    fn path(&self, file: &str) -> String {
        self.0.path().join(file).to_str().unwrap().to_owned()
    }

    fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(Path::new(&self.path(file))).unwrap()
    }

    fn pfx(&self, options: &[&str]) -> Option<Vec<u8>> {
        let (key, cert, out) = (self.path("key.pem"), self.path("cert.pem"), self.path("out.pfx"));
        let password = format!("pass:{PASSWORD}");
        let arguments = [
            "pkcs12", "-export", "-inkey", &key, "-in", &cert, "-out", &out, "-passout", &password,
        ];
        openssl(&[&arguments, options].concat())?;
        Some(self.read("out.pfx"))
    }
}

fn openssl(arguments: &[&str]) -> Option<()> {
    let (done, text) = run("openssl", arguments, b"")?;
    assert!(done, "{arguments:?}: {text}");
    Some(())
}

const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

#[test]
fn every_encryption_and_every_integrity_check_is_read() {
    let Some(workshop) = Workshop::open(P256) else { return };
    let password = Password::from(PASSWORD);
    for options in [
        &["-legacy"][..],
        &["-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-RC2-128"],
        &["-legacy", "-certpbe", "PBE-SHA1-2DES", "-keypbe", "PBE-SHA1-3DES"],
        &["-certpbe", "AES-128-CBC", "-keypbe", "AES-192-CBC", "-macalg", "SHA224"],
        &["-certpbe", "AES-256-CBC", "-keypbe", "DES-EDE3-CBC", "-macalg", "SHA384"],
        &["-macalg", "SHA512", "-iter", "12345"],
        &["-macalg", "SHA1", "-nomaciter"],
        &["-noiter", "-nomaciter"],
        &["-nomac", "-keypbe", "NONE"],
        &["-nomac", "-certpbe", "NONE"],
        &["-certpbe", "NONE", "-keypbe", "NONE"],
        &[
            "-name",
            "Schlüssel für wëb",
            "-CSP",
            "Microsoft Enhanced Cryptographic Provider",
            "-keysig",
            "-LMK",
        ],
    ] {
        let Some(file) = workshop.pfx(options) else { return };
        let bundle = Bundle::from_pfx(&file, &password, NOW)
            .unwrap_or_else(|error| panic!("{options:?}: {error}"));
        assert_eq!(bundle.key_kind().to_string(), "EC P-256");
        assert_eq!(bundle.leaf().common_name().as_deref(), Some("wëb"));
        let wrong = Bundle::from_pfx(&file, &Password::from("another"), NOW);
        let encrypted = !options.contains(&"-nomac") || !options.contains(&"NONE");
        assert!(!encrypted || wrong.unwrap_err() == BundleError::WrongPassword, "{options:?}");
    }
}

#[test]
fn encrypted_pem_keys_are_read() {
    let Some(workshop) = Workshop::open(P256) else { return };
    let (key, out) = (workshop.path("key.pem"), workshop.path("out.pem"));
    let secret = format!("pass:{PASSWORD}");
    for options in [
        &["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"][..],
        &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1", "-iter", "5000"],
        &["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA224"],
        &["-v2", "des3", "-v2prf", "hmacWithSHA384"],
        &["-v1", "PBE-SHA1-3DES"],
        &["-scrypt"],
    ] {
        let arguments = ["pkcs8", "-topk8", "-in", &key, "-out", &out, "-passout", &secret];
        let Some(()) = openssl(&[&arguments, options].concat()) else { return };
        let text = [workshop.read("out.pem"), workshop.read("cert.pem")].concat();
        let bundle = Bundle::from_pem(&text, &Password::from(PASSWORD), NOW)
            .unwrap_or_else(|error| panic!("{options:?}: {error}"));
        assert_eq!(bundle.key_kind().to_string(), "EC P-256");
        let error = Bundle::from_pem(&text, &Password::from("another"), NOW).unwrap_err();
        assert_eq!(error, BundleError::WrongPassword, "{options:?}");
        let error = Bundle::from_pem(&text, &Password::default(), NOW).unwrap_err();
        assert_eq!(error, BundleError::PasswordMissing, "{options:?}");
    }
}

#[test]
fn traditional_keys_are_read() {
    for (make, convert) in [
        (P256, &["ec"][..]),
        (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], &["rsa", "-traditional"]),
    ] {
        let Some(workshop) = Workshop::open(make) else { return };
        let (key, out) = (workshop.path("key.pem"), workshop.path("old.pem"));
        let Some(()) = openssl(&[convert, &["-in", &key, "-out", &out]].concat()) else {
            return;
        };
        let old = workshop.read("old.pem");
        assert!(!String::from_utf8_lossy(&old).contains("BEGIN PRIVATE KEY"));
        let text = [old, workshop.read("cert.pem")].concat();
        assert!(Bundle::from_pem(&text, &Password::default(), NOW).is_ok());
    }
}

#[test]
fn keys_that_key_vault_does_not_take_make_a_bundle_that_says_so() {
    for (make, kind) in [
        (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"][..], "RSA-1024"),
        (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp224r1"], "EC P-224"),
        (
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"],
            "EC brainpoolP256r1",
        ),
        (&["-algorithm", "ED25519"], "Ed25519"),
        (
            &[
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-pkeyopt",
                "ec_param_enc:explicit",
            ],
            "EC with explicit parameters",
        ),
    ] {
        let Some(workshop) = Workshop::open(make) else { return };
        let Some(file) = workshop.pfx(&[]) else { return };
        let bundle = Bundle::from_pfx(&file, &Password::from(PASSWORD), NOW)
            .unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(bundle.key_kind().to_string(), kind);
        let findings = bundle.findings(NOW);
        assert_eq!(findings[0].code.as_str(), "key-not-supported", "{kind}: {findings:?}");
    }
}

/// RSASSA-PSS and the older digests, verified along the chain.
#[test]
fn chains_of_every_signature_algorithm_are_verified() {
    for (make, sign) in [
        (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..], &["-sha1"][..]),
        (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], &["-sha384"]),
        (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], &["-sha512"]),
        (
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            &["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"],
        ),
        (
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            &["-sha512", "-sigopt", "rsa_padding_mode:pss"],
        ),
        (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], &["-sha256"]),
        (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], &["-sha512"]),
        (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], &["-sha256"]),
        (&["-algorithm", "ED25519"], &[]),
    ] {
        let Some(ca) = Workshop::open(make) else { return };
        let Some(leaf) = Workshop::open(P256) else { return };
        let (key, csr, cert) =
            (leaf.path("key.pem"), leaf.path("csr.pem"), leaf.path("issued.pem"));
        let (ca_key, ca_cert) = (ca.path("key.pem"), ca.path("cert.pem"));
        openssl(&["req", "-new", "-key", &key, "-subj", "/CN=leaf", "-out", &csr]);
        let arguments = [
            "x509",
            "-req",
            "-in",
            &csr,
            "-CA",
            &ca_cert,
            "-CAkey",
            &ca_key,
            "-set_serial",
            "7",
            "-days",
            "90",
            "-out",
            &cert,
        ];
        openssl(&[&arguments, sign].concat());
        let text = [leaf.read("key.pem"), ca.read("cert.pem"), leaf.read("issued.pem")].concat();
        let bundle = Bundle::from_pem(&text, &Password::default(), NOW).unwrap();
        let codes: Vec<_> =
            bundle.findings(NOW).into_iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(bundle.chain().len(), 1, "{sign:?}: {codes:?}");
        assert!(!codes.contains(&"signature-not-checked"), "{make:?} {sign:?}: {codes:?}");
        assert_eq!(codes.contains(&"weak-signature"), sign.contains(&"-sha1"), "{sign:?}");
    }
}

#[test]
fn issuer_of_unchecked_signature_is_found_by_name() {
    let make = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1"];
    let Some(ca) = Workshop::open(&make) else { return };
    let Some(leaf) = Workshop::open(P256) else { return };
    let (key, csr, cert) = (leaf.path("key.pem"), leaf.path("csr.pem"), leaf.path("issued.pem"));
    let (ca_key, ca_cert) = (ca.path("key.pem"), ca.path("cert.pem"));
    openssl(&["req", "-new", "-key", &key, "-subj", "/CN=leaf", "-out", &csr]);
    openssl(&[
        "x509",
        "-req",
        "-in",
        &csr,
        "-CA",
        &ca_cert,
        "-CAkey",
        &ca_key,
        "-set_serial",
        "7",
        "-days",
        "90",
        "-out",
        &cert,
    ]);
    let text = [leaf.read("key.pem"), ca.read("cert.pem"), leaf.read("issued.pem")].concat();
    let bundle = Bundle::from_pem(&text, &Password::default(), NOW).unwrap();
    assert_eq!(bundle.chain().len(), 1);
    let codes: Vec<_> =
        bundle.findings(NOW).into_iter().map(|finding| finding.code.as_str()).collect();
    assert!(codes.contains(&"signature-not-checked"), "{codes:?}");
}

/// Attributes inside the key, as Windows writes them, are dropped.
#[test]
fn the_key_is_written_without_attributes() {
    let Some(workshop) = Workshop::open(P256) else { return };
    let Some(file) = workshop.pfx(&["-keysig"]) else { return };
    let contents = pfx::read(&file, &Password::from(PASSWORD)).unwrap();
    assert_eq!(contents.keys[0].kind(), KeyKind::Ec(akv_core::bundle::Curve::P256));
    // keyUsage, 2.5.29.15.
    assert!(!contents.keys[0].pkcs8().windows(3).any(|octets| octets == [0x55, 0x1d, 0x0f]));
}

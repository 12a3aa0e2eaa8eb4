//! Formats that are confused with PKCS#12 and PEM, created by the usual tools if these are
//! installed, and the wrappings of files.

use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tempfile::TempDir;

use crate::field_files::open;
use crate::fixtures::{self, NOW};
use crate::pem::{as_pem, block};
use crate::witness::run;

fn named(bytes: &[u8], words: &[&str]) {
    let error = open(bytes, "changeit").unwrap_err();
    assert!(matches!(error, BundleError::NotABundle { .. }), "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
}

/// A PKCS#12 file, its password and the expected output.
fn sample() -> (Vec<u8>, String, Vec<u8>) {
    let fixture = fixtures::named("ossl-modern-P-256.pfx");
    let bundle = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
    (fixture.bytes, fixture.password.expose().to_owned(), bundle.to_pkcs12().to_vec())
}

/// `certutil -encode` writes CERTIFICATE around any content.
fn named_in_every_wrapping(keystore: &[u8], name: &str) {
    let base64 = STANDARD.encode(keystore);
    let armored = block("CERTIFICATE", keystore);
    for wrapped in [keystore, base64.as_bytes(), armored.as_bytes()] {
        named(wrapped, &[name, "keytool -importkeystore"]);
    }
}

#[test]
fn keystores_of_java_are_named_with_the_command() {
    for (kind, name) in [("JKS", "JKS"), ("JCEKS", "JCEKS")] {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("store");
        let arguments = [
            "-genkeypair",
            "-storetype",
            kind,
            "-keystore",
            file.to_str().unwrap(),
            "-storepass",
            "changeit",
            "-keypass",
            "changeit",
            "-alias",
            "a",
            "-keyalg",
            "EC",
            "-dname",
            "CN=a",
        ];
        let Some((made, text)) = run("keytool", &arguments, b"") else { return };
        assert!(made, "{text}");
        named_in_every_wrapping(&std::fs::read(file).unwrap(), name);
    }
    for version in [1, 2] {
        let bks = [&[0, 0, 0, version, 0, 0, 0, 20][..], &[7; 200]].concat();
        named_in_every_wrapping(&bks, "BKS");
    }
}

#[test]
fn pkcs7_is_named_in_pem_and_der() {
    let fixture = fixtures::named("ossl-modern-rsa2048.pfx");
    let pem = as_pem(&fixture);
    let (key, certificates) = pem.split_at(pem.find("-----BEGIN CERTIFICATE").unwrap());
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("certificates.pem");
    std::fs::write(&file, certificates).unwrap();
    let file = file.to_str().unwrap();
    let arguments = ["crl2pkcs7", "-nocrl", "-certfile", file];
    let Some((made, p7b)) = run("openssl", &arguments, b"") else { return };
    assert!(made, "{p7b}");
    let der = ::pem::parse(&p7b).unwrap().into_contents();
    let words = ["PKCS#7", "no private key"];
    for text in [
        p7b.clone(),
        format!("{key}{p7b}"),
        p7b.replace("PKCS7", "CERTIFICATE"),
        p7b.replace("PKCS7", "PKCS #7 SIGNED DATA"),
        STANDARD.encode(&der),
    ] {
        named(text.as_bytes(), &words);
    }
    named(&der, &words);
}

#[test]
fn other_files_are_named() {
    let key = fixtures::named("ossl-emptypw-plain-nomac.pfx");
    let contents = akv_core::bundle::pfx::read(&key.bytes, &key.password).unwrap();
    let der = contents.keys[0].pkcs8();
    let hex = der.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().concat();
    for (bytes, words) in [
        (&b""[..], "is empty"),
        (b"\xef\xbb\xbf\r\n", "is empty"),
        (b"<!DOCTYPE html><html>sign in</html>", "web page"),
        (b"{\"value\":\"MII\"}", "JSON"),
        (b"PuTTY-User-Key-File-3: ssh-rsa", "PuTTY"),
        (b"-----BEGIN%20CERTIFICATE-----%0AMII", "URL-encoded"),
        (b"\0\0\0\0CERT\0\0", "SST"),
        (b"PK\x03\x04\x14\0", "ZIP"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (der, "private key without a certificate"),
        (hex.as_bytes(), "hexadecimal"),
        (b"MIIJfQIBAzCCCT0!!!", "base64"),
        (b"hello", "starts like neither of them"),
    ] {
        named(bytes, &[words]);
    }
}

#[test]
fn base64_of_a_file_is_opened() {
    let (pfx, password, expected) = sample();
    let once = STANDARD.encode(&pfx);
    let lines: String = once
        .as_bytes()
        .chunks(76)
        .fold(String::new(), |text, line| text + str::from_utf8(line).unwrap() + "\r\n");
    let utf16: Vec<u8> =
        format!("\u{feff}{lines}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for wrapped in [
        once.clone().into_bytes(),
        once.trim_end_matches('=').as_bytes().to_vec(),
        format!("\u{feff}{lines}").into_bytes(),
        format!("\"{once}\"\n").into_bytes(),
        format!("'{once}'").into_bytes(),
        STANDARD.encode(&once).into_bytes(),
        STANDARD.encode(&lines).into_bytes(),
        URL_SAFE_NO_PAD.encode(&pfx).into_bytes(),
        format!("\"{}\"", lines.replace("\r\n", "\\r\\n").replace('/', "\\/")).into_bytes(),
        format!("data:application/x-pkcs12;base64,{once}").into_bytes(),
        [b"\xef\xbb\xbf\r\n", pfx.as_slice()].concat(),
        utf16,
    ] {
        let bundle = open(&wrapped, &password).unwrap();
        assert_eq!(*bundle.to_pkcs12(), expected);
    }
    let pem = as_pem(&fixtures::named("ossl-modern-P-256.pfx"));
    for wrapped in [STANDARD.encode(&pem), STANDARD.encode(STANDARD.encode(&pem))] {
        assert_eq!(*open(wrapped.as_bytes(), "").unwrap().to_pkcs12(), expected);
    }
    let mut often = once;
    for _ in 0..5 {
        often = STANDARD.encode(often);
    }
    named(often.as_bytes(), &["base64 of base64"]);
}

#[test]
fn pkcs12_under_any_label_is_opened() {
    let (pfx, password, expected) = sample();
    for label in ["PKCS12", "PFX", "PKCS #12", "CERTIFICATE", "PRIVATE KEY", "WHATEVER"] {
        let bundle = open(block(label, &pfx).as_bytes(), &password).unwrap();
        assert_eq!(*bundle.to_pkcs12(), expected, "{label}");
        let error = open(block(label, &pfx).as_bytes(), "another").unwrap_err();
        assert_eq!(error, BundleError::WrongPassword, "{label}");
    }
}

#[test]
fn pem_is_opened_however_it_is_encoded() {
    let fixture = fixtures::named("ossl-modern-P-256.pfx");
    let (text, expected) = (as_pem(&fixture), sample().2);
    let wide = |text: &str, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    };
    let marked = format!("\u{feff}{text}");
    for encoded in [
        wide(&marked, u16::to_le_bytes),
        wide(&marked, u16::to_be_bytes),
        wide(&text, u16::to_le_bytes),
        wide(&text, u16::to_be_bytes),
        marked.clone().into_bytes(),
        format!("\"{}\"", text.replace('\n', "\\n")).into_bytes(),
        text.replace('\n', "\\r\\n").replace('/', "\\/").into_bytes(),
        text.replace('\n', "\\\\n").into_bytes(),
        text.replace('\n', "\n    ").into_bytes(),
        text.replace('\n', "\n\n").into_bytes(),
        text.replace('\n', " \t\n").into_bytes(),
        text.replace('\n', "\u{a0}\n").into_bytes(),
        text.replace('\n', "\u{200b}\r").into_bytes(),
        text.replace('\n', "").into_bytes(),
        text.replace("-----BEGIN ", "----- BEGIN  ").into_bytes(),
        [b"friendlyName: w\xebb\n".as_slice(), text.as_bytes()].concat(),
    ] {
        let bundle = open(&encoded, "")
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&encoded)));
        assert_eq!(*bundle.to_pkcs12(), expected);
    }
}

/// Files of tools that wrap PKCS#12 by default.
#[test]
fn files_of_certtool_and_pk12util_are_opened() {
    let fixture = fixtures::named("ossl-modern-rsa2048.pfx");
    let pem = as_pem(&fixture);
    let (key, certificates) = pem.split_at(pem.find("-----BEGIN CERTIFICATE").unwrap());
    let folder = TempDir::new().unwrap();
    let path = |file: &str| folder.path().join(file).to_str().unwrap().to_owned();
    std::fs::write(path("key.pem"), key).unwrap();
    std::fs::write(path("chain.pem"), certificates).unwrap();
    let (key, chain, out) = (path("key.pem"), path("chain.pem"), path("out.p12"));
    let arguments = [
        "--to-p12",
        "--load-privkey",
        &key,
        "--load-certificate",
        &chain,
        "--p12-name",
        "web",
        "--password",
        "changeit",
        "--outfile",
        &out,
    ];
    if let Some((made, text)) = run("certtool", &arguments, b"") {
        assert!(made, "{text}");
        let file = std::fs::read(&out).unwrap();
        assert!(file.starts_with(b"-----BEGIN"), "certtool writes PEM by default");
        open(&file, "changeit").unwrap();
        assert_eq!(open(&file, "another").unwrap_err(), BundleError::WrongPassword);
    }

    let database = format!("sql:{}", path("."));
    let (imported, exported) = (path("in.p12"), path("nss.p12"));
    std::fs::write(&imported, &fixture.bytes).unwrap();
    let new = ["-N", "-d", &database, "--empty-password"];
    if run("certutil", &new, b"").is_none_or(|(made, _)| !made) {
        return;
    }
    let password = fixture.password.expose();
    let import = ["-i", &imported, "-d", &database, "-W", password];
    let Some((made, text)) = run("pk12util", &import, b"") else { return };
    assert!(made, "{text}");
    let Some((_, list)) = run("certutil", &["-L", "-d", &database], b"") else { return };
    let name = list.lines().find(|line| line.contains("u,u,u")).unwrap();
    let name = name.trim_end_matches("u,u,u").trim();
    let export = ["-o", &exported, "-n", name, "-d", &database, "-W", "changeit"];
    let Some((made, text)) = run("pk12util", &export, b"") else { return };
    assert!(made, "{text}");
    open(&std::fs::read(exported).unwrap(), "changeit").unwrap();
}

/// Every truncated file is an error, and never a partial bundle.
#[test]
fn file_cut_off_at_any_byte_is_reported() {
    let fixture = fixtures::named("ossl-modern-P-256.pfx");
    let password = Password::from(fixture.password.expose());
    for length in 1..fixture.bytes.len() {
        let error = Bundle::from_pfx(&fixture.bytes[..length], &password, NOW).unwrap_err();
        assert_eq!(error, BundleError::Truncated { found: length });
    }
    let text = as_pem(&fixture);
    let text = text.trim_end();
    let end = |cut: &str, line: &str| cut.rfind(line).map_or(0, |at| at + line.len());
    for length in 5..text.len() {
        let cut = &text[..length];
        let ended =
            end(cut, "-----END PRIVATE KEY-----").max(end(cut, "-----END CERTIFICATE-----"));
        // Between two blocks, a truncation cannot be detected.
        let tail = cut[ended..].trim();
        if ended == 0 || tail.len() > 4 {
            let error = open(cut.as_bytes(), "").unwrap_err();
            assert_eq!(error, BundleError::Truncated { found: length }, "{tail}");
        }
    }
}

//! Other tools read the written files. A tool that is not installed is skipped with a note.

use std::io::Write as _;
use std::process::{Command, Stdio};

use akv_core::bundle::Bundle;

use crate::fixtures::{self, NOW};

/// Runs a program; `None` if it is not installed.
pub(crate) fn run(program: &str, arguments: &[&str], input: &[u8]) -> Option<(bool, String)> {
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        println!("note: {program} is not installed, so it cannot bear witness");
        return None;
    };
    // A program that fails early closes its input; its exit status counts.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Some((output.status.success(), text))
}

#[test]
fn openssl_reads_the_written_file() {
    for fixture in fixtures::good() {
        let bundle = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
        let written = bundle.to_pkcs12();
        let arguments = ["pkcs12", "-info", "-nodes", "-passin", "pass:"];
        let Some((read, text)) = run("openssl", &arguments, &written) else { return };
        assert!(read, "{}: {text}", fixture.file);
        assert!(text.contains("Key bag"), "{}: {text}", fixture.file);
        assert!(!text.contains("Shrouded"), "{}: {text}", fixture.file);
        assert!(!text.contains("Encrypted data"), "{}: {text}", fixture.file);
        let certificates = text.matches("-----BEGIN CERTIFICATE-----").count();
        assert_eq!(certificates, bundle.chain().len() + 1, "{}", fixture.file);
        assert_eq!(text.matches("-----BEGIN PRIVATE KEY-----").count(), 1, "{}", fixture.file);
        // The same identifier links the key and its certificate.
        assert_eq!(text.matches("localKeyID").count(), 2, "{}: {text}", fixture.file);
        let key = text.find("-----BEGIN PRIVATE KEY-----");
        assert!(key < text.find("-----BEGIN CERTIFICATE-----"), "{}", fixture.file);
    }
}

/// Python's cryptography reads the file with both forms of an empty password, and checks the order
/// of the chain.
#[test]
fn python_cryptography_reads_the_written_file() {
    const SCRIPT: &str = r"
import base64, sys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
for line in sys.stdin:
    name, written, count = line.split()
    for password in (None, b''):
        key, leaf, chain = load_key_and_certificates(base64.b64decode(written), password)
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert key.public_key().public_bytes(*form) == leaf.public_key().public_bytes(*form), name
        assert len(chain) + 1 == int(count), name
        for below, above in zip([leaf] + chain, chain):
            below.verify_directly_issued_by(above)
print('all read')
";
    use base64::Engine as _;
    let installed = run("python3", &["-c", "import cryptography"], b"");
    if !installed.is_some_and(|(success, _)| success) {
        println!("note: Python's cryptography is not installed, so it cannot bear witness");
        return;
    }
    let lines = fixtures::good().map(|fixture| {
        let bundle = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
        let written = base64::engine::general_purpose::STANDARD.encode(bundle.to_pkcs12());
        format!("{} {written} {}\n", fixture.file, bundle.chain().len() + 1)
    });
    let lines: String = lines.collect();
    let (read, text) = run("python3", &["-c", SCRIPT], lines.as_bytes()).unwrap();
    assert!(read && text.contains("all read"), "{text}");
}

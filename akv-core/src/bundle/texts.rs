//! The texts of all errors about files, for review.

use super::error::{BundleError, EncryptedPart};
use super::file::OTHERS;
use super::flaw::Explain as _;
use super::key_kind::KeyKind;

/// An example of each variant.
fn examples() -> Vec<BundleError> {
    let key = KeyKind::Rsa { bits: 2048 };
    let decryption = |part, ascii| BundleError::DecryptionFailed { part, ascii };
    vec![
        BundleError::TooLarge { bytes: 2_000_000, limit: 1_048_576 },
        BundleError::TooDeep { limit: 24 },
        BundleError::TooCostly { claimed: 5_000_000, limit: 1_000_000 },
        BundleError::TooMuchWork { claimed: 20_000_000, limit: 15_000_000 },
        BundleError::TooMuchMemory { claimed: 67_108_864, limit: 33_554_432 },
        BundleError::TooMany { what: "certificates", limit: 100 },
        BundleError::Truncated { found: 1_000 },
        BundleError::NotABundle { looks: "starts like neither of them" },
        BundleError::PKCS7,
        BundleError::damaged("the private key", "it ends too early"),
        BundleError::DamagedBlock {
            number: 2,
            label: Some("CERTIFICATE"),
            line: 31,
            flaw: "it is not base64".flaw(),
        },
        BundleError::PasswordTooLong { limit: 1_024 },
        BundleError::PasswordMissing,
        BundleError::WrongPassword,
        decryption(EncryptedPart::Key, true),
        decryption(EncryptedPart::Key, false),
        decryption(EncryptedPart::Certificates, true),
        decryption(EncryptedPart::Certificates, false),
        BundleError::ProtectedToPrincipal,
        BundleError::Unsupported {
            part: "the private key",
            algorithm: "RC4".to_owned(),
            advice: "export the file again with AES",
        },
        BundleError::NoKey { certificates: 2 },
        BundleError::NoCertificate { key: key.clone() },
        BundleError::KeyFitsNoCertificate { key: key.clone(), subjects: vec!["CN=web".to_owned()] },
        BundleError::LeafNotRead {
            key,
            unreadable: vec!["certificate 1: it has no public key".to_owned()],
        },
        BundleError::NotIssuers { problem: "it contains a private key".to_owned() },
        BundleError::SeveralKeys { found: 2 },
    ]
}

/// Does not compile when a variant is new: it needs an example too.
fn is_listed(error: &BundleError) -> bool {
    match error {
        BundleError::TooLarge { .. }
        | BundleError::TooDeep { .. }
        | BundleError::TooCostly { .. }
        | BundleError::TooMuchWork { .. }
        | BundleError::TooMuchMemory { .. }
        | BundleError::TooMany { .. }
        | BundleError::Truncated { .. }
        | BundleError::NotABundle { .. }
        | BundleError::Damaged { .. }
        | BundleError::DamagedBlock { .. }
        | BundleError::PasswordTooLong { .. }
        | BundleError::PasswordMissing
        | BundleError::WrongPassword
        | BundleError::DecryptionFailed { .. }
        | BundleError::ProtectedToPrincipal
        | BundleError::Unsupported { .. }
        | BundleError::NoKey { .. }
        | BundleError::NoCertificate { .. }
        | BundleError::KeyFitsNoCertificate { .. }
        | BundleError::LeafNotRead { .. }
        | BundleError::NotIssuers { .. }
        | BundleError::SeveralKeys { .. } => true,
    }
}

#[test]
fn texts_of_errors_about_files_are_reviewed() {
    let examples = examples();
    let kinds: std::collections::BTreeSet<_> = examples
        .iter()
        .filter(|error| is_listed(error))
        .map(|error| format!("{error:?}").split([' ', '(']).next().map(str::to_owned))
        .collect();
    assert_eq!(kinds.len(), 22, "a variant has no example: {kinds:?}");
    let texts: Vec<_> = examples.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn texts_about_other_formats_are_reviewed() {
    let texts: Vec<_> = OTHERS.iter().map(|(_, looks)| *looks).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

//! Why a file cannot become a bundle: one variant per cause, comparable in tests.

use std::fmt;

use super::flaw::{Explain, Flaw};
use super::key_kind::KeyKind;

/// Why a PKCS#12 or PEM file cannot be read or cannot become a [`Bundle`](super::Bundle).
///
/// Each message states the problem and the remedy in this crate's own words: formats, known labels,
/// counts, offsets, subjects. It contains no other content of the file, and no error text of
/// another crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The file is larger than any real bundle; nothing was read.
    #[error(
        "the file has {bytes} bytes; the limit is {limit}: check that it is a certificate bundle"
    )]
    TooLarge {
        /// The file's size in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Structures are nested deeper than in any real bundle.
    #[error("the file is nested deeper than {limit} levels: it is damaged or malicious")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// One key derivation has more iterations than any tool writes; it was not run.
    #[error(
        "the key derivation of the file has {claimed} iterations; the limit is {limit}: export it \
         again with fewer iterations"
    )]
    TooCostly {
        /// The count in the file; `u64::MAX` if it is even higher.
        claimed: u64,
        /// The limit for one derivation.
        limit: u64,
    },
    /// All key derivations of the file together would take more than about a second.
    #[error(
        "the key derivations of the file need {claimed} hash blocks in total; the limit is \
         {limit}: export it again with fewer iterations"
    )]
    TooMuchWork {
        /// The cost up to the point where reading stopped, in blocks of SHA-256.
        claimed: u64,
        /// The limit for a file, in blocks of SHA-256.
        limit: u64,
    },
    /// The key derivation (scrypt) needs more memory than the limit.
    #[error(
        "the key derivation of the file needs {claimed} bytes of memory; the limit is {limit}: \
         export it again with PBKDF2"
    )]
    TooMuchMemory {
        /// The required memory, in bytes.
        claimed: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// There are more certificates or keys than in any real bundle.
    #[error(
        "the file has more than {limit} {what}: it is a trust store or malicious, not the bundle \
         of one certificate"
    )]
    TooMany {
        /// `certificates` or `private keys`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The end of the file is missing.
    #[error(
        "the file ends too early, after {found} bytes: it was cut off or transferred as text, copy it again as binary or export it again"
    )]
    Truncated {
        /// The number of bytes.
        found: usize,
    },
    /// The file has another format, or shows signs of a damaged transfer.
    #[error("the file is neither PKCS#12 nor PEM with a key and certificates: it {looks}")]
    NotABundle {
        /// The format that it resembles, and the remedy.
        looks: &'static str,
    },
    /// A part of the file is malformed.
    #[error("{part} is damaged: {flaw}; export the file again")]
    Damaged {
        /// The part.
        part: &'static str,
        /// Its flaw.
        flaw: Flaw,
    },
    /// A block of PEM text is damaged.
    #[error(
        "PEM block {number}{} is damaged at line {line}: {flaw}; export or copy it again",
        label.map(|label| format!(" ({label})")).unwrap_or_default()
    )]
    DamagedBlock {
        /// The block, counted from one.
        number: usize,
        /// Its label, if it is a known one.
        label: Option<&'static str>,
        /// The line of the text, counted from one.
        line: usize,
        /// The block's flaw.
        flaw: Flaw,
    },
    /// The password is longer than any file's password can be.
    #[error("the password has more than {limit} characters: give the password itself")]
    PasswordTooLong {
        /// The limit, in characters.
        limit: usize,
    },
    /// The file is protected, but no password was given.
    #[error("the file is protected by a password, and no password was given")]
    PasswordMissing,
    /// The password is wrong, or the file is damaged: the format cannot distinguish them.
    #[error("the password does not open the file (or the file is damaged): check the password")]
    WrongPassword,
    /// The password is right for the file as a whole but does not decrypt one of its parts.
    #[error("the password opens the file but not {part}: {}", part.advice(*ascii))]
    DecryptionFailed {
        /// The part.
        part: EncryptedPart,
        /// Whether the password is ASCII: Java encodes other passwords differently.
        ascii: bool,
    },
    /// Windows generated the password and encrypted it to users or groups of Active Directory.
    #[error(
        "the file is protected to users or groups of Active Directory, so only their Windows session can open it: export it again with a password (`Export-PfxCertificate -Password`)"
    )]
    ProtectedToPrincipal,
    /// The file uses an algorithm that is not implemented.
    #[error("{part} uses {algorithm}, which is not supported: {advice}")]
    Unsupported {
        /// The part.
        part: &'static str,
        /// The algorithm's name, or its object identifier if the name is unknown.
        algorithm: String,
        /// The remedy.
        advice: &'static str,
    },
    /// There is no private key. Key Vault imports certificates only together with their key.
    #[error(
        "the file has no private key, only {certificates} certificate(s): Key Vault imports a certificate only with its key, export it with the key"
    )]
    NoKey {
        /// The number of certificates in the file.
        certificates: usize,
    },
    /// There is a private key but no certificate.
    #[error(
        "the file has a private key ({key}) but no certificate: export it with the certificate"
    )]
    NoCertificate {
        /// The key in the file.
        key: KeyKind,
    },
    /// The private key matches none of the certificates.
    #[error(
        "the private key ({key}) matches none of the certificates ({}): export the key with its \
         own certificate",
        subjects.join("; ")
    )]
    KeyFitsNoCertificate {
        /// The key in the file.
        key: KeyKind,
        /// The subjects of the certificates in the file.
        subjects: Vec<String>,
    },
    /// The private key matches none of the readable certificates, and there are unreadable ones.
    #[error("cannot find the certificate of the private key ({key}): {}", unreadable.join("; "))]
    LeafNotRead {
        /// The key in the file.
        key: KeyKind,
        /// The unreadable certificates, with the reasons.
        unreadable: Vec<String>,
    },
    /// The file should contain only CA certificates.
    #[error("the file does not contain only CA certificates: {problem}")]
    NotIssuers {
        /// The actual content, and the remedy.
        problem: String,
    },
    /// There are several private keys, so the intended certificate is unknown.
    #[error(
        "the file has {found} different private keys: export one certificate with its key and \
         chain"
    )]
    SeveralKeys {
        /// The number of different keys.
        found: usize,
    },
}

impl BundleError {
    /// PKCS#7, in PEM or DER.
    pub(super) const PKCS7: Self = Self::NotABundle {
        looks: "is PKCS#7 (.p7b), which has certificates but no private key: export the \
                certificate with its key as PFX, or join the key with the output of `openssl \
                pkcs7 -print_certs`",
    };

    pub(super) fn damaged(part: &'static str, flaw: impl Explain) -> Self {
        Self::Damaged { part, flaw: flaw.flaw() }
    }
}

/// An encrypted part of a PKCS#12 file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncryptedPart {
    /// The private key.
    Key,
    /// The part with the certificates.
    Certificates,
}

impl EncryptedPart {
    fn advice(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::Key, true) => {
                "the key has a password of its own, use the same password for the key and the \
                 file (`keytool -importkeystore -srckeypass OLD -destkeypass NEW`)"
            }
            (Self::Key, false) => {
                "the key has a password of its own, use the same password for the key and the \
                 file (`keytool -importkeystore -srckeypass OLD -destkeypass NEW`); Java's \
                 keytool also writes such files when the password has characters outside ASCII, \
                 as this one has"
            }
            (Self::Certificates, true) => {
                "it is encrypted with another password than the integrity check has, export the file again with one password"
            }
            (Self::Certificates, false) => {
                "Java's keytool writes such files when the password has characters outside ASCII, as this one has: export it again with an ASCII password"
            }
        }
    }
}

impl fmt::Display for EncryptedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "the private key",
            Self::Certificates => "the part with the certificates",
        })
    }
}

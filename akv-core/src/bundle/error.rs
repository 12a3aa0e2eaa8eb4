//! Why a file cannot become a bundle: one variant a cause, comparable in tests.

use std::fmt;

use super::flaw::{Explain, Flaw};
use super::key_kind::KeyKind;

/// Why a PKCS#12 or PEM file cannot be read or cannot become a [`Bundle`](super::Bundle).
///
/// Each message says what was found and what to do, in words of this crate: formats, known labels,
/// counts, offsets, subjects. Nothing else of a file is in it, and no error of another crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// More bytes than any real bundle has; nothing was read.
    #[error(
        "the file has {bytes} bytes; the limit is {limit}: check that it is a certificate bundle"
    )]
    TooLarge {
        /// The file's size in bytes.
        bytes: usize,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// Structures nested deeper than any real bundle nests them.
    #[error("the file is nested deeper than {limit} levels: it is damaged or malicious")]
    TooDeep {
        /// The deepest that is read.
        limit: usize,
    },
    /// One key derivation claims more iterations than any tool writes; none of it was done.
    #[error(
        "the key derivation of the file has {claimed} iterations; the limit is {limit}: export it \
         again with fewer iterations"
    )]
    TooCostly {
        /// What the file claims; `u64::MAX` where it claims even more.
        claimed: u64,
        /// The most that is done for one derivation.
        limit: u64,
    },
    /// All key derivations of the file together cost more than about a second.
    #[error(
        "the key derivations of the file need {claimed} hash blocks in total; the limit is \
         {limit}: export it again with fewer iterations"
    )]
    TooMuchWork {
        /// The cost up to where reading stopped, in blocks of SHA-256.
        claimed: u64,
        /// The most that is done for a file, in blocks of SHA-256.
        limit: u64,
    },
    /// The key derivation (scrypt) claims more memory than is given to it.
    #[error(
        "the key derivation of the file needs {claimed} bytes of memory; the limit is {limit}: \
         export it again with PBKDF2"
    )]
    TooMuchMemory {
        /// What the file claims, in bytes.
        claimed: u64,
        /// The most that is given, in bytes.
        limit: u64,
    },
    /// More certificates or keys than a bundle can sensibly have.
    #[error(
        "the file has more than {limit} {what}: it is a trust store or malicious, not the bundle \
         of one certificate"
    )]
    TooMany {
        /// `certificates` or `private keys`.
        what: &'static str,
        /// The most that are read.
        limit: usize,
    },
    /// The end is missing.
    #[error(
        "the file ends too early, after {found} bytes: it was cut off or transferred as text, copy it again as binary or export it again"
    )]
    Truncated {
        /// How many bytes there are.
        found: usize,
    },
    /// Another format, or a file that was damaged on its way in a way that shows.
    #[error("the file is neither PKCS#12 nor PEM with a key and certificates: it {looks}")]
    NotABundle {
        /// What it looks like instead, and what to do.
        looks: &'static str,
    },
    /// A part is not what the format demands.
    #[error("{part} is damaged: {flaw}; export the file again")]
    Damaged {
        /// Which part.
        part: &'static str,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A block of PEM text is damaged.
    #[error(
        "PEM block {number}{} is damaged at line {line}: {flaw}; export or copy it again",
        label.map(|label| format!(" ({label})")).unwrap_or_default()
    )]
    DamagedBlock {
        /// Which block, counted from one.
        number: usize,
        /// Its label, where it is a known one.
        label: Option<&'static str>,
        /// The line of the text, counted from one.
        line: usize,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The password is longer than any file's may be.
    #[error("the password has more than {limit} characters: give the password itself")]
    PasswordTooLong {
        /// The most characters that are taken.
        limit: usize,
    },
    /// The file is protected and no password was given.
    #[error("the file is protected by a password, and no password was given")]
    PasswordMissing,
    /// The password does not open the file, or the file is damaged: the format cannot tell them apart.
    #[error("the password does not open the file (or the file is damaged): check the password")]
    WrongPassword,
    /// The password is right for the file as a whole but does not decrypt one of its parts.
    #[error("the password opens the file but not {part}: {}", part.advice(*ascii))]
    DecryptionFailed {
        /// Which part.
        part: EncryptedPart,
        /// Whether the password is ASCII: Java has another form of those that are not.
        ascii: bool,
    },
    /// Windows made a password up and encrypted it to users or groups of Active Directory.
    #[error(
        "the file is protected to users or groups of Active Directory, so only their Windows session can open it: export it again with a password (`Export-PfxCertificate -Password`)"
    )]
    ProtectedToPrincipal,
    /// The file uses an algorithm that is not implemented.
    #[error("{part} uses {algorithm}, which is not supported: {advice}")]
    Unsupported {
        /// Which part.
        part: &'static str,
        /// The algorithm's name, or its object identifier where the name is not known.
        algorithm: String,
        /// What to do.
        advice: &'static str,
    },
    /// There is no private key. Key Vault imports certificates only together with their key.
    #[error(
        "the file has no private key, only {certificates} certificate(s): Key Vault imports a certificate only with its key, export it with the key"
    )]
    NoKey {
        /// How many certificates were found.
        certificates: usize,
    },
    /// There is a private key but no certificate.
    #[error(
        "the file has a private key ({key}) but no certificate: export it with the certificate"
    )]
    NoCertificate {
        /// The key that was found.
        key: KeyKind,
    },
    /// The private key belongs to none of the certificates.
    #[error(
        "the private key ({key}) matches none of the certificates ({}): export the key with its \
         own certificate",
        subjects.join("; ")
    )]
    KeyFitsNoCertificate {
        /// The key that was found.
        key: KeyKind,
        /// The subjects of the certificates that were found.
        subjects: Vec<String>,
    },
    /// The private key belongs to none of the certificates that can be read, and there are others.
    #[error("cannot find the certificate of the private key ({key}): {}", unreadable.join("; "))]
    LeafNotRead {
        /// The key that was found.
        key: KeyKind,
        /// Which certificates cannot be read, and why.
        unreadable: Vec<String>,
    },
    /// The file was to hold certificates of authorities, and nothing else.
    #[error("the file is not one of CA certificates: {problem}")]
    NotIssuers {
        /// What it holds instead, and what to do.
        problem: String,
    },
    /// There are several private keys, so it is not clear which certificate is meant.
    #[error(
        "the file has {found} different private keys: export one certificate with its key and \
         chain"
    )]
    SeveralKeys {
        /// How many different keys were found.
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

/// A part of a PKCS#12 file that is encrypted.
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

//! Why a file cannot become a bundle: one variant a cause, comparable in tests.

use super::key_kind::KeyKind;

/// Why a PKCS#12 or PEM file cannot be read or cannot become a [`Bundle`](super::Bundle).
///
/// Each message says what was found and what to do. None ever carries the password or key bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// More bytes than any real bundle has; nothing was read.
    #[error(
        "the file has {bytes} bytes, more than the {limit} that are read: check that it is a certificate bundle"
    )]
    TooLarge {
        /// The file's size in bytes.
        bytes: usize,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// Structures nested deeper than any real bundle nests them.
    #[error(
        "the file nests its structures deeper than {limit} levels: it is damaged or made to do harm"
    )]
    TooDeep {
        /// The deepest that is read.
        limit: usize,
    },
    /// One key derivation claims more iterations than any tool writes; none of it was done.
    #[error(
        "the file asks for {claimed} iterations to turn the password into a key, more than the {limit} that are done: export it again with fewer"
    )]
    TooCostly {
        /// What the file claims; `u64::MAX` where it claims even more.
        claimed: u64,
        /// The most that is done for one derivation.
        limit: u64,
    },
    /// All key derivations of the file together cost more than about a second.
    #[error(
        "the key derivations that the file asks for cost {claimed} hash blocks together, more than the {limit} that are done: export it again with fewer iterations"
    )]
    TooMuchWork {
        /// The cost up to where reading stopped, in blocks of SHA-256.
        claimed: u64,
        /// The most that is done for a file, in blocks of SHA-256.
        limit: u64,
    },
    /// The key derivation (scrypt) claims more memory than is given to it.
    #[error(
        "the file asks for {claimed} bytes of memory to turn the password into a key, more than the {limit} that are given: export it again with PBKDF2"
    )]
    TooMuchMemory {
        /// What the file claims, in bytes.
        claimed: u64,
        /// The most that is given, in bytes.
        limit: u64,
    },
    /// More certificates or keys than a bundle can sensibly have.
    #[error(
        "the file has more than {limit} {what}: it is a trust store or made to do harm, not the bundle of one certificate"
    )]
    TooMany {
        /// `certificates` or `private keys`.
        what: &'static str,
        /// The most that are read.
        limit: usize,
    },
    /// The end is missing.
    #[error(
        "the file ends too early, after {found} bytes: it was cut off on its way, export or copy it again"
    )]
    Truncated {
        /// How many bytes there are.
        found: usize,
    },
    /// Not a PKCS#12 file at all.
    #[error("the file is not PKCS#12: it {looks}")]
    NotPkcs12 {
        /// What it looks like instead.
        looks: &'static str,
    },
    /// Not a PEM file at all.
    #[error("the file has no PEM block (-----BEGIN …-----): {looks}")]
    NotPem {
        /// What it looks like instead.
        looks: &'static str,
    },
    /// A part is not what the format demands.
    #[error("{part} is damaged: {detail}; export the file again")]
    Damaged {
        /// Which part.
        part: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The file is protected and no password was given.
    #[error("the file is protected by a password and none was given")]
    PasswordMissing,
    /// The password does not open the file, or the file is damaged: the format cannot tell them apart.
    #[error("the password does not open the file (or the file is damaged): check the password")]
    WrongPassword,
    /// The password passes the integrity check but does not decrypt the contents.
    #[error(
        "the password passes the file's integrity check but does not decrypt its contents: Java's keytool writes such files when the password has characters outside ASCII, export it again with an ASCII password"
    )]
    DecryptionFailed,
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
        "the private key ({key}) fits none of the certificates ({}): export the key with its own \
         certificate",
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
    /// There are several private keys, so it is not clear which certificate is meant.
    #[error(
        "the file has {found} different private keys: export the one certificate that is meant, with its key and chain"
    )]
    SeveralKeys {
        /// How many different keys were found.
        found: usize,
    },
}

impl BundleError {
    #[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over")]
    pub(super) fn damaged(part: &'static str, detail: impl ToString) -> Self {
        Self::Damaged { part, detail: detail.to_string() }
    }
}

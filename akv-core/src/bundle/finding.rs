//! Findings about a bundle, with a severity and a stable code.

use std::fmt;

use serde::{Serialize, Serializer};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "programs act on each of the three")]
pub enum Severity {
    /// For information; no action needed.
    Info,
    /// Key Vault may reject it, or clients may not trust it.
    Warning,
    /// Key Vault rejects it according to its documentation, or the bundle would differ from the
    /// file: nothing is sent.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Its code, for programs.
    pub code: FindingCode,
    /// Its severity.
    pub severity: Severity,
    /// Its text, for people: a lower-case fragment.
    pub message: String,
}

impl Finding {
    pub(super) fn new(code: FindingCode, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// The code of a finding: stable, for scripts.
        ///
        /// ```
        /// use akv_core::bundle::{FindingCode, Severity};
        /// assert_eq!(FindingCode::MissingIntermediate.as_str(), "missing-intermediate");
        /// assert_eq!(FindingCode::Expired.severity(), Severity::Error);
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FindingCode {
            $($(#[$doc])* $name,)*
        }

        impl FindingCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code's text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The severity, always the same for one code.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity),* }
            }
        }
    };
}

codes! {
    /// The leaf has expired. Key Vault rejects it (its frequently asked questions).
    Expired = "expired", Error;
    /// Key Vault does not support the key's kind or size (data plane 7.6).
    KeyNotSupported = "key-not-supported", Error;
    /// The leaf is not valid yet.
    NotYetValid = "not-yet-valid", Warning;
    /// A certificate above the leaf has expired or is not valid yet.
    ChainNotValidNow = "chain-not-valid-now", Warning;
    /// The certificate that issued the leaf is not in the file.
    MissingIntermediate = "missing-intermediate", Warning;
    /// The chain does not end with a self-signed root, which is usual.
    RootNotIncluded = "root-not-included", Info;
    /// The leaf is self-signed: no client trusts it by default.
    SelfSigned = "self-signed", Warning;
    /// A signature uses MD5 or SHA-1.
    WeakSignature = "weak-signature", Warning;
    /// Users report that Key Vault rejects an RSA certificate of an EC CA.
    RsaLeafUnderEcCa = "rsa-leaf-under-ec-ca", Warning;
    /// Users report that Key Vault rejects some CA certificates.
    CaCertificate = "ca-certificate", Warning;
    /// The bundle nearly reaches the size limit of Key Vault's secrets.
    NearSizeLimit = "near-size-limit", Warning;
    /// The bundle exceeds the size limit of Key Vault's secrets. The limit of certificates is not
    /// published.
    TooLarge = "too-large", Warning;
    /// The issuer at the end of the chain may be an unreadable certificate of the file.
    IssuerNotRead = "issuer-not-read", Error;
    /// A field of the leaf or of a certificate above it cannot be read.
    FieldNotRead = "field-not-read", Warning;
    /// A certificate of the file does not belong to the chain.
    UnrelatedCertificate = "stranger-left-out", Warning;
    /// The file has several certificates with one key, as for a cross-signed CA, and this one was
    /// not selected.
    AlternativeLeftOut = "alternative-left-out", Info;
    /// A certificate of the chain is not in the file but was offered.
    IssuerAdded = "issuer-added", Info;
    /// A certificate is in the file more than once.
    DuplicateLeftOut = "duplicate-left-out", Info;
    /// A certificate of the file cannot be read, but the chain is complete without it.
    UnreadableLeftOut = "unreadable-left-out", Warning;
    /// A signature's algorithm is not implemented, so the issuer was identified by its name.
    SignatureNotChecked = "signature-not-checked", Warning;
    /// It could not be computed whether the key belongs to the leaf.
    KeyMatchNotChecked = "key-match-not-checked", Warning;
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for FindingCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

//! What there is to say about a bundle, with a severity and a stable code.

use std::fmt;

use serde::{Serialize, Serializer};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "programs act on each of the three")]
pub enum Severity {
    /// Good to know; nothing to do.
    Info,
    /// Key Vault may refuse it, or clients may not trust it.
    Warning,
    /// Key Vault's documentation says that it refuses this, or what would be sent is not what is in the
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
    /// What it is, for programs.
    pub code: FindingCode,
    /// How much it matters.
    pub severity: Severity,
    /// What it is, for people: a lower-case fragment.
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
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code's text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// How much it matters, always the same for one code.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity),* }
            }
        }
    };
}

codes! {
    /// The leaf has expired. Key Vault refuses it (its frequently asked questions).
    Expired = "expired", Error;
    /// Key Vault has no such key kind or size (data plane 7.6).
    KeyNotSupported = "key-not-supported", Error;
    /// The leaf is not valid yet.
    NotYetValid = "not-yet-valid", Warning;
    /// A certificate above the leaf has expired or is not valid yet.
    ChainNotValidNow = "chain-not-valid-now", Warning;
    /// The certificate that issued the leaf is not in the file.
    MissingIntermediate = "missing-intermediate", Warning;
    /// The chain does not go up to a self-signed root, as is usual.
    RootNotIncluded = "root-not-included", Info;
    /// The leaf is signed with its own key: no client trusts it by itself.
    SelfSigned = "self-signed", Warning;
    /// A signature uses MD5 or SHA-1.
    WeakSignature = "weak-signature", Warning;
    /// Users report that Key Vault refuses an RSA certificate of an EC authority.
    RsaLeafUnderEcCa = "rsa-leaf-under-ec-ca", Warning;
    /// Users report that Key Vault refuses some certificates of authorities.
    CaCertificate = "ca-certificate", Warning;
    /// The bundle comes near to what Key Vault's secrets can hold.
    NearSizeLimit = "near-size-limit", Warning;
    /// The bundle is larger than what Key Vault's secrets can hold. The limit of certificates
    /// themselves is not published.
    TooLarge = "too-large", Warning;
    /// What should be above the chain may be a certificate of the file that cannot be read.
    IssuerNotRead = "issuer-not-read", Error;
    /// A field of the leaf or of a certificate above it cannot be read.
    FieldNotRead = "field-not-read", Warning;
    /// A certificate of the file does not belong to the chain.
    UnrelatedCertificate = "stranger-left-out", Warning;
    /// The file has several certificates of one key, as for a cross-signed authority, and this one is
    /// not the one that was chosen.
    AlternativeLeftOut = "alternative-left-out", Info;
    /// A certificate of the chain is not in the file and was offered beside it.
    IssuerAdded = "issuer-added", Info;
    /// A certificate is in the file more than once.
    DuplicateLeftOut = "duplicate-left-out", Info;
    /// A certificate of the file cannot be read, and the chain is complete without it.
    UnreadableLeftOut = "unreadable-left-out", Warning;
    /// A signature's algorithm is not implemented, so its issuer was found by name.
    SignatureNotChecked = "signature-not-checked", Warning;
    /// Whether the key belongs to the leaf could not be computed.
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

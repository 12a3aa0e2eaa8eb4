//! The codes of findings.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::bundle::Severity;
use crate::error::InvalidValue;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident, $meaning:literal, $hint:literal;)*) => {
        /// The code of a finding: stable, for scripts.
        ///
        /// ```
        /// use akv_core::report::{Code, Severity};
        /// assert_eq!("weak-key".parse(), Ok(Code::WeakKey));
        /// assert_eq!(Code::Expired.severity(), Severity::Error);
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
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

            /// An explanation: a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }

            /// A hint: a sentence.
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint),* }
            }
        }
    };
}

codes! {
    /// The certificate is no longer valid.
    Expired = "expired", Error,
        "The certificate is past its expiration date. Clients reject it.",
        "Renew it, or remove it if nothing uses it any more.";
    /// RSA below 2048 bits, a curve below 256 bits, or DSA.
    WeakKey = "weak-key", Error,
        "The key is too short to be safe: RSA below 2048 bits, a curve below 256 bits, or DSA.",
        "Reissue the certificate with a new key of RSA 2048, EC P-256 or stronger.";
    /// The certificate expires within the chosen number of days.
    ExpiresSoon = "expires-soon", Warning,
        "The certificate expires soon. Services that use it stop working on that date.",
        "Renew it in Command and let the new version reach the vault before that date.";
    /// The newest version is disabled.
    Disabled = "disabled", Warning,
        "The newest version is disabled. Requests for the certificate fail.",
        "Enable it, add a new version, or remove the certificate if it is not needed.";
    /// The vault renews the certificate itself.
    AutoRenew = "auto-renew", Warning,
        "The vault's own policy renews this certificate. The new version does not come from Command and can replace the one that Command manages.",
        "Set the lifetime action of the certificate's policy to EmailContacts.";
    /// The certificate is signed with MD2, MD5 or SHA-1.
    WeakSignature = "weak-signature", Warning,
        "The certificate is signed with a hash for which collisions exist. Most clients reject it.",
        "Reissue it with a SHA-256 signature or stronger.";
    /// Several certificates have the same key.
    SharedKey = "shared-key", Warning,
        "Several certificates use the same private key. If the key leaks at one place, all of them are compromised.",
        "Reissue each certificate with a key of its own.";
    /// A certificate request was never completed.
    Pending = "pending", Warning,
        "A certificate request was started and never completed. It blocks the next request with the same name.",
        "Complete the request by merging the signed certificate, or cancel the pending operation.";
    /// The vault can be purged.
    PurgeProtectionOff = "purge-protection-off", Warning,
        "The vault has no purge protection. A deleted certificate can be purged before its retention period ends.",
        "Enable purge protection. It cannot be turned off again.";
    /// A required tag is missing.
    MissingTag = "missing-tag", Warning,
        "The certificate lacks a tag that is required.",
        "Set the tag in the vault or as an entry parameter in Command.";
    /// An older version is enabled.
    OldVersionEnabled = "old-version-enabled", Info,
        "Older versions are still enabled. A service that is pinned to one of them does not get the new certificate.",
        "Move services to the newest version, then disable the older ones.";
    /// The same certificate is stored more than once.
    Duplicate = "duplicate", Info,
        "The same certificate is stored in several places. Each copy has to be renewed.",
        "Keep one copy, or make sure that every copy is renewed.";
    /// The newest version is older than the chosen number of days.
    Stale = "stale", Info,
        "The certificate has not been renewed for a long time.",
        "Check whether it is still used, and remove it if not.";
    /// Every network can reach the vault.
    PublicAccess = "public-access", Info,
        "The vault accepts connections from public networks.",
        "Disable public network access, or restrict it with firewall rules.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Code {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| InvalidValue::new("finding code", text, all()))
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The codes as a list for messages.
pub(super) fn all() -> String {
    Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ")
}

//! A certificate with its key and its chain, checked at construction.

use std::fmt;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::chain::Chain;
use super::error::BundleError;
use super::file::read;
use super::finding::{Finding, FindingCode};
use super::key::KeyMatch;
use super::key_kind::KeyKind;
use super::parts::Parts;
use super::pfx;
use super::review::{self, Reviewed};
use super::selection::{leaf_of, only_key, without_duplicates};
use super::x509::X509;
use crate::certificate::Thumbprint;
use crate::secret::Password;

/// A certificate with its private key and its chain, ready for Key Vault.
///
/// Its constructors guarantee that the key belongs to the leaf, that each certificate of the chain
/// signed the one below it, and that there are no duplicates. The findings name the certificates of
/// the file that were left out.
///
/// ```no_run
/// use akv_core::Password;
/// use akv_core::bundle::{Bundle, Severity};
/// use time::OffsetDateTime;
///
/// let file = std::fs::read("web.pfx")?;
/// let now = OffsetDateTime::now_utc();
/// let bundle = Bundle::from_pfx(&file, &Password::from("secret"), now)?;
/// let findings = bundle.findings(now);
/// if findings.iter().all(|finding| finding.severity < Severity::Error) {
///     let for_key_vault = bundle.to_pkcs12();
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Bundle {
    leaf: X509,
    chain: Vec<X509>,
    key_kind: KeyKind,
    /// Written at construction, so that every bundle can be sent. This is the only copy of the key.
    pkcs12: Zeroizing<Vec<u8>>,
    /// The findings of the construction.
    notes: Vec<Finding>,
}

impl Bundle {
    /// Creates a bundle from a PKCS#12 file. An empty password means no password. PEM is detected
    /// and accepted too: see [`read`].
    pub fn from_pfx(
        bytes: &[u8],
        password: &Password,
        now: OffsetDateTime,
    ) -> Result<Self, BundleError> {
        Self::from_parts(read(bytes, password)?, now)
    }

    /// Creates a bundle from PEM text. The password is for encrypted keys. PKCS#12 is detected and
    /// accepted too: see [`read`].
    pub fn from_pem(
        text: &[u8],
        password: &Password,
        now: OffsetDateTime,
    ) -> Result<Self, BundleError> {
        Self::from_parts(read(text, password)?, now)
    }

    /// Creates a bundle from the parts of a file: finds the leaf of the key and the chain of the
    /// leaf. If there are several candidates, one that is valid at the time `now` has priority.
    pub fn from_parts(contents: Parts, now: OffsetDateTime) -> Result<Self, BundleError> {
        let Parts { keys, certificates, unreadable, offered } = contents;
        let found = certificates.len() + unreadable.len();
        let key = only_key(keys, found)?;
        let (certificates, mut notes) = without_duplicates(certificates);
        let (leaf, others, matched) = leaf_of(&key, certificates, &unreadable, now)?;
        if matched == KeyMatch::CannotTell {
            let message = format!(
                "it was not checked whether the key ({}) belongs to the certificate",
                key.kind()
            );
            notes.push(Finding::new(FindingCode::KeyMatchNotChecked, message));
        }
        let chain = Chain::build(&leaf, others, offered, now);
        notes.extend(chain.notes(&leaf));
        notes.extend(chain.losses(&leaf, &unreadable));
        let chain = chain.issuers;
        let pkcs12 = pfx::write(&key, &leaf, &chain)
            .map_err(|error| BundleError::damaged("the bundle", error))?;
        Ok(Self { leaf, chain, key_kind: key.kind(), pkcs12, notes })
    }

    /// The certificate that the key belongs to.
    pub fn leaf(&self) -> &X509 {
        &self.leaf
    }

    /// The certificates above the leaf, each the issuer of the previous one. Contains the root only
    /// if it is in the file or was offered.
    pub fn chain(&self) -> &[X509] {
        &self.chain
    }

    /// The leaf's thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        self.leaf.thumbprint()
    }

    /// The kind of its key.
    pub fn key_kind(&self) -> KeyKind {
        self.key_kind.clone()
    }

    /// The findings about the bundle at the time `now`, the most severe first.
    pub fn findings(&self, now: OffsetDateTime) -> Vec<Finding> {
        let Self { leaf, chain, key_kind, pkcs12, notes } = self;
        let (key_kind, size) = (key_kind.clone(), pkcs12.len());
        review::review(&Reviewed { leaf, chain, key_kind, size, notes }, now)
    }

    /// The bundle in the format that Key Vault accepts: PKCS#12 in DER without password, encryption
    /// and integrity check, first the key, then the leaf, then the chain in order. `BouncyCastle`
    /// writes this format without a password.
    pub fn to_pkcs12(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs12.clone()
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("leaf", &self.leaf)
            .field("chain", &self.chain)
            .field("key_kind", &self.key_kind)
            .finish_non_exhaustive()
    }
}

//! Certificates as they really come: PKCS#12 and PEM in, a checked [`Bundle`] out, and exactly the
//! PKCS#12 that Key Vault takes.
//!
//! Reading is bounded: a file of at most 1 MiB, nested at most 24 levels deep, at most a million
//! iterations for one key derivation and about a second of work for all of them. What claims more is
//! refused before the work is done. Reading still takes long for an async task (a quarter of a
//! second for 600 000 iterations), so it belongs on a blocking thread.
//!
//! Every buffer of this module that holds a key or a password is wiped when it is dropped.

mod algorithm;
mod armor;
pub mod ber;
mod budget;
mod chain;
mod contents;
mod element;
mod encode;
mod encryption;
mod error;
mod extensions;
mod file;
mod finding;
mod flaw;
mod kdf;
mod key;
mod key_kind;
mod moment;
mod name;
mod oid;
mod password;
pub mod pem;
pub mod pfx;
mod public_key;
mod review;
mod shape;
mod signature;
mod unreadable;
mod x509;
mod x509_facts;

use std::cmp::Reverse;
use std::fmt;

use time::OffsetDateTime;
use zeroize::Zeroizing;

pub use contents::Contents;
pub use error::{BundleError, EncryptedPart};
pub use extensions::AlternativeName;
pub use file::read;
pub use finding::{Finding, FindingCode, Severity};
pub use flaw::Flaw;
pub use key::{KeyMatch, PrivateKey};
pub use key_kind::{Curve, KeyKind};
pub use unreadable::{CertificateError, UnknownField, UnreadableCertificate};
pub use x509::X509;

use crate::certificate::Thumbprint;
use crate::secret::Password;
use chain::Chain;

/// A certificate with its private key and its chain, ready for Key Vault.
///
/// It cannot be made wrong: the key belongs to the leaf, each certificate of the chain signed the
/// one below it, and nothing is in it twice. What was left out of the file is among the findings.
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
    /// Written when the bundle is made, so that a bundle that exists can be sent. The key is kept
    /// here and nowhere else.
    pkcs12: Zeroizing<Vec<u8>>,
    /// What was found while the bundle was made.
    notes: Vec<Finding>,
}

impl Bundle {
    /// Makes a bundle of a PKCS#12 file. An empty password means that there is none. What is PEM
    /// instead is read as that: see [`read`].
    pub fn from_pfx(
        bytes: &[u8],
        password: &Password,
        now: OffsetDateTime,
    ) -> Result<Self, BundleError> {
        Self::from_contents(read(bytes, password)?, now)
    }

    /// Makes a bundle of PEM text. The password is for encrypted keys. What is PKCS#12 instead is
    /// read as that: see [`read`].
    pub fn from_pem(
        text: &[u8],
        password: &Password,
        now: OffsetDateTime,
    ) -> Result<Self, BundleError> {
        Self::from_contents(read(text, password)?, now)
    }

    /// Makes a bundle of what a file holds: finds the leaf of the key and the chain of the leaf.
    /// Where a file leaves a choice, what is valid at the time `now` is chosen.
    pub fn from_contents(contents: Contents, now: OffsetDateTime) -> Result<Self, BundleError> {
        let Contents { keys, certificates, unreadable } = contents;
        let found = certificates.len() + unreadable.len();
        let key = only_key(keys, found)?;
        let (certificates, mut notes) = without_duplicates(certificates);
        let (leaf, others, matched) = leaf_of(&key, certificates, &unreadable, now)?;
        if matched == KeyMatch::CannotTell {
            let message =
                format!("that the key ({}) is the certificate's was not checked", key.kind());
            notes.push(Finding::new(FindingCode::KeyMatchNotChecked, message));
        }
        let chain = Chain::build(&leaf, others, now);
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

    /// The certificates above the leaf, each the issuer of the one before; the root only where the
    /// file has it.
    pub fn chain(&self) -> &[X509] {
        &self.chain
    }

    /// The leaf's thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        self.leaf.thumbprint()
    }

    /// What kind of key it has.
    pub fn key_kind(&self) -> KeyKind {
        self.key_kind.clone()
    }

    /// What there is to say about the bundle at the time `now`, the gravest first.
    pub fn findings(&self, now: OffsetDateTime) -> Vec<Finding> {
        review::review(self, now)
    }

    /// The bundle as Key Vault takes it: PKCS#12 in DER without password, encryption and integrity
    /// check, first the key, then the leaf, then the chain in order. This is the form that
    /// `BouncyCastle` writes when it is given no password.
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

/// The one key of the file, which may be there more than once.
fn only_key(keys: Vec<PrivateKey>, certificates: usize) -> Result<PrivateKey, BundleError> {
    let mut different: Vec<PrivateKey> = Vec::with_capacity(keys.len());
    for key in keys {
        if !different.iter().any(|other| other.is_same(&key)) {
            different.push(key);
        }
    }
    let key = different.pop().ok_or(BundleError::NoKey { certificates })?;
    if !different.is_empty() {
        return Err(BundleError::SeveralKeys { found: different.len() + 1 });
    }
    if certificates == 0 {
        return Err(BundleError::NoCertificate { key: key.kind() });
    }
    Ok(key)
}

fn without_duplicates(certificates: Vec<X509>) -> (Vec<X509>, Vec<Finding>) {
    let mut once: Vec<X509> = Vec::with_capacity(certificates.len());
    let mut findings = Vec::new();
    for certificate in certificates {
        if once.contains(&certificate) {
            let message = format!("{} is in the file more than once", certificate.label());
            findings.push(Finding::new(FindingCode::DuplicateLeftOut, message));
        } else {
            once.push(certificate);
        }
    }
    (once, findings)
}

/// The certificate of the key, and the other certificates.
///
/// A key can have several: renewed with the same key, or first self-signed and then issued. The one
/// that is valid at the time `now`, is no authority, was issued by someone else and is the newest is
/// meant.
fn leaf_of(
    key: &PrivateKey,
    mut certificates: Vec<X509>,
    unreadable: &[UnreadableCertificate],
    now: OffsetDateTime,
) -> Result<(X509, Vec<X509>, KeyMatch), BundleError> {
    certificates.sort_by_cached_key(|certificate| {
        (
            !certificate.is_valid_at(now),
            certificate.is_ca(),
            certificate.is_self_issued(),
            Reverse(certificate.not_before()),
            certificate.thumbprint(),
        )
    });
    let position = |wanted| {
        let mut fits = certificates.iter().map(|certificate| key.fits(certificate));
        fits.position(|fit| fit == wanted).map(|position| (position, wanted))
    };
    if let Some((position, matched)) =
        position(KeyMatch::Match).or_else(|| position(KeyMatch::CannotTell))
    {
        let leaf = certificates.remove(position);
        return Ok((leaf, certificates, matched));
    }
    let without_key = certificates.iter().filter(|one| !one.public_key().is_readable());
    let without_key =
        without_key.map(|one| format!("the public key of {} cannot be read", one.label()));
    let unreadable: Vec<_> =
        unreadable.iter().map(ToString::to_string).chain(without_key).collect();
    let (key, subjects) = (key.kind(), certificates.iter().map(X509::label).collect());
    Err(if unreadable.is_empty() {
        BundleError::KeyFitsNoCertificate { key, subjects }
    } else {
        BundleError::LeafNotRead { key, unreadable }
    })
}

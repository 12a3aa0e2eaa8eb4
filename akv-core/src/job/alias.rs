//! A derived name for a certificate without an alias.

use crate::bundle::{Bundle, X509};
use crate::certificate::{Certificate, CertificateName, Thumbprint};

/// The source of a certificate's derived alias: its common name, or otherwise its first DNS name.
/// `None` if it has neither.
///
/// Two sources can have the same alias (`shop.api` and `shop-api`), so the sources decide whether a
/// certificate is a renewal of another.
pub fn alias_source(certificate: &X509) -> Option<String> {
    let common_name = certificate.common_name().filter(|name| !name.trim().is_empty());
    common_name.or_else(|| certificate.dns_names().into_iter().next())
}

/// The derived alias of a certificate: the [source](alias_source) of its alias, with each run of
/// characters that are invalid in a certificate name replaced by a single hyphen (`*` by
/// `wildcard`). If nothing is left, the alias is the thumbprint.
///
/// ```
/// # use akv_core::{Thumbprint, job::derived_alias};
/// let thumbprint = Thumbprint::of(b"a certificate");
/// assert_eq!(derived_alias(Some("*.Example.com"), thumbprint).as_str(), "wildcard-Example-com");
/// assert_eq!(derived_alias(Some("日本"), thumbprint).as_str(), thumbprint.to_string());
/// assert_eq!(derived_alias(None, thumbprint).as_str(), thumbprint.to_string());
/// ```
pub fn derived_alias(source: Option<&str>, thumbprint: Thumbprint) -> CertificateName {
    let spelled = source.unwrap_or_default().replace('*', "wildcard");
    let words: Vec<&str> = spelled
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut name = words.join("-");
    name.truncate(CertificateName::MAX_LENGTH);
    name.trim_end_matches('-').parse().unwrap_or_else(|_| CertificateName::from(thumbprint))
}

pub(super) fn of_bundle(bundle: &Bundle) -> CertificateName {
    derived_alias(alias_source(bundle.leaf()).as_deref(), bundle.thumbprint())
}

/// Whether the alias of the existing certificate has the same source as the bundle's. For an
/// unreadable certificate the answer is no.
pub(super) fn has_same_source(bundle: &Bundle, existing: &Certificate) -> bool {
    let existing = existing.der.as_deref().and_then(|der| X509::from_der(der).ok());
    existing.is_some_and(|existing| source(&existing) == source(bundle.leaf()))
}

/// The source of the alias, without regard to letter case.
fn source(certificate: &X509) -> Option<String> {
    alias_source(certificate).map(|name| name.to_lowercase())
}

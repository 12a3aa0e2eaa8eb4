//! The tools of a check: unique names, bundles, and violations.

use std::fmt::Debug;
use std::sync::Mutex;

use akv_core::{
    Bundle, CertificateName, CertificateStore, Exportable, Import, Password, Precondition, Result,
    Tags,
};
use time::OffsetDateTime;

use crate::conformance::Conformance;
use crate::pki::{Key, TestPki};

/// A violation of a store's contract.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Violation(String);

impl Violation {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl From<akv_core::Error> for Violation {
    fn from(error: akv_core::Error) -> Self {
        Self(format!("unexpected error: {error}"))
    }
}

impl From<akv_core::InvalidValue> for Violation {
    fn from(error: akv_core::InvalidValue) -> Self {
        Self(format!("the prefix does not make a name: {error}"))
    }
}

/// A running check.
pub(super) struct Check<'a> {
    pub(super) store: &'a dyn CertificateStore,
    pub(super) suite: &'a Conformance,
    name: &'static str,
    pki: TestPki,
    used: Mutex<Vec<CertificateName>>,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        store: &'a dyn CertificateStore,
        suite: &'a Conformance,
        name: &'static str,
    ) -> Self {
        Self { store, suite, name, pki: TestPki::new(suite.now), used: Mutex::default() }
    }

    /// How many certificates the list check creates.
    pub(super) fn listed(&self) -> usize {
        self.suite.listed
    }

    /// The prefix of this check's names.
    pub(super) fn prefix(&self) -> String {
        format!("{}-{}-", self.suite.prefix, self.name)
    }

    /// A name of this check, which is cleaned up after it.
    pub(super) fn name(&self, suffix: &str) -> std::result::Result<CertificateName, Violation> {
        let name: CertificateName = format!("{}{suffix}", self.prefix()).parse()?;
        if let Ok(mut used) = self.used.lock() {
            used.push(name.clone());
        }
        Ok(name)
    }

    /// A new certificate.
    pub(super) fn bundle(&self, key: Key) -> std::result::Result<Bundle, Violation> {
        let leaf = self.pki.leaf("conformance.example").key(key).issue();
        Bundle::from_pfx(&leaf.pfx(), &Password::default(), OffsetDateTime::now_utc())
            .map_err(|error| Violation::new(format!("the suite's own bundle: {error}")))
    }

    /// An import of a certificate, with any existing one replaced.
    pub(super) fn import(
        &self,
        name: &CertificateName,
        tags: &Tags,
    ) -> std::result::Result<Import, Violation> {
        Ok(Import::new(name.clone(), self.bundle(Key::P256)?, Precondition::Present)
            .with_tags(tags.clone())
            .with_exportable(Exportable::Yes))
    }

    /// Deletes and purges everything that the check has created.
    pub(super) async fn clean_up(&self) -> std::result::Result<(), Violation> {
        let used = self.used.lock().map(|mut used| std::mem::take(&mut *used)).unwrap_or_default();
        for name in used {
            self.store.delete(&name).await?;
            self.store.purge(&name).await?;
        }
        Ok(())
    }
}

/// Checks that a value is equal to the expected one.
pub(super) fn same<T: PartialEq + Debug>(
    what: &str,
    actual: &T,
    expected: &T,
) -> std::result::Result<(), Violation> {
    if actual == expected {
        return Ok(());
    }
    Err(Violation::new(format!("{what}: {actual:?}, expected {expected:?}")))
}

/// Checks a condition.
pub(super) fn holds(what: &str, condition: bool) -> std::result::Result<(), Violation> {
    if condition { Ok(()) } else { Err(Violation::new(format!("it does not hold that {what}"))) }
}

/// Checks that a value is present.
pub(super) fn present<T>(what: &str, value: Option<T>) -> std::result::Result<T, Violation> {
    value.ok_or_else(|| Violation::new(format!("{what}: absent")))
}

/// Checks that the call fails with an error of that kind.
pub(super) fn refused<T>(
    what: &str,
    result: Result<T>,
    kind: akv_core::ErrorKind,
) -> std::result::Result<(), Violation> {
    match result {
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => Err(Violation::new(format!("{what}: {error:?}, expected {kind:?}"))),
        Ok(_) => Err(Violation::new(format!("{what}: succeeded, expected {kind:?}"))),
    }
}

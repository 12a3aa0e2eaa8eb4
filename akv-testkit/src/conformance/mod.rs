//! A conformance suite for every [`CertificateStore`]: the in-memory store, a client of the fake
//! and a client of a real vault.
//!
//! ```
//! use akv_testkit::conformance::Conformance;
//! use akv_core::memory::MemoryStore;
//!
//! # futures::executor::block_on(async {
//! let store = MemoryStore::new("contoso")?;
//! let report = Conformance::new("doctest").run(&store).await;
//! assert!(report.passed(), "{report}");
//! # Ok::<(), akv_core::InvalidValue>(())
//! # })?;
//! # Ok::<(), akv_core::InvalidValue>(())
//! ```

mod check;
mod contents;
mod lifecycle;

use std::fmt;

use akv_core::CertificateStore;
use time::OffsetDateTime;

use check::Check;
pub use check::Violation;

/// The suite and its settings.
///
/// It creates certificates whose names begin with the prefix, deletes and purges them again, and
/// accesses no others, so the vault may be in use. A run on a real vault makes some 70 imports,
/// which the service's budget allows at about two a second.
#[derive(Debug, Clone)]
#[must_use]
pub struct Conformance {
    prefix: String,
    now: OffsetDateTime,
    listed: usize,
}

impl Conformance {
    /// A suite that uses names with that prefix: letters, digits and hyphens.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), now: OffsetDateTime::now_utc(), listed: 55 }
    }

    /// The current time of the store, if it differs from the machine's: the test certificates are
    /// valid at that time.
    pub fn at(mut self, now: OffsetDateTime) -> Self {
        self.now = now;
        self
    }

    /// How many certificates the list check creates; 55 are three pages of the service.
    pub fn listing(mut self, certificates: usize) -> Self {
        self.listed = certificates;
        self
    }

    /// Runs all checks in order and cleans up after each, whatever its result.
    pub async fn run(&self, store: &dyn CertificateStore) -> Report {
        let mut results = Vec::new();
        for (name, run) in CHECKS {
            let check = Check::new(store, self, name);
            let mut result = run(&check).await;
            if let Err(violation) = check.clean_up().await {
                result = result.and(Err(violation));
            }
            results.push((*name, result));
        }
        Report { results }
    }
}

/// The result of each check.
#[derive(Debug)]
pub struct Report {
    results: Vec<(&'static str, Result<(), Violation>)>,
}

impl Report {
    /// Whether all checks passed.
    pub fn passed(&self) -> bool {
        self.results.iter().all(|(_, result)| result.is_ok())
    }

    /// Name and result of each check.
    pub fn results(&self) -> impl Iterator<Item = (&str, Result<(), &Violation>)> {
        self.results.iter().map(|(name, result)| (*name, result.as_ref().map(|&()| ())))
    }
}

impl fmt::Display for Report {
    /// One line per check.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, result) in &self.results {
            match result {
                Ok(()) => writeln!(f, "ok      {name}")?,
                Err(violation) => writeln!(f, "FAILED  {name}: {violation}")?,
            }
        }
        Ok(())
    }
}

type Run = for<'c> fn(&'c Check<'_>) -> futures::future::BoxFuture<'c, Result<(), Violation>>;

const CHECKS: &[(&str, Run)] = &[
    ("absence", |check| Box::pin(lifecycle::absence(check))),
    ("add", |check| Box::pin(contents::add(check))),
    ("chain", |check| Box::pin(contents::chain(check))),
    ("replace", |check| Box::pin(contents::replace(check))),
    ("not-exportable", |check| Box::pin(contents::not_exportable(check))),
    ("tags", |check| Box::pin(contents::tags(check))),
    ("letter-case", |check| Box::pin(contents::letter_case(check))),
    ("list", |check| Box::pin(contents::list(check))),
    ("delete-and-recover", |check| Box::pin(lifecycle::delete_and_recover(check))),
    ("soft-delete-conflict", |check| Box::pin(lifecycle::soft_delete_conflict(check))),
    ("purge", |check| Box::pin(lifecycle::purge(check))),
];

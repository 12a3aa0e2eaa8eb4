//! Builds a report: computes findings from records.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use time::OffsetDateTime;

use super::change::{self, Change, Earlier, StoreMismatch};
use super::code::Code;
use super::finding::{Checked, Finding, Judge, Subject};
use super::group;
use super::record::Record;
use super::store::Store;
use super::vault::{FailedStore, VaultFacts};
use crate::bundle::Severity;
use crate::certificate::CertificateName;

/// The options of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportOptions {
    /// A certificate that expires within this many days is reported.
    pub within: u32,
    /// A certificate whose newest version is older than this many days is reported.
    pub stale: u32,
    /// Tags that every certificate must have with a value that is not blank.
    pub required_tags: Vec<String>,
}

setters! {
    ReportOptions {
        with_within(within: u32),
        with_stale(stale: u32),
        with_required_tags(required_tags: Vec<String>),
    }
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self { within: 30, stale: 400, required_tags: Vec::new() }
    }
}

/// Collects the input of a report, in any order.
#[derive(Debug, Default)]
pub struct ReportBuilder {
    records: Vec<Record>,
    by_name: HashMap<(Option<Store>, CertificateName), usize>,
    vaults: Vec<VaultFacts>,
    failed: Vec<FailedStore>,
    replaced: usize,
}

impl ReportBuilder {
    /// Adds a certificate. It replaces an earlier record with the same store and name, because the
    /// later record is newer.
    pub fn add(&mut self, record: Record) {
        match self.by_name.entry((record.store.clone(), record.name.clone())) {
            Entry::Occupied(known) => {
                if let Some(old) = self.records.get_mut(*known.get()) {
                    *old = record;
                    self.replaced += 1;
                }
            }
            Entry::Vacant(free) => {
                free.insert(self.records.len());
                self.records.push(record);
            }
        }
    }

    /// Adds the settings of a vault.
    pub fn add_vault(&mut self, vault: VaultFacts) {
        self.vaults.push(vault);
    }

    /// Adds a store that could not be read.
    pub fn add_failed(&mut self, store: FailedStore) {
        self.failed.push(store);
    }

    /// Computes the report.
    pub fn finish(self, options: &ReportOptions, now: OffsetDateTime) -> Report {
        let Self { mut records, vaults, failed, replaced, by_name } = self;
        drop(by_name);
        records.sort_by(|a, b| (&a.store, &a.name).cmp(&(&b.store, &b.name)));
        let mut judge = Judge { options, now, findings: Vec::new(), checked: Checked::default() };
        records.iter().enumerate().for_each(|(index, record)| judge.record(index, record));
        vaults.iter().enumerate().for_each(|(index, vault)| judge.vault(index, vault));
        let Judge { mut findings, mut checked, .. } = judge;
        group::compare(&records, &mut checked, &mut findings);
        // Within a code, the certificates that expire first are the most urgent.
        findings.sort_by_key(|finding| {
            let expires = match finding.subject {
                Subject::Certificate(index) => {
                    records.get(index).and_then(|record| record.attributes.expires)
                }
                Subject::Vault(_) => None,
            };
            let expires = (expires.is_none(), expires);
            (Reverse(finding.code.severity()), finding.code, expires, finding.subject)
        });
        let not_checked = Code::ALL
            .iter()
            .copied()
            .filter(|code| *code != Code::Disabled && *code != Code::MissingTag)
            .filter(|code| !checked.is_checked(*code))
            .filter(|code| !records.is_empty() || NEEDS_MORE.contains(code))
            .collect();
        Report { now, records, vaults, failed, findings, not_checked, replaced }
    }
}

/// A finished report.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The time of the report.
    pub now: OffsetDateTime,
    /// The certificates, by store and name.
    pub records: Vec<Record>,
    /// The vaults whose settings are known.
    pub vaults: Vec<VaultFacts>,
    /// The stores that could not be read.
    pub failed: Vec<FailedStore>,
    /// The findings, the most severe first.
    pub findings: Vec<Finding>,
    /// The codes that could not be checked for every certificate, because the source lacks the
    /// data.
    pub not_checked: Vec<Code>,
    /// The number of records that a later one with the same store and name replaced.
    pub replaced: usize,
}

impl Report {
    /// The store and, if it concerns one, the certificate of a finding.
    pub fn subject(&self, finding: &Finding) -> (Option<&Store>, Option<&Record>) {
        match finding.subject {
            Subject::Certificate(index) => {
                let record = self.records.get(index);
                (record.and_then(|record| record.store.as_ref()), record)
            }
            Subject::Vault(index) => (self.vaults.get(index).map(|vault| &vault.store), None),
        }
    }

    /// The number of findings with that severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.code.severity() == severity).count()
    }

    /// The changes since an earlier inventory. Stores that could not be read are left out.
    pub fn changes(&self, earlier: &Earlier) -> Result<Vec<Change>, StoreMismatch> {
        change::between(earlier, &self.records, &self.failed)
    }
}

/// Codes that need more than a list of certificates.
const NEEDS_MORE: [Code; 5] = [
    Code::AutoRenew,
    Code::Pending,
    Code::PurgeProtectionOff,
    Code::OldVersionEnabled,
    Code::PublicAccess,
];

//! A report in numbers.

use std::cmp::Reverse;
use std::collections::HashMap;

use time::OffsetDateTime;

use super::builder::Report;
use super::finding::Subject;
use super::record::Record;
use crate::bundle::Severity;

/// The numbers of certificates, grouped for an overview of a fleet.
#[derive(Debug)]
#[non_exhaustive]
pub struct Summary {
    /// By vault.
    pub by_store: Vec<Count>,
    /// By issuer.
    pub by_issuer: Vec<Count>,
    /// By owner.
    pub by_owner: Vec<Count>,
    /// By expiry date.
    pub timeline: Timeline,
    /// The highest severity among the findings of each record.
    pub worst: Vec<Option<Severity>>,
}

/// The number of certificates in a group, and of those with findings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// The group; `None` for certificates without the property.
    pub label: Option<String>,
    /// The number of certificates.
    pub certificates: usize,
    /// The number of those with an error.
    pub errors: usize,
    /// The number of those with a warning and no error.
    pub warnings: usize,
}

/// The expiry dates of certificates, by month.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeline {
    /// Already expired.
    pub expired: usize,
    /// The months from the current one on; certificates that expired in the current month count
    /// above.
    pub months: Vec<Month>,
    /// After the last of the months.
    pub later: usize,
    /// Without a known expiration date.
    pub unknown: usize,
}

/// A month of a [`Timeline`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Month {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u8,
    /// The number of certificates that expire in it.
    pub certificates: usize,
}

impl Report {
    /// Computes the summary; the owner is the value of the tag `owner_tag`.
    pub fn summary(&self, owner_tag: &str) -> Summary {
        let mut worst: Vec<Option<Severity>> = vec![None; self.records.len()];
        for finding in &self.findings {
            if let Subject::Certificate(index) = finding.subject
                && let Some(worst) = worst.get_mut(index)
            {
                *worst = (*worst).max(Some(finding.code.severity()));
            }
        }
        let by = |label: &dyn Fn(&Record) -> Option<String>| {
            let mut counts: HashMap<Option<String>, Count> = HashMap::new();
            for (record, worst) in self.records.iter().zip(&worst) {
                let label = label(record);
                let count = counts.entry(label.clone()).or_insert(Count {
                    label,
                    certificates: 0,
                    errors: 0,
                    warnings: 0,
                });
                count.certificates += 1;
                count.errors += usize::from(*worst == Some(Severity::Error));
                count.warnings += usize::from(*worst == Some(Severity::Warning));
            }
            let mut counts: Vec<_> = counts.into_values().collect();
            counts.sort_by(|a, b| {
                (Reverse(a.certificates), &a.label).cmp(&(Reverse(b.certificates), &b.label))
            });
            counts
        };
        Summary {
            by_store: by(&|record| Some(record.store.as_ref()?.vault().to_owned())),
            by_issuer: by(&|record| record.issuer.as_deref().map(str::to_owned)),
            by_owner: by(&|record| {
                let owner = record.tag(owner_tag)?.trim();
                (!owner.is_empty()).then(|| owner.to_owned())
            }),
            timeline: Timeline::of(&self.records, self.now),
            worst,
        }
    }
}

impl Timeline {
    fn of(records: &[Record], now: OffsetDateTime) -> Self {
        let first = month_number(now);
        let mut timeline = Self {
            expired: 0,
            months: (first..first + MONTHS).map(Month::numbered).collect(),
            later: 0,
            unknown: 0,
        };
        for record in records {
            let Some(expires) = record.attributes.expires else {
                timeline.unknown += 1;
                continue;
            };
            let ahead = usize::try_from(month_number(expires) - first);
            match ahead.ok().and_then(|ahead| timeline.months.get_mut(ahead)) {
                _ if expires < now => timeline.expired += 1,
                Some(month) => month.certificates += 1,
                None => timeline.later += 1,
            }
        }
        timeline
    }

    /// The highest number of certificates in one bar.
    pub fn highest(&self) -> usize {
        let months = self.months.iter().map(|month| month.certificates);
        months.chain([self.expired, self.later]).max().unwrap_or(0)
    }
}

impl Month {
    fn numbered(number: i32) -> Self {
        let month = u8::try_from(number.rem_euclid(12) + 1).unwrap_or(1);
        Self { year: number.div_euclid(12), month, certificates: 0 }
    }
}

fn month_number(moment: OffsetDateTime) -> i32 {
    let moment = moment.to_offset(time::UtcOffset::UTC);
    moment.year() * 12 + i32::from(u8::from(moment.month())) - 1
}

/// Two years: longer than the validity of public certificates.
const MONTHS: i32 = 24;

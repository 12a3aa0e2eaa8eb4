//! Reports: the findings, and the changes between inventories.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a missing prerequisite fails the test"
)]

mod changes;
mod findings;

use akv_core::report::{Code, OlderVersions, Record, Report, ReportBuilder, ReportOptions, Store};
use time::{Duration, OffsetDateTime};

/// 2026-11-26 12:00 UTC.
fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_795_694_400).unwrap()
}

/// A healthy certificate with all data known.
fn healthy(store: &str, name: &str) -> Record {
    let mut record = Record::new(Some(Store::new(store)), name.parse().unwrap());
    record.thumbprint = Some(akv_core::Thumbprint::of(format!("{store}/{name}").as_bytes()));
    record.attributes.expires = Some(now() + Duration::days(200));
    record.attributes.created = Some(now() - Duration::days(100));
    record.key = Some(akv_core::bundle::KeyKind::Rsa { bits: 2048 });
    let mut key = [0; 32];
    key[..20].copy_from_slice(record.thumbprint.unwrap().as_bytes());
    record.public_key = Some(key);
    record.signature = Some(akv_core::report::SignatureFacts::new("RSA with SHA-256", false));
    record.auto_renew = Some(false);
    record.pending = Some(false);
    record.older_versions = Some(OlderVersions::default());
    record
}

fn report_with(records: Vec<Record>, options: &ReportOptions) -> Report {
    let mut builder = ReportBuilder::default();
    for record in records {
        builder.add(record);
    }
    builder.finish(options, now())
}

fn report(records: Vec<Record>) -> Report {
    report_with(records, &ReportOptions::default())
}

fn codes(report: &Report) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

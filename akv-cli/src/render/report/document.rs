//! A report as JSON: `docs/reference/report.md` documents its members.

use akv_core::report::{Change, Code, Finding, Report, Severity, Snapshot, Store};
use akv_core::{Thumbprint, Version};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    #[serde(with = "time::serde::rfc3339::option")]
    generated: Option<OffsetDateTime>,
    certificates: usize,
    summary: Totals,
    findings: Vec<FindingRecord<'a>>,
    not_checked: &'a [Code],
    failed: Vec<Failed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<ChangeRecord<'a>>>,
}

#[derive(Serialize)]
struct Totals {
    error: usize,
    warning: usize,
    info: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed<'a> {
    store_path: &'a str,
    error: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FindingRecord<'a> {
    pub(super) code: Code,
    pub(super) severity: Severity,
    pub(super) store_path: Option<&'a str>,
    #[serde(skip)]
    pub(super) store: Option<&'a Store>,
    pub(super) name: Option<&'a str>,
    pub(super) message: &'a str,
    pub(super) hint: &'static str,
    pub(super) meaning: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbprint: Option<Thumbprint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub(super) expires: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<Other<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Other<'a> {
    store_path: Option<&'a str>,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeRecord<'a> {
    pub(super) change: &'static str,
    pub(super) store_path: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) fields: &'a [&'static str],
    pub(super) before: Option<Side<'a>>,
    pub(super) after: Option<Side<'a>>,
}

#[derive(Serialize)]
pub(super) struct Side<'a> {
    pub(super) thumbprint: Option<Thumbprint>,
    version: Option<&'a Version>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) expires: Option<OffsetDateTime>,
}

pub(super) fn document<'a>(report: &'a Report, list: Option<&'a [Change]>) -> Document<'a> {
    Document {
        generated: Some(report.now),
        certificates: report.records.len(),
        summary: Totals {
            error: report.count(Severity::Error),
            warning: report.count(Severity::Warning),
            info: report.count(Severity::Info),
        },
        findings: findings(report).collect(),
        not_checked: &report.not_checked,
        failed: report
            .failed
            .iter()
            .map(|one| Failed { store_path: one.store.as_str(), error: &one.error })
            .collect(),
        changes: list.map(|list| changes(Some(list)).collect()),
    }
}

pub(super) fn findings(report: &Report) -> impl Iterator<Item = FindingRecord<'_>> {
    report.findings.iter().map(|finding| record_of(report, finding))
}

fn record_of<'a>(report: &'a Report, finding: &'a Finding) -> FindingRecord<'a> {
    let (store, record) = report.subject(finding);
    let others = finding.others.iter().filter_map(|other| report.records.get(*other));
    FindingRecord {
        code: finding.code,
        severity: finding.code.severity(),
        store_path: store.map(Store::as_str),
        store,
        name: record.map(|record| record.name.as_str()),
        message: &finding.message,
        hint: finding.code.hint(),
        meaning: finding.code.meaning(),
        version: record.and_then(|record| record.version.as_ref()),
        thumbprint: record.and_then(|record| record.thumbprint),
        subject: record.and_then(|record| record.subject.as_deref()),
        expires: record.and_then(|record| record.attributes.expires),
        others: others
            .map(|other| Other {
                store_path: other.store.as_ref().map(Store::as_str),
                name: other.name.as_str(),
            })
            .collect(),
    }
}

pub(super) fn changes(list: Option<&[Change]>) -> impl Iterator<Item = ChangeRecord<'_>> {
    list.unwrap_or_default().iter().map(|change| ChangeRecord {
        change: change.kind.as_str(),
        store_path: change.store.as_ref().map(Store::as_str),
        name: change.name.as_str(),
        fields: &change.fields,
        before: change.before.as_ref().map(side),
        after: change.after.as_ref().map(side),
    })
}

fn side(snapshot: &Snapshot) -> Side<'_> {
    Side {
        thumbprint: snapshot.thumbprint,
        version: snapshot.version.as_ref(),
        expires: snapshot.expires,
    }
}

/// RFC 3339, as in all outputs.
pub(super) fn shown(moment: Option<OffsetDateTime>) -> String {
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
}

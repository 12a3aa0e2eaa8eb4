//! A report as a single-file web page.
//!
//! The page loads nothing. The content security policy allows its only script and its only style
//! sheet by their digests. The certificates are JSON that no browser executes, and the script adds
//! them to the page only as text.

use std::fmt::Write as _;

use akv_core::report::{Change, Code, Count, Report, Severity, Summary};
use akv_core::text::printable;
use anyhow::Result;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::data::Data;
use crate::render::report::document;
use crate::render::report::table::what;
use crate::render::to_stdout;

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page {
    policy: String,
    generated: String,
    cards: Vec<Card>,
    bars: Vec<Bar>,
    unknown: usize,
    groups: Vec<Group>,
    codes: Vec<CodeSection>,
    changes: Option<Changes>,
    not_checked: String,
    failed: Vec<(String, String)>,
    style: &'static str,
    script: &'static str,
    data: String,
}

/// A number at the top of the page.
struct Card {
    label: &'static str,
    value: usize,
    class: &'static str,
}

/// A bar of the timeline.
struct Bar {
    label: String,
    /// The label below it; not every bar has room for one.
    short: String,
    count: usize,
    class: &'static str,
    x: usize,
    y: usize,
    height: usize,
}

/// Counts by vault, issuer or owner.
struct Group {
    title: &'static str,
    rows: Vec<Row>,
    rest: Vec<Row>,
    left_out: usize,
}

struct Row {
    label: String,
    count: Count,
    /// The share of the longest one, in percent.
    share: usize,
}

/// A code with its explanation and its first findings.
struct CodeSection {
    code: Code,
    count: usize,
    examples: Vec<(String, String)>,
}

struct Changes {
    counts: Vec<(&'static str, usize)>,
    rows: Vec<[String; 4]>,
    left_out: usize,
}

/// Writes the page.
pub(crate) fn page(report: &Report, changes: Option<&[Change]>, owner_tag: &str) -> Result<()> {
    let summary = report.summary(owner_tag);
    let page = Page {
        policy: policy(),
        generated: minute(report.now),
        cards: cards(report, &summary),
        bars: bars(&summary),
        unknown: summary.timeline.unknown,
        groups: vec![
            group("By vault", &summary.by_store),
            group("By issuer", &summary.by_issuer),
            group("By owner", &summary.by_owner),
        ],
        codes: code_sections(report),
        changes: changes.map(change_section),
        not_checked: report
            .not_checked
            .iter()
            .map(|code| code.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        failed: report
            .failed
            .iter()
            .map(|one| (inert(one.store.as_str()), inert(&one.error)))
            .collect(),
        style: STYLE,
        script: SCRIPT,
        data: Data::of(report, &summary, owner_tag).to_script()?,
    };
    to_stdout(|out| page.write_into(out))
}

fn policy() -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'",
        digest(SCRIPT),
        digest(STYLE)
    )
}

fn inert(text: &str) -> String {
    printable(text).into_owned()
}

fn minute(moment: OffsetDateTime) -> String {
    format!("{} {:02}:{:02} UTC", moment.date(), moment.hour(), moment.minute())
}

fn cards(report: &Report, summary: &Summary) -> Vec<Card> {
    let card = |label, value, class| Card { label, value, class };
    vec![
        card("Certificates", report.records.len(), ""),
        card("Vaults", summary.by_store.iter().filter(|count| count.label.is_some()).count(), ""),
        card("Errors", report.count(Severity::Error), "error"),
        card("Warnings", report.count(Severity::Warning), "warning"),
        card("Info", report.count(Severity::Info), "info"),
    ]
}

fn bars(summary: &Summary) -> Vec<Bar> {
    let timeline = &summary.timeline;
    let months = timeline.months.iter().enumerate().map(|(ahead, month)| {
        let label = format!("{}-{:02}", month.year, month.month);
        let short = if ahead % 3 == 1 { label.clone() } else { String::new() };
        let class = if ahead < 2 { "soon" } else { "month" };
        (label, short, month.certificates, class)
    });
    let named = |label: &str, count, class| (label.to_owned(), label.to_owned(), count, class);
    let highest = timeline.highest().max(1);
    std::iter::once(named("expired", timeline.expired, "expired"))
        .chain(months)
        .chain(std::iter::once(named("later", timeline.later, "month")))
        .enumerate()
        .map(|(place, (label, short, count, class))| {
            // A bar with a value is always visible.
            let height = (count * BAR_HEIGHT / highest).max(usize::from(count > 0) * 2);
            Bar {
                label,
                short,
                count,
                class,
                x: place * BAR_STEP + BAR_STEP,
                y: BAR_HEIGHT - height + BAR_TOP,
                height,
            }
        })
        .collect()
}

fn group(title: &'static str, counts: &[Count]) -> Group {
    let longest = counts.iter().map(|count| count.certificates).max().unwrap_or(1).max(1);
    let mut rows: Vec<Row> = counts
        .iter()
        .take(MOST_ROWS)
        .map(|count| Row {
            label: count.label.as_deref().map_or_else(|| "(none)".to_owned(), inert),
            share: (count.certificates * 100 / longest).max(1),
            count: count.clone(),
        })
        .collect();
    let rest = rows.split_off(rows.len().min(FIRST_ROWS));
    Group { title, rows, rest, left_out: counts.len().saturating_sub(MOST_ROWS) }
}

fn code_sections(report: &Report) -> Vec<CodeSection> {
    let mut sections: Vec<CodeSection> = Vec::new();
    for finding in document::findings(report) {
        if sections.last().is_none_or(|section| section.code != finding.code) {
            sections.push(CodeSection { code: finding.code, count: 0, examples: Vec::new() });
        }
        let Some(section) = sections.last_mut() else { continue };
        section.count += 1;
        if section.examples.len() < EXAMPLES {
            let mut subject = inert(finding.name.unwrap_or_default());
            if let Some(store) = finding.store {
                let separator = if subject.is_empty() { "" } else { " in " };
                // Writing to a string does not fail.
                let _ = write!(subject, "{separator}{}", printable(store.vault()));
            }
            section.examples.push((subject, inert(finding.message)));
        }
    }
    sections
}

fn change_section(changes: &[Change]) -> Changes {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for kind in ["new", "renewed", "removed", "changed"] {
        counts.push((kind, changes.iter().filter(|one| one.kind.as_str() == kind).count()));
    }
    let rows = document::changes(Some(changes)).take(MOST_ROWS).map(|one| {
        let store = inert(one.store_path.unwrap_or_default());
        [one.change.to_owned(), inert(one.name), store, what(&one)]
    });
    Changes { counts, rows: rows.collect(), left_out: changes.len().saturating_sub(MOST_ROWS) }
}

const STYLE: &str = include_str!("../../../../templates/report/page.css");
const SCRIPT: &str = include_str!("../../../../templates/report/page.js");

/// The timeline's sizes, in units of its view box.
const BAR_STEP: usize = 30;
const BAR_HEIGHT: usize = 120;
const BAR_TOP: usize = 20;

/// The number of counts that are shown at first, and in total.
const FIRST_ROWS: usize = 8;
const MOST_ROWS: usize = 500;
/// The number of findings per code without the script.
const EXAMPLES: usize = 20;

//! `akv report`

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use akv_core::report::{
    Change, ChangeKind, Code, Earlier, EarlierRecord, FailOn, Report, ReportBuilder, ReportOptions,
    Store,
};
use akv_core::text::printable;
use anyhow::{Context, Result};
use time::OffsetDateTime;

use crate::args::{Common, ReportArgs};
use crate::exit::Exit;
use crate::render;
use crate::report::{self, Entry, InventoryFile, Live, command_inventory};
use crate::usage::Usage;
use crate::wiring::Wiring;

/// Reports on inventories in files.
pub(super) fn of_files(common: &Common, args: &ReportArgs) -> Result<Exit> {
    check(args)?;
    let mut builder = ReportBuilder::default();
    let mut reader = InventoryFile::default();
    for file in &args.from {
        reader.read(file, |entry| match entry {
            Entry::Certificate(record) => builder.add(*record),
            Entry::Failed(store) => builder.add_failed(store),
        })?;
    }
    show(common, args, builder)
}

/// Reports on the current state of vaults.
pub(super) async fn live(common: &Common, args: &ReportArgs, wiring: Wiring) -> Result<Exit> {
    check(args)?;
    let Live { builder, is_whole } = report::live(common, args, &wiring).await?;
    match show(common, args, builder)? {
        Exit::Success if !is_whole => Ok(Exit::Warning),
        exit => Ok(exit),
    }
}

fn check(args: &ReportArgs) -> Result<()> {
    args.selection.check()?;
    if args.required_tags.is_empty() && args.fail_on.contains(&FailOn::Code(Code::MissingTag)) {
        return Err(Usage::new("--fail-on missing-tag requires --require-tag").into());
    }
    Ok(())
}

fn show(common: &Common, args: &ReportArgs, builder: ReportBuilder) -> Result<Exit> {
    let options = ReportOptions::default()
        .with_within(args.within)
        .with_stale(args.stale)
        .with_required_tags(args.required_tags.clone());
    let report = builder.finish(&options, OffsetDateTime::now_utc());
    let changes = changes(args, &report)?;
    render::report(common.output, &report, changes.as_deref(), &args.owner_tag)?;
    render::say(&render::report_summary(&report));
    for store in absent_stores(&report, changes.as_deref().unwrap_or_default()) {
        render::say(&format!(
            "warning: the inventory contains no certificate of {}; all its certificates are \
             reported as removed",
            printable(store.as_str())
        ));
    }
    for code in unchecked(&report, &args.fail_on) {
        render::say(&format!("warning: --fail-on {code} has no effect: {code} was not checked"));
    }
    Ok(exit(&report, &args.fail_on))
}

fn changes(args: &ReportArgs, report: &Report) -> Result<Option<Vec<Change>>> {
    let (file, earlier) = match (&args.since, &args.last_inventory) {
        (Some(file), _) => (file, earlier(file)?),
        (None, Some(file)) => (file, command_inventory(file)?),
        (None, None) => return Ok(None),
    };
    let context = || format!("cannot compare with {}", file.display());
    report.changes(&earlier).map(Some).with_context(context)
}

fn earlier(file: &Path) -> Result<Earlier> {
    let mut records = Vec::new();
    let mut failed = Vec::new();
    InventoryFile::default().read(file, |entry| match entry {
        Entry::Certificate(record) => records.push(EarlierRecord::Full(record)),
        Entry::Failed(store) => failed.push(store.store),
    })?;
    Ok(Earlier::new(records).with_failed(failed))
}

/// The stores that lost all certificates: a file cannot distinguish an emptied vault from one that
/// was not inventoried.
fn absent_stores<'a>(report: &Report, changes: &'a [Change]) -> BTreeSet<&'a Store> {
    let read: HashSet<&Store> =
        report.records.iter().filter_map(|record| record.store.as_ref()).collect();
    let removed = changes.iter().filter(|change| change.kind == ChangeKind::Removed);
    let is_named = !read.is_empty() || report.records.is_empty();
    removed
        .filter_map(|change| change.store.as_ref())
        .filter(|store| is_named && !read.contains(store))
        .collect()
}

/// The codes in `--fail-on` that could not be checked for any certificate.
fn unchecked<'a>(report: &'a Report, fail_on: &'a [FailOn]) -> impl Iterator<Item = Code> {
    let named = |code: &Code| fail_on.contains(&FailOn::Code(*code));
    report.not_checked.iter().copied().filter(named)
}

/// A matching finding takes precedence over an unreadable store.
fn exit(report: &Report, fail_on: &[FailOn]) -> Exit {
    let is_named = |fail_on: &FailOn| report.findings.iter().any(|one| fail_on.matches(one));
    match (report.failed.is_empty(), report.records.is_empty()) {
        _ if fail_on.iter().any(is_named) => Exit::Matched,
        (true, _) => Exit::Success,
        (false, false) => Exit::Warning,
        (false, true) => Exit::Failure,
    }
}

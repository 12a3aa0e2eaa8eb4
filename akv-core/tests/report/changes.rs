//! Changes since an earlier inventory.

use akv_core::Thumbprint;
use akv_core::report::{
    ChangeKind, Earlier, EarlierRecord, FailedStore, Record, ReportBuilder, ReportOptions, Store,
};

use super::{healthy, now, report};

fn full(records: Vec<Record>) -> Earlier {
    let records = records.into_iter().map(|record| EarlierRecord::Full(Box::new(record)));
    Earlier::new(records.collect())
}

fn kinds(earlier: &Earlier, records: Vec<Record>) -> Vec<(ChangeKind, String)> {
    let changes = report(records).changes(earlier).expect("comparable");
    changes.iter().map(|one| (one.kind, one.name.to_string())).collect()
}

#[test]
fn every_kind_of_change_is_reported() {
    let before = ["gone", "same", "renewed", "changed"].map(|name| healthy("contoso", name));
    let mut after = ["new", "same", "renewed", "changed"].map(|name| healthy("contoso", name));
    after[2].thumbprint = Some(Thumbprint::of(b"another"));
    after[3].attributes.enabled = false;
    after[3].tags = Box::new([("owner".into(), "pki".into())]);
    let report = report(after.into());
    let changes = report.changes(&full(before.into())).expect("comparable");
    let reported: Vec<_> =
        changes.iter().map(|one| (one.name.as_str(), one.kind.as_str())).collect();
    let expected =
        [("changed", "changed"), ("gone", "removed"), ("new", "new"), ("renewed", "renewed")];
    assert_eq!(reported, expected);
    assert_eq!(changes[0].fields, ["enabled", "tags"]);
    assert_eq!(changes[3].fields, ["thumbprint"]);
    assert!(changes[1].after.is_none() && changes[2].before.is_none());
}

#[test]
fn values_missing_on_one_side_are_not_a_change() {
    let mut older = healthy("contoso", "web");
    (older.subject, older.version, older.exportable) = (None, None, None);
    let mut newer = healthy("Contoso", "WEB");
    newer.thumbprint = older.thumbprint;
    newer.subject = Some("CN=web".into());
    newer.version = Some("0".repeat(32).parse().unwrap());
    newer.exportable = Some(true);
    assert_eq!(kinds(&full(vec![older]), vec![newer]), []);
}

#[test]
fn files_without_store_names_belong_to_a_single_store() {
    let unnamed = |name| {
        let mut record = healthy("contoso", name);
        record.store = None;
        record
    };
    let one = || vec![healthy("contoso", "a"), healthy("contoso", "b")];
    assert_eq!(kinds(&full(vec![unnamed("a"), unnamed("b")]), one()), []);
    assert_eq!(kinds(&full(one()), vec![unnamed("a"), unnamed("b")]), []);
    assert_eq!(kinds(&full(vec![unnamed("a")]), vec![unnamed("a")]), []);
    let two = vec![healthy("contoso", "a"), healthy("fabrikam", "a")];
    let error = report(two).changes(&full(vec![unnamed("a")])).expect_err("which of them?");
    assert_eq!(error.stores, 2);
}

#[test]
fn same_names_in_two_stores_are_two_certificates() {
    let before = vec![healthy("contoso", "web"), healthy("fabrikam", "web")];
    let changes = kinds(&full(before), vec![healthy("fabrikam", "web")]);
    assert_eq!(changes, [(ChangeKind::Removed, "web".to_owned())]);
}

#[test]
fn unread_certificates_are_neither_changed_nor_removed() {
    let mut last_known = healthy("contoso", "web");
    last_known.last_known = true;
    last_known.thumbprint = None;
    assert_eq!(kinds(&full(vec![healthy("contoso", "web")]), vec![last_known]), []);
    let mut builder = ReportBuilder::default();
    builder.add_failed(FailedStore::new(Store::new("contoso"), "denied"));
    let report = builder.finish(&ReportOptions::default(), now());
    let changes = report.changes(&full(vec![healthy("contoso", "web")])).expect("comparable");
    assert_eq!(changes, [], "a store that could not be read has lost nothing");
}

#[test]
fn commands_inventory_is_compared_with_its_own_store() {
    let known = |name: &str, text: &[u8]| EarlierRecord::Summary {
        name: name.parse().unwrap(),
        thumbprint: (!text.is_empty()).then(|| Thumbprint::of(text)),
    };
    let earlier = Earlier::new(vec![
        known("same", b"contoso/same"),
        known("drifted", b"something else"),
        known("removed", b"x"),
        known("unknown", b""),
    ])
    .with_only(Store::new("contoso"));
    let names = ["same", "drifted", "unknown", "new"];
    let mut records: Vec<_> = names.iter().map(|name| healthy("contoso", name)).collect();
    records.push(healthy("fabrikam", "elsewhere"));
    let reported = kinds(&earlier, records);
    let expected = [
        (ChangeKind::Renewed, "drifted"),
        (ChangeKind::New, "new"),
        (ChangeKind::Removed, "removed"),
    ];
    assert_eq!(reported, expected.map(|(kind, name)| (kind, name.to_owned())));
}

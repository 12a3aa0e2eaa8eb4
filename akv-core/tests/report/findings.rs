//! One finding per test.

use akv_core::bundle::KeyKind;
use akv_core::report::{
    Code, FailOn, FailedStore, OlderVersions, Record, ReportBuilder, ReportOptions, Severity,
    SignatureFacts, Store, VaultFacts,
};
use akv_core::{PublicAccess, PurgeProtection, Thumbprint};
use time::Duration;

use super::{codes, healthy, now, report, report_with};

fn changed(change: impl FnOnce(&mut Record)) -> Vec<Code> {
    let mut record = healthy("contoso", "web");
    change(&mut record);
    codes(&report(vec![record]))
}

#[test]
fn healthy_certificate_has_no_finding() {
    let report = report(vec![healthy("contoso", "web"), healthy("fabrikam", "web")]);
    assert_eq!(codes(&report), []);
    assert_eq!(report.not_checked, [Code::PurgeProtectionOff, Code::PublicAccess]);
}

#[test]
fn expiry_findings_keep_their_borders() {
    let expires_in = |duration| changed(|it| it.attributes.expires = Some(now() + duration));
    assert_eq!(expires_in(Duration::seconds(-1)), [Code::Expired]);
    assert_eq!(expires_in(Duration::ZERO), [Code::ExpiresSoon]);
    assert_eq!(expires_in(Duration::days(30)), [Code::ExpiresSoon]);
    assert_eq!(expires_in(Duration::days(30) + Duration::seconds(1)), []);
}

#[test]
fn each_fact_makes_its_finding() {
    let weak = || SignatureFacts::new("RSA with SHA-1", true);
    assert_eq!(changed(|it| it.attributes.enabled = false), [Code::Disabled]);
    assert_eq!(changed(|it| it.auto_renew = Some(true)), [Code::AutoRenew]);
    assert_eq!(changed(|it| it.pending = Some(true)), [Code::Pending]);
    assert_eq!(changed(|it| it.signature = Some(weak())), [Code::WeakSignature]);
    assert_eq!(
        changed(|it| it.older_versions = Some(OlderVersions::new(2))),
        [Code::OldVersionEnabled]
    );
    let created = |days| changed(|it| it.attributes.created = Some(now() - Duration::days(days)));
    assert_eq!(created(400), []);
    assert_eq!(created(401), [Code::Stale]);
}

#[test]
fn short_keys_are_weak() {
    let key = |key| changed(|it| it.key = Some(key));
    assert_eq!(key(KeyKind::Rsa { bits: 1024 }), [Code::WeakKey]);
    assert_eq!(key(KeyKind::Rsa { bits: 4096 }), []);
    for weak in ["EC P-192", "EC P-224", "DSA"] {
        assert_eq!(key(KeyKind::Other(weak.into())), [Code::WeakKey], "{weak}");
    }
    assert_eq!(key(KeyKind::Other("Ed25519".into())), []);
}

#[test]
fn required_tags_match_without_letter_case() {
    let options = ReportOptions::default().with_required_tags(vec!["owner".into()]);
    let tagged = |tags: &[(&str, &str)]| {
        let mut record = healthy("contoso", "web");
        record.tags = tags.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        codes(&report_with(vec![record], &options))
    };
    assert_eq!(tagged(&[("Owner", "pki")]), []);
    assert_eq!(tagged(&[("owner", " ")]), [Code::MissingTag], "a blank value names no owner");
    assert_eq!(tagged(&[]), [Code::MissingTag]);
}

#[test]
fn duplicates_and_shared_keys_are_distinguished() {
    let (mut a, mut b, mut c) =
        (healthy("contoso", "a"), healthy("fabrikam", "b"), healthy("fabrikam", "c"));
    b.thumbprint = a.thumbprint;
    b.public_key = a.public_key;
    let copies = report(vec![a.clone(), b.clone(), c.clone()]);
    assert_eq!(codes(&copies), [Code::Duplicate, Code::Duplicate], "copies share their key anyway");
    assert!(copies.findings[0].message.contains("b in fabrikam"), "{:?}", copies.findings[0]);
    c.public_key = a.public_key;
    let all = report(vec![a.clone(), b, c]);
    let shared = all.findings.iter().filter(|one| one.code == Code::SharedKey).count();
    assert_eq!(shared, 3);
    a.public_key = None;
    assert!(report(vec![a]).not_checked.contains(&Code::SharedKey));
}

#[test]
fn key_of_every_certificate_costs_no_more_than_each() {
    let records = (0..20_000).map(|number| {
        let mut record = healthy("contoso", &format!("web-{number}"));
        record.public_key = Some([7; 32]);
        record
    });
    let report = report(records.collect());
    assert_eq!(report.findings.len(), 20_000);
    assert!(report.findings.iter().all(|one| one.others.len() == 5 && one.message.len() < 200));
    assert!(report.findings[0].message.ends_with("and 19994 more"));
}

#[test]
fn unknown_facts_are_not_checked_and_never_found() {
    let record = Record::new(None, "web".parse().unwrap());
    let report = report(vec![record, healthy("contoso", "web")]);
    assert_eq!(codes(&report), []);
    let unchecked =
        Code::ALL.iter().copied().filter(|code| ![Code::Disabled, Code::MissingTag].contains(code));
    assert_eq!(report.not_checked, unchecked.collect::<Vec<_>>());
}

#[test]
fn vaults_are_judged_by_their_settings() {
    let mut builder = ReportBuilder::default();
    builder.add_vault(
        VaultFacts::new(Store::new("contoso"))
            .with_purge_protection(PurgeProtection::Off)
            .with_public_access(PublicAccess::Enabled),
    );
    builder.add_failed(FailedStore::new(Store::new("fabrikam"), "denied"));
    let report = builder.finish(&ReportOptions::default(), now());
    assert_eq!(codes(&report), [Code::PurgeProtectionOff, Code::PublicAccess]);
    assert!(!report.not_checked.contains(&Code::PublicAccess));
    assert_eq!(report.subject(&report.findings[0]).0, Some(&Store::new("contoso")));
    assert_eq!(report.failed.len(), 1);
}

#[test]
fn findings_are_ordered_by_severity_and_urgency() {
    let mut soon = healthy("contoso", "z");
    soon.attributes.expires = Some(now() + Duration::days(1));
    let mut later = healthy("contoso", "a");
    later.attributes.expires = Some(now() + Duration::days(9));
    let mut old = healthy("contoso", "old");
    old.attributes.expires = Some(now() - Duration::days(1));
    old.attributes.enabled = false;
    let report = report(vec![later, old, soon]);
    let names: Vec<_> = report
        .findings
        .iter()
        .map(|one| (one.code.as_str(), report.subject(one).1.unwrap().name.to_string()))
        .collect();
    let expected =
        [("expired", "old"), ("expires-soon", "z"), ("expires-soon", "a"), ("disabled", "old")];
    assert_eq!(names, expected.map(|(code, name)| (code, name.to_owned())));
}

#[test]
fn later_records_replace_earlier_ones_of_the_same_name() {
    let mut newer = healthy("https://contoso.vault.azure.net", "WEB");
    newer.thumbprint = Some(Thumbprint::of(b"newer"));
    let report = report(vec![healthy("contoso", "web"), newer.clone()]);
    assert_eq!((report.records.len(), report.replaced), (1, 1));
    assert_eq!(report.records[0].thumbprint, newer.thumbprint);
}

#[test]
fn fail_on_a_severity_includes_higher_ones() {
    let includes = |text: &str, code| text.parse::<FailOn>().unwrap().includes(code);
    assert!(includes("warning", Code::Expired) && includes("Warning", Code::Disabled));
    assert!(!includes("warning", Code::Stale) && includes("info", Code::Stale));
    assert!(includes("stale", Code::Stale) && !includes("stale", Code::Expired));
    assert_eq!(Code::ALL.len(), 14);
    assert!(Code::ALL.is_sorted_by_key(|code| std::cmp::Reverse(code.severity())));
    assert_eq!(Code::Expired.severity(), Severity::Error);
}

#[test]
fn summary_counts_every_certificate_once() {
    let mut expired = healthy("contoso", "old");
    expired.attributes.expires = Some(now() - Duration::days(400));
    expired.attributes.enabled = false;
    let mut unknown = healthy("fabrikam", "unknown");
    unknown.attributes.expires = None;
    unknown.tags = Box::new([("Owner".into(), "pki".into())]);
    let mut far = healthy("fabrikam", "far");
    far.attributes.expires = Some(now() + Duration::days(5000));
    let mut same_month = healthy("fabrikam", "soon");
    same_month.attributes.expires = Some(now() + Duration::days(1));
    let summary = report(vec![expired, unknown, far, same_month]).summary("owner");
    let timeline = &summary.timeline;
    assert_eq!((timeline.expired, timeline.later, timeline.unknown), (1, 1, 1));
    assert_eq!((timeline.months[0].year, timeline.months[0].month), (2026, 11));
    assert_eq!(timeline.months[0].certificates, 1);
    assert_eq!(timeline.months[2].year, 2027);
    let contoso = summary.by_store.iter().find(|one| one.label.as_deref() == Some("contoso"));
    assert_eq!((contoso.unwrap().errors, contoso.unwrap().warnings), (1, 0));
    let owners: Vec<_> =
        summary.by_owner.iter().map(|one| (one.label.as_deref(), one.certificates)).collect();
    assert_eq!(owners, [(None, 3), (Some("pki"), 1)]);
}

//! Many stores in one run, with a fake Azure over TLS.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::collections::{BTreeMap, BTreeSet};

use akv_testkit::{DenyRule, FakeCloud, Fault, Operation};
use program::Run;
use program::fake::Fake;
use serde_json::{Value, json};

const OTHER: &str = "5b5c41b7-0000-4000-8000-000000000002";

/// `contoso` and `old-contoso` in the first subscription, `fabrikam` in another one.
fn fleet() -> Fake {
    Fake::new(
        FakeCloud::builder()
            .subscription(OTHER)
            .vault_with("contoso", |vault| vault.certificates(30))
            .vault_with("old-contoso", |vault| vault.certificates(2))
            .vault_with("fabrikam", |vault| vault.placed(OTHER, "Elsewhere").certificates(3)),
    )
}

fn inventory(fake: &Fake, args: &[&str]) -> Run {
    fake.akv().args(["inventory", "-o", "jsonl"]).args(args).run()
}

fn lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The number of certificates of each store.
fn counts(run: &Run) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines(run).iter().filter(|line| line["name"].is_string()) {
        let path = line["storePath"].as_str().expect("a store path");
        let vault = path.rsplit(':').next().unwrap_or_default();
        *counts.entry(vault.to_owned()).or_default() += 1;
    }
    counts
}

fn of(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    pairs.iter().map(|(vault, count)| ((*vault).to_owned(), *count)).collect()
}

#[test]
fn several_stores_are_read_in_one_run() {
    let fake = fleet();
    let run = inventory(&fake, &["contoso", "fabrikam", "CONTOSO"]);
    assert_eq!(run.code, 0, "{}", run.both());
    assert_eq!(counts(&run), of(&[("contoso", 30), ("fabrikam", 3)]));
    assert!(run.stderr.contains("33 certificates in 2 stores"), "{}", run.stderr);
    let run = fake.akv().args(["inventory", "contoso", "fabrikam", "-o", "json"]).run();
    let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(document["certificates"].as_array().map(Vec::len), Some(33));
    assert_eq!((&document["status"], &document["failed"]), (&json!("success"), &json!([])));
    let run = fake.akv().args(["inventory", "contoso", "fabrikam"]).run();
    assert!(run.stdout.starts_with("STORE"), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn lines_are_printed_while_the_next_one_is_awaited() {
    let fake = fleet();
    let late = Fault::on(Operation::GetCertificate).named("cert-000003");
    fake.cloud.fault(late.delay(std::time::Duration::from_secs(20)));
    for output in ["jsonl", "csv"] {
        let path = fake.path("lines");
        let file = std::fs::File::create(&path).expect("created");
        let run = fake.akv().args(["inventory", "contoso", "-o", output]).stdout(file);
        // The lines before the late certificate, and the heading of CSV.
        let wanted = 2 + usize::from(output == "csv");
        let printed = || std::fs::read_to_string(&path).unwrap_or_default().lines().count();
        let run = run.terminated_when(|| printed() == wanted);
        assert_eq!((run.code, printed()), (4, wanted), "{output}: {}", run.both());
    }
}

#[test]
fn all_vaults_are_filtered_by_location_and_name() {
    let fake = fleet();
    let all = of(&[("contoso", 30), ("old-contoso", 2), ("fabrikam", 3)]);
    let first = fake.cloud.subscription_id();
    for (args, expected) in [
        (vec![], all.clone()),
        (vec!["--via", "lists"], all.clone()),
        (vec!["--via", "graph"], all),
        (vec!["--subscription", OTHER], of(&[("fabrikam", 3)])),
        (
            vec!["--subscription", &first, "--via", "graph", "--exclude", "OLD-*"],
            of(&[("contoso", 30)]),
        ),
        (vec!["--resource-group", "elsewhere"], of(&[("fabrikam", 3)])),
        (
            vec!["--vault", "*contoso", "--exclude", "?????contoso"],
            of(&[("contoso", 30), ("old-contoso", 2)]),
        ),
        (
            vec!["--vault", "*CONTOSO,fab*", "--exclude", "old*"],
            of(&[("contoso", 30), ("fabrikam", 3)]),
        ),
    ] {
        let run = inventory(&fake, &[&["--all"], args.as_slice()].concat());
        assert_eq!(run.code, 0, "{args:?}: {}", run.both());
        assert_eq!(counts(&run), expected, "{args:?}");
        for line in lines(&run) {
            let path = line["storePath"].as_str().expect("a store path");
            assert_eq!(path.split(':').count(), 3, "{path}");
        }
    }
    let run = inventory(&fake, &["--all", "--vault", "nothing*"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{}", run.both());
    let unseen = "5b5c41b7-0000-4000-8000-0000000000ee";
    let run = inventory(&fake, &["--all", "--subscription", unseen]);
    assert_eq!(run.code, 4, "{}", run.both());
    assert!(run.stderr.contains(unseen), "{}", run.stderr);
}

#[test]
fn a_store_that_fails_is_named_and_the_rest_is_read() {
    let fake = fleet();
    fake.cloud.deny(DenyRule::of(Operation::ListCertificates).in_vault("fabrikam"));
    let run = inventory(&fake, &["--all"]);
    assert_eq!(run.code, 3, "{}", run.both());
    assert_eq!(counts(&run), of(&[("contoso", 30), ("old-contoso", 2)]));
    let failed: Vec<_> = lines(&run).into_iter().filter(|line| line["error"].is_string()).collect();
    let path = format!("{OTHER}:Elsewhere:fabrikam");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["storePath"], json!(path));
    assert!(run.stderr.contains(&path), "{}", run.stderr);
    // The file works for a report, and as an earlier inventory.
    let file = fake.file("fleet.jsonl", &run.stdout);
    let report = fake.akv().args(["report", "--from", &file, "-o", "json"]).run();
    assert_eq!(report.code, 3, "{}", report.both());
    let report: Value = serde_json::from_str(&report.stdout).expect("JSON");
    assert_eq!(report["failed"][0]["storePath"], json!(path));
    fake.cloud.journal().clear();
    let again = inventory(&fake, &["contoso", "old-contoso", "--since", &file]);
    assert_eq!((again.code, counts(&again)), (0, counts(&run)), "{}", again.both());
    assert_eq!(fake.cloud.journal().count(Operation::GetCertificate), 0);
    // If every store fails, it is a failure.
    fake.cloud.deny(Operation::ListCertificates);
    let run = inventory(&fake, &["--all"]);
    assert_eq!((run.code, counts(&run).len()), (4, 0), "{}", run.both());
}

#[test]
fn a_subscription_that_cannot_be_searched_is_a_warning() {
    let fake = fleet();
    fake.cloud.deny(DenyRule::of(Operation::ListVaults).in_subscription(OTHER));
    fake.cloud.fault(Fault::on(Operation::QueryResources).status(403));
    let run = inventory(&fake, &["--all"]);
    assert_eq!(run.code, 3, "{}", run.both());
    assert_eq!(counts(&run), of(&[("contoso", 30), ("old-contoso", 2)]));
    assert!(run.stderr.contains(OTHER), "{}", run.stderr);
}

#[test]
fn discover_finds_the_same_by_lists_and_by_graph() {
    let fake = fleet();
    let found = |via: &str| -> BTreeSet<String> {
        let run = fake.akv().args(["discover", "--via", via]).run();
        assert_eq!(run.code, 0, "{}", run.both());
        run.stdout.lines().map(str::to_owned).collect()
    };
    assert_eq!(found("lists").len(), 3);
    assert_eq!(fake.cloud.journal().count(Operation::QueryResources), 0);
    assert_eq!(found("lists"), found("graph"));
}

/// A job uses lists by default; a setting changes that.
#[test]
fn job_discovers_by_lists_by_default() {
    let fake = fleet();
    let job = json!({
        "Capability": "CertStores.AKV.Discovery",
        "JobHistoryId": 7,
        "ClientMachine": fake.cloud.tenant_id(),
        "ServerUsername": fake.cloud.client_id(),
        "ServerPassword": fake.cloud.client_secret(),
        "JobProperties": { "dirs": fake.cloud.tenant_id() },
    });
    let file = fake.file("job.json", job.to_string());
    let run = fake.akv().args(["job", &file]).run();
    assert_eq!(run.code, 0, "{}", run.both());
    assert!(run.stdout.contains("old-contoso"), "{}", run.stdout);
    let journal = fake.cloud.journal();
    assert_eq!(journal.count(Operation::QueryResources), 0);
    let settings = fake.file("akv.toml", "via = \"graph\"\n");
    let run = fake.akv().args(["job", &file, "--config", &settings]).run();
    assert_eq!(run.code, 0, "{}", run.both());
    assert!(run.stdout.contains("old-contoso"), "{}", run.stdout);
    assert_eq!(journal.count(Operation::QueryResources), 1);
}

/// Sends a request to a vault without `akv`, as its owner would.
fn ask(fake: &Fake, method: &str, vault: &str, path: &str, body: &Value) -> Value {
    let token = format!("Bearer {}", fake.cloud.token("https://vault.azure.net"));
    let url = format!("https://{vault}.vault.azure.net/certificates/{path}?api-version=7.4");
    let request = akv_testkit::Request::new(method, &url.parse().expect("a URL"));
    let request = request
        .header("Authorization", &token)
        .header("Content-Type", "application/json")
        .body(body.to_string());
    let answer = fake.cloud.handle(&request);
    assert!(answer.status() < 300, "{path}: {}", answer.body_json());
    answer.body_json()
}

fn policy(issuer: &str, action: &str) -> Value {
    let action =
        json!({ "trigger": { "lifetime_percentage": 80 }, "action": { "action_type": action } });
    json!({ "policy": {
        "issuer": { "name": issuer },
        "x509_props": { "subject": "CN=made.contoso.com" },
        "key_props": { "kty": "RSA", "key_size": 2048 },
        "lifetime_actions": [action],
    } })
}

fn codes(report: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|one| {
            let path = text(&one["storePath"]);
            let name = one["name"].as_str().map(str::to_owned);
            let about = name.unwrap_or_else(|| path.rsplit(':').next().unwrap_or_default().into());
            (text(&one["code"]), about)
        })
        .collect()
}

fn live(fake: &Fake, args: &[&str]) -> (i32, Value, String) {
    let run = fake.akv().args(["report", "-o", "json"]).args(args).run();
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.both()));
    (run.code, report, run.stderr)
}

#[test]
fn a_live_report_sees_versions_policies_requests_and_settings() {
    let fake = Fake::new(
        FakeCloud::builder()
            .vault("contoso")
            .vault_with("guarded", |vault| vault.purge_protection().certificates(1)),
    );
    for _ in 0..2 {
        ask(&fake, "POST", "contoso", "renewed/create", &policy("Self", "AutoRenew"));
    }
    ask(&fake, "POST", "contoso", "asked/create", &policy("Unknown", "EmailContacts"));
    let (code, report, stderr) = live(&fake, &["--all"]);
    assert_eq!(code, 0, "{stderr}");
    let found = codes(&report);
    for (code, about) in [
        ("auto-renew", "renewed"),
        ("old-version-enabled", "renewed"),
        ("pending", "asked"),
        ("purge-protection-off", "contoso"),
        ("public-access", "contoso"),
        ("public-access", "guarded"),
    ] {
        assert!(found.contains(&(code.to_owned(), about.to_owned())), "{code} {about}: {found:?}");
    }
    assert!(!found.contains(&("purge-protection-off".to_owned(), "guarded".to_owned())));
    assert!(!found.contains(&("disabled".to_owned(), "asked".to_owned())), "it is a request");
    assert_eq!(report["notChecked"], json!([]), "{stderr}");
    // The location of a vault without a full path is unknown, so its settings are too.
    let (code, report, _) = live(&fake, &["contoso"]);
    assert_eq!(code, 0);
    assert_eq!(report["notChecked"], json!(["purge-protection-off", "public-access"]));
    let run = fake.akv().args(["report", "--all", "--fail-on", "auto-renew"]).run();
    assert_eq!(run.code, 6, "{}", run.both());
}

#[test]
fn live_report_names_skipped_checks() {
    let fake = fleet();
    fake.cloud.deny(DenyRule::of(Operation::ListCertificates).in_vault("fabrikam"));
    fake.cloud.deny(Operation::ListVersions);
    let (code, report, stderr) = live(&fake, &["--all"]);
    assert_eq!(code, 3, "{stderr}");
    assert_eq!(report["certificates"], json!(32));
    assert_eq!(report["failed"][0]["storePath"], json!(format!("{OTHER}:Elsewhere:fabrikam")));
    assert_eq!(report["notChecked"], json!(["old-version-enabled"]));
    assert!(stderr.contains("were not possible"), "{stderr}");
    fake.cloud.deny(Operation::ListCertificates);
    let (code, report, _) = live(&fake, &["--all"]);
    assert_eq!((code, &report["certificates"]), (4, &json!(0)));
}

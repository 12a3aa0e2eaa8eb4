//! `akv report` over inventories in files.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::path::PathBuf;

use program::{Run, akv};
use serde_json::{Value, json};
use tempfile::TempDir;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

fn in_days(days: i64) -> String {
    (OffsetDateTime::now_utc() + Duration::days(days)).format(&Rfc3339).expect("a time")
}

/// A record in the format of an inventory.
fn record(store: Option<&str>, name: &str, expires_in: i64) -> Value {
    json!({
        "name": name, "version": null, "thumbprint": thumbprint(name, 1), "enabled": true,
        "notBefore": in_days(-30), "expires": in_days(expires_in), "created": in_days(-30),
        "updated": in_days(-30), "privateKey": true, "keyType": "RSA", "exportable": true,
        "tags": {"owner": "pki"}, "certificates": [], "subject": format!("CN={name}"),
        "issuer": "CN=CA", "serialNumber": "01", "dnsNames": [], "keySize": 2048, "curve": null,
        "storePath": store,
    })
}

fn thumbprint(name: &str, number: u32) -> String {
    let digits = name.bytes().fold(0_u128, |digits, byte| digits << 8 | u128::from(byte));
    format!("{digits:032X}{number:08X}")
}

fn lines(records: &[Value]) -> String {
    records.iter().flat_map(|record| [record.to_string(), "\n".to_owned()]).collect()
}

fn report(file: &PathBuf, args: &[&str]) -> Run {
    akv().args(["report", "--from"]).arg(file).args(args).run()
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.both()))
}

fn codes(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().expect("findings");
    findings.iter().map(|one| one["code"].as_str().expect("a code")).collect()
}

#[test]
fn findings_have_a_code_a_place_and_a_hint() {
    let files = Files::new();
    let mut weak = record(Some("contoso"), "weak", 100);
    weak["keySize"] = json!(1024);
    weak["tags"] = json!({});
    let from = files.file("now.jsonl", lines(&[record(Some("contoso"), "old", -2), weak]));
    let run = report(&from, &["-o", "json", "--require-tag", "owner"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let shown = document(&run);
    assert_eq!(codes(&shown), ["expired", "weak-key", "missing-tag"]);
    let first = &shown["findings"][0];
    assert_eq!(first["severity"], "error");
    assert_eq!((&first["storePath"], &first["name"]), (&json!("contoso"), &json!("old")));
    assert!(first["hint"].as_str().is_some_and(|hint| hint.starts_with("Renew")));
    let unchecked = shown["notChecked"].as_array().expect("codes");
    for code in ["auto-renew", "pending", "old-version-enabled", "purge-protection-off"] {
        assert!(unchecked.contains(&json!(code)), "{code}");
    }
    assert_eq!(shown["failed"], json!([]));
}

#[test]
fn fail_on_decides_the_exit_code() {
    let files = Files::new();
    let failed = json!({"storePath": "fabrikam", "error": "denied"});
    let soon = record(Some("contoso"), "soon", 3);
    let from = files.file("soon.jsonl", lines(std::slice::from_ref(&soon)));
    let partial = files.file("partial.jsonl", lines(&[soon, failed.clone()]));
    let nothing = files.file("nothing.jsonl", lines(&[failed]));
    for (file, fail_on, code) in [
        (&from, "info", 6),
        (&from, "warning", 6),
        (&from, "expires-soon", 6),
        (&from, "error,expired", 0),
        (&from, "auto-renew", 0),
        (&partial, "warning", 6),
        (&partial, "error", 3),
        (&nothing, "error", 4),
    ] {
        let run = report(file, &["--fail-on", fail_on]);
        assert_eq!(run.code, code, "{fail_on}: {}", run.both());
    }
    let run = report(&from, &["--fail-on", "auto-renew"]);
    assert!(run.stderr.contains("auto-renew was not checked"), "{}", run.stderr);
    assert_eq!(report(&from, &["--within", "1", "--fail-on", "info"]).code, 0);
    for wrong in [["--fail-on", "fatal"], ["--fail-on", "missing-tag"], ["--within", "-1"]] {
        assert_eq!(report(&from, &wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn changes_are_reported_by_store_and_name() {
    let files = Files::new();
    let mut renewed = record(Some("contoso"), "renewed", 300);
    renewed["thumbprint"] = json!(thumbprint("renewed", 2));
    let from = files.file(
        "now.jsonl",
        lines(&[renewed, record(Some("contoso"), "new", 9), record(Some("contoso"), "same", 9)]),
    );
    // In the format of older versions without store names, from Windows PowerShell.
    let names = ["renewed", "gone", "same"];
    let older: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut old = record(None, name, 9);
            for member in ["subject", "issuer", "serialNumber", "dnsNames", "keySize", "storePath"]
            {
                old.as_object_mut().expect("an object").remove(member);
            }
            old
        })
        .collect();
    let text = format!("\u{feff}{}", lines(&older).replace('\n', "\r\n"));
    let since = files
        .file("earlier.jsonl", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let run = report(&from, &["-o", "json", "--since", since.to_str().expect("a path")]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let changes = document(&run)["changes"].clone();
    let reported: Vec<_> = changes
        .as_array()
        .expect("changes")
        .iter()
        .filter(|one| one["name"] != "same")
        .map(|one| (one["name"].as_str().expect("a name"), one["change"].as_str().expect("a kind")))
        .collect();
    assert_eq!(reported, [("gone", "removed"), ("new", "new"), ("renewed", "renewed")]);
    assert_eq!(changes[0]["storePath"], "contoso");
}

/// A store that could not be read at that time was not empty.
#[test]
fn certificates_of_a_store_that_had_failed_are_not_new() {
    let files = Files::new();
    let now = [record(Some("contoso"), "web", 300), record(Some("fabrikam"), "web", 300)];
    let from = files.file("now.jsonl", lines(&now));
    let failed = json!({ "storePath": "https://FABRIKAM.vault.azure.net", "error": "denied" });
    let since = files.file("earlier.jsonl", lines(&[failed]));
    let run = report(&from, &["-o", "json", "--since", since.to_str().expect("a path")]);
    let changes = document(&run)["changes"].clone();
    let stores: Vec<_> =
        changes.as_array().expect("changes").iter().map(|one| one["storePath"].clone()).collect();
    assert_eq!(stores, [json!("contoso")], "{}", run.stderr);
}

#[test]
fn command_inventory_is_compared_and_not_shown() {
    let files = Files::new();
    let from = files.file(
        "now.jsonl",
        lines(&[record(Some("contoso"), "known", 9), record(Some("fabrikam"), "other", 9)]),
    );
    let job = json!({
        "LastInventory": [
            {"Alias": "known", "Thumbprints": [thumbprint("known", 1)], "PrivateKeyEntry": true},
            {"Alias": "gone", "Thumbprints": [thumbprint("gone", 1)], "PrivateKeyEntry": true},
        ],
        "CertificateStoreDetails": {"StorePath": "contoso"},
        "ServerPassword": "n0t-shown",
    });
    let job = files.file("job.json", job.to_string());
    let run = report(&from, &["-o", "json", "--last-inventory", job.to_str().expect("a path")]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let changes = document(&run)["changes"].clone();
    assert_eq!(changes.as_array().map(Vec::len), Some(1), "{changes}");
    assert_eq!((&changes[0]["name"], &changes[0]["change"]), (&json!("gone"), &json!("removed")));
    assert!(!run.both().contains("n0t-shown"));
}

#[test]
fn damaged_inventory_is_a_failure_without_its_content() {
    let files = Files::new();
    let good = lines(&[record(Some("contoso"), "web", 9)]);
    for (name, text) in [
        ("cut", good[..good.len() / 2].to_owned()),
        ("type", good.replace("\"web\"", "[\"s3cret\"]")),
        ("name", good.replace("\"web\"", "\"s3cret/\"")),
        ("json", "{\n  \"certificates\": \"s3cret\"\n}".to_owned()),
        ("deep", "[".repeat(100_000)),
    ] {
        let run = report(&files.file(name, format!("{good}{text}")), &["-o", "json"]);
        assert_eq!(run.code, 4, "{name}: {}", run.both());
        assert!(run.stderr.contains("line 2"), "{name}: {}", run.stderr);
        assert!(!run.both().contains("s3cret"), "{name}: {}", run.both());
        assert_eq!(run.stdout, "", "{name}");
    }
}

#[test]
fn page_is_one_inert_file() {
    let files = Files::new();
    let hostile = "</script><script>alert(1)</script><img src=x>\u{202e}&'\"";
    let mut web = record(Some("contoso"), "web", -9);
    web["tags"] = json!({"owner": hostile});
    (web["subject"], web["issuer"]) = (json!(hostile), json!(hostile));
    web["dnsNames"] = json!([hostile]);
    web["storePath"] = json!(hostile);
    let run = report(&files.file("now.jsonl", lines(&[web])), &["-o", "html"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let page = &run.stdout;
    assert!(
        !page.contains("<img") && !page.contains("alert(1)</script>") && !page.contains('\u{202e}')
    );
    assert_eq!(page.matches("<script").count(), 2, "its data and its one script");
    assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"));
    for outside in ["http:", "https:", "src=\"", "url(", "@import", "fetch(", "innerHTML", "eval("]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    let other = akv().args(["store-type", "-o", "html"]).run();
    assert_eq!(other.code, 2, "{}", other.both());
}

#[test]
fn tables_and_csv_are_safe_to_show() {
    let files = Files::new();
    let mut web = record(Some("=cmd|\u{1b}[2J"), "web", -9);
    web["subject"] = json!("=1+1");
    let from = files.file("now.jsonl", lines(&[web]));
    let table = report(&from, &[]);
    assert!(
        table.stdout.contains("expired") && table.stdout.contains("hint: Renew"),
        "{}",
        table.stdout
    );
    assert!(!table.both().contains('\u{1b}'));
    let csv = report(&from, &["-o", "csv"]);
    assert!(csv.stdout.starts_with("severity,code,storePath,name,message,hint,expires"));
    assert!(csv.stdout.contains(",\"'=cmd|"), "{}", csv.stdout);
}

//! `show`, `list-deleted`, `recover` and `purge` with a fake Azure over TLS.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use akv_testkit::pki::openssl_pfx;
use akv_testkit::{Fault, Operation};
use program::Run;
use program::fake::Fake;
use serde_json::{Value, json};

fn add(fake: &Fake, file: &str, more: &[&str]) {
    let fixture = openssl_pfx(file).expect("a fixture");
    let pfx = fake.file(&format!("{file}.pfx"), fixture.pfx);
    let password = fake.file("password", fixture.password);
    let run = fake
        .akv()
        .args(["add", "contoso", "--alias", "web", "--pfx", &pfx, "--password-file", &password])
        .args(more)
        .run();
    assert_eq!(run.code, 0, "{}", run.both());
}

fn akv(fake: &Fake, args: &[&str]) -> Run {
    fake.akv().args(args).run()
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("no JSON: {}", run.both()))
}

#[test]
fn show_prints_the_current_version_in_every_format() {
    let fake = Fake::with_vault();
    add(&fake, "web-v1", &["--tag", "owner=pki"]);
    add(&fake, "web-v2", &["--overwrite", "--preserve-tags"]);
    let show = |more: &[&str]| akv(&fake, &[&["show", "contoso", "--alias", "WEB"], more].concat());

    let run = show(&["-o", "json", "--versions", "--chain"]);
    let shown = json(&run);
    let newest = fake.cloud.vault("contoso").newest("web").expect("a version");
    assert_eq!(
        (run.code, &shown["name"], &shown["thumbprint"], &shown["tags"]["owner"]),
        (0, &json!("web"), &json!(newest.thumbprint), &json!("pki")),
        "{}",
        run.both()
    );
    assert_eq!(shown["certificates"].as_array().map(Vec::len), Some(3));
    let versions = shown["versions"].as_array().expect("versions");
    assert_eq!((versions.len(), &versions[0]["version"]), (2, &shown["version"]));
    assert_ne!(versions[0]["thumbprint"], versions[1]["thumbprint"]);

    let pem = show(&["-o", "pem", "--chain"]).stdout;
    assert_eq!(pem.matches("-----BEGIN CERTIFICATE-----\n").count(), 3);
    assert!(pem.lines().all(|line| line.len() <= 64), "{pem}");
    let file = fake.path("web.der");
    let der = fake.akv().args(["show", "contoso", "--alias", "web", "-o", "der"]);
    assert_eq!(der.stdout(std::fs::File::create(&file).expect("a file")).run().code, 0);
    let der = std::fs::read(file).expect("the certificate");
    assert_eq!(akv_core::Thumbprint::of(&der), newest.thumbprint);

    let table = show(&["--versions"]).stdout;
    for expected in ["subject        ", "RSA 2048", "owner=pki", "VERSION", "enabled"] {
        assert!(table.contains(expected), "{expected}: {table}");
    }
    for (more, expected) in [
        (vec!["-o", "der", "--chain"], "--chain"),
        (vec!["-o", "pem", "--versions"], "--versions"),
        (vec!["-o", "html"], "report"),
    ] {
        let run = show(&more);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{more:?}");
        assert!(run.stderr.contains(expected), "{more:?}: {}", run.stderr);
    }
}

#[test]
fn show_says_where_a_missing_certificate_is() {
    let fake = Fake::with_vault();
    add(&fake, "web-v1", &[]);
    let run = akv(&fake, &["show", "contoso", "--alias", "other"]);
    assert_eq!((run.code, run.stdout.as_str()), (4, ""));
    assert!(run.stderr.starts_with("error: cannot show certificate other in vault contoso: "));
    akv(&fake, &["remove", "contoso", "--alias", "web"]);
    let run = akv(&fake, &["show", "contoso", "--alias", "web"]);
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("soft-deleted\n  hint: recover it first"), "{}", run.stderr);
}

#[test]
fn deleted_certificates_are_listed_recovered_and_purged() {
    let fake = Fake::with_vault();
    let list = || akv(&fake, &["list-deleted", "contoso", "-o", "json"]);
    assert_eq!(json(&list())["deleted"], json!([]));
    add(&fake, "web-v1", &["--tag", "owner=pki"]);
    for (command, code) in [("recover", 3), ("purge", 4)] {
        let run = akv(&fake, &[command, "contoso", "--alias", "web"]);
        assert_eq!(run.code, code, "a live one is not touched: {}", run.both());
    }
    akv(&fake, &["remove", "contoso", "--alias", "web"]);
    let deleted = json(&list());
    assert_eq!(deleted["deleted"][0]["name"], json!("web"), "{deleted}");
    assert!(deleted["deleted"][0]["scheduledPurge"].is_string(), "{deleted}");
    let table = akv(&fake, &["list-deleted", "contoso"]).stdout;
    assert!(table.contains(" in ") && table.contains("owner=pki"), "{table}");

    let run = akv(&fake, &["recover", "contoso", "--alias", "web", "-o", "json"]);
    assert_eq!((run.code, &json(&run)["effect"]), (0, &json!("recovered")), "{}", run.both());
    assert_eq!(fake.cloud.vault("contoso").versions("web").len(), 1);

    akv(&fake, &["remove", "contoso", "--alias", "web"]);
    let run = akv(&fake, &["purge", "contoso", "--alias", "web", "-o", "json"]);
    assert_eq!((run.code, &json(&run)["effect"]), (0, &json!("purged")), "{}", run.both());
    for (command, code) in [("recover", 4), ("purge", 3)] {
        let run = akv(&fake, &[command, "contoso", "--alias", "web"]);
        assert_eq!(run.code, code, "{}", run.both());
    }
    assert_eq!(json(&list())["deleted"], json!([]));
}

#[test]
fn list_of_deleted_ones_that_breaks_off_is_a_failure() {
    let fake = Fake::with_vault();
    fake.cloud.fault(Fault::on(Operation::ListDeletedCertificates).status(500));
    let run = akv(&fake, &["list-deleted", "contoso", "-o", "json", "--deadline", "2"]);
    let document = json(&run);
    assert_eq!((run.code, &document["status"]), (4, &json!("failure")), "{}", run.both());
    assert_eq!(document["error"]["status"], json!(500), "{document}");
}

#[test]
fn denied_removal_is_reported_in_parts() {
    let fake = Fake::with_vault();
    add(&fake, "web-v1", &[]);
    fake.cloud.deny(Operation::DeleteCertificate);
    let run = akv(&fake, &["remove", "contoso", "--alias", "web", "-o", "json"]);
    let error = &json(&run)["error"];
    let summary = error["summary"].as_str().expect("a summary");
    assert!(summary.starts_with("cannot delete certificate web in vault contoso: "), "{summary}");
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("Forbidden")));
    assert!(error["innerCode"].is_string() && error["serviceMessage"].is_string(), "{error}");
    assert!(error["requestId"].is_string(), "{error}");
    let hint = error["hints"][0].as_str().expect("a hint");
    assert!(hint.contains("Key Vault Certificates Officer"), "{hint}");

    let run = akv(&fake, &["remove", "contoso", "--alias", "web"]);
    let lines: Vec<_> = run.stderr.lines().collect();
    let starts =
        ["error: cannot delete", "  hint: ", "  service: HTTP 403 Forbidden", "  request id: "];
    assert_eq!((run.code, lines.len()), (4, starts.len()), "{}", run.stderr);
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

//! The program with a fake Azure over TLS: the usual commands.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use akv_testkit::pki::openssl_pfx;
use akv_testkit::{FakeCloud, Fault, Operation};
use program::Run;
use program::fake::Fake;
use serde_json::{Value, json};

/// Adds an OpenSSL file as `web`.
fn add(fake: &Fake, file: &str, more: &[&str]) -> Run {
    let fixture = openssl_pfx(file).expect("a fixture");
    let pfx = fake.file(&format!("{file}.pfx"), fixture.pfx);
    let password = fake.file("password", format!("{}\n", fixture.password));
    fake.akv()
        .args(["add", "contoso", "--alias", "web", "--output", "json"])
        .args(["--pfx", &pfx, "--password-file", &password])
        .args(more)
        .run()
}

fn inventory(fake: &Fake, more: &[&str]) -> Run {
    fake.akv().args(["inventory", "contoso", "--output", "jsonl"]).args(more).run()
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("no JSON: {}", run.both()))
}

#[test]
fn request_merge_and_cancel_work_with_files() {
    let fake = Fake::with_vault();
    let request = |alias: &str, more: &[&str]| {
        let command = ["request", "contoso", "--alias", alias, "--key", "ec-p256"];
        fake.akv().args(command).args(["--dns", "www.example.com"]).args(more).run()
    };
    let subject = ["--subject", r"CN=www.example.com,O=Example\, Inc."];
    let run = request("web", &subject);
    assert_eq!(run.code, 0, "{}", run.both());
    let block = pem::parse(&run.stdout).expect("one PEM block and nothing else");
    assert_eq!(block.tag(), "CERTIFICATE REQUEST");
    assert_eq!(request("web", &subject).stdout, run.stdout, "the same while it is pending");

    let pki = akv_testkit::pki::TestPki::new(fake.cloud.clock().now());
    let issued = pki.sign(block.contents()).expect("signed");
    let chain: Vec<_> =
        issued.iter().map(|der| pem::Pem::new("CERTIFICATE", der.clone())).collect();
    let file = fake.file("issued.pem", pem::encode_many(&chain));
    let merge = ["merge", "contoso", "--alias", "web", "--output", "json", "--pem", &file];
    for effect in ["imported", "kept"] {
        let run = fake.akv().args(merge).run();
        assert_eq!((run.code, &json(&run)["effect"]), (0, &json!(effect)), "{}", run.both());
    }
    assert_eq!(fake.cloud.vault("contoso").newest("web").expect("it").certificates, issued);

    assert_eq!(request("other", &[]).code, 0, "names are enough");
    let cancel = || fake.akv().args(["cancel", "contoso", "--alias", "other"]).run().code;
    assert_eq!((cancel(), cancel()), (0, 3));
    for wrong in [&["--key", "rsa-1024"][..], &["--subject", "www"], &["--like"], &["--ip", "a"]] {
        let command = ["request", "contoso", "--alias", "web", "--overwrite"];
        assert_eq!(fake.akv().args(command).args(wrong).args(["--dns", "a.example"]).run().code, 2);
    }
}

#[test]
fn add_inventory_replace_remove() {
    let fake = Fake::with_vault();
    let run = add(&fake, "web-v1", &["--tag", "owner=pki"]);
    assert_eq!((run.code, &json(&run)["effect"]), (0, &json!("imported")), "{}", run.both());

    let run = add(&fake, "web-v2", &[]);
    assert_eq!((run.code, &json(&run)["status"]), (3, &json!("warning")), "{}", run.both());
    assert_eq!(fake.cloud.vault("contoso").versions("web").len(), 1);

    let run = add(&fake, "web-v2", &["--overwrite", "--preserve-tags", "--non-exportable"]);
    assert_eq!(run.code, 0, "{}", run.both());
    let newest = fake.cloud.vault("contoso").newest("web").expect("a version");
    assert_eq!(json(&run)["thumbprint"], json!(newest.thumbprint));
    assert!(!newest.exportable);

    let run = inventory(&fake, &["--chain"]);
    let item = json(&run);
    assert_eq!(
        (run.code, &item["name"], &item["tags"]),
        (0, &json!("web"), &json!({"owner": "pki"}))
    );
    assert_eq!(item["certificates"].as_array().map(Vec::len), Some(3));
    assert_eq!(item["exportable"], json!(false));

    let run = fake.akv().args(["remove", "contoso", "--alias", "WEB"]).run();
    assert_eq!(run.code, 0, "{}", run.both());
    assert_eq!(fake.cloud.vault("contoso").deleted_names(), ["web"]);
    let run = fake.akv().args(["remove", "contoso", "--alias", "web"]).run();
    assert_eq!(run.code, 3, "{}", run.both());
}

#[test]
fn create_and_discover() {
    let fake = Fake::new(FakeCloud::builder());
    let store =
        format!("{}:{}:fabrikam", fake.cloud.subscription_id(), fake.cloud.resource_group());
    let create = || fake.akv().args(["create", &store, "--sku", "premium"]).run();
    assert_eq!(create().code, 0);
    assert_eq!(create().code, 3, "an existing vault is not altered");
    let run = fake.akv().arg("discover").run();
    assert_eq!((run.code, run.stdout.trim()), (0, store.as_str()), "{}", run.both());
}

#[test]
fn job_configuration_produces_a_result() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(30);
    let store = format!("{}:{}:contoso", fake.cloud.subscription_id(), fake.cloud.resource_group());
    let job = json!({
        "Capability": "CertStores.AKV.Inventory",
        "JobHistoryId": 42,
        "ServerUsername": fake.cloud.client_id(),
        "ServerPassword": "{\"env\":\"THE_SECRET\"}",
        "CertificateStoreDetails": {
            "ClientMachine": fake.cloud.tenant_id(),
            "StorePath": store,
            "Properties": "{\"AzureCloud\":\"public\"}",
        },
    });
    let run = program::akv()
        .args(["job".into(), "--cloud-file".into(), fake.path("cloud.json")])
        .args(["--secret-env-prefix", "THE_"])
        .env("THE_SECRET", &fake.cloud.client_secret())
        .stdin(format!("\u{feff}{job}"))
        .run();
    assert_eq!(run.code, 0, "{}", run.both());
    assert!(run.stdout.starts_with(
        r#"{"JobResult":{"Result":2,"JobHistoryId":42,"FailureMessage":""},"Inventory":[{"Alias":"#
    ));
    assert_eq!(json(&run)["Inventory"].as_array().map(Vec::len), Some(30));
}

#[test]
fn unchanged_certificates_give_the_same_output_unfetched() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(60);
    let full = inventory(&fake, &[]);
    let before = fake.file("before.jsonl", &full.stdout);
    let fetched = fake.cloud.journal().count(Operation::GetCertificate);
    let again = inventory(&fake, &["--since", &before]);
    assert_eq!((again.code, &again.stdout), (0, &full.stdout));
    assert_eq!(fake.cloud.journal().count(Operation::GetCertificate), fetched, "none was fetched");
}

#[test]
fn a_previous_inventory_that_is_not_one_is_rejected() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(1);
    let full = inventory(&fake, &[]).stdout;
    let other = full.replace("\"certificates\":[\"MII", "\"certificates\":[\"NII");
    assert_ne!(full, other);
    for (content, expected) in [
        ("no JSON", "line 1"),
        ("\0".repeat(3 << 20).as_str(), "line 1"),
        (&other, "does not match"),
    ] {
        let run = inventory(&fake, &["--since", &fake.file("since.jsonl", content)]);
        assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{expected}");
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
    }
    let run = inventory(&fake, &["--since", &fake.file("bom.jsonl", format!("\u{feff}{full}"))]);
    assert_eq!((run.code, run.stdout), (0, full));
}

#[test]
fn unreadable_certificate_is_reported_with_exit_code_3() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(3);
    fake.cloud.deny(akv_testkit::DenyRule::of(Operation::GetCertificate).named("cert-000002"));
    let run = inventory(&fake, &[]);
    assert_eq!((run.code, run.stdout.lines().count()), (3, 2), "{}", run.both());
    assert!(run.stderr.contains("cert-000002"), "{}", run.stderr);
}

#[test]
fn denied_read_exits_4_without_an_import() {
    let fake = Fake::with_vault();
    fake.cloud.deny(Operation::GetCertificate);
    let run = add(&fake, "web-v1", &[]);
    assert_eq!(run.code, 4, "{}", run.both());
    assert!(run.stdout.contains("assign the role"), "{}", run.stdout);
    assert_eq!(fake.cloud.vault("contoso").names(), Vec::<String>::new());
}

#[test]
fn a_lost_reply_makes_one_version_and_a_success() {
    let fake = Fake::with_vault();
    fake.cloud
        .fault(Fault::on(Operation::ImportCertificate).nth(1).after_change().close_connection());
    let run = add(&fake, "web-v1", &[]);
    assert_eq!(run.code, 0, "{}", run.both());
    assert_eq!(fake.cloud.vault("contoso").versions("web").len(), 1);
}

#[test]
fn no_secret_is_in_any_output() {
    let fake = Fake::with_vault();
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let runs = [
        add(&fake, "web-v1", &["-vvv"]),
        inventory(&fake, &["-vvv", "--log-format", "json", "--chain"]),
        fake.akv().args(["inventory", "contoso", "-vvv", "--client-id"]).arg(SOMEBODY).run(),
    ];
    for run in &runs {
        for secret in
            [fake.cloud.client_secret().as_str(), fixture.password, "Bearer ey", "PRIVATE KEY"]
        {
            assert!(!run.both().contains(secret), "{}", run.both());
        }
    }
    assert!(runs[0].stderr.contains("POST"), "the log is on: {}", runs[0].stderr);
    assert!(runs[2].stderr.contains("AADSTS"), "{}", runs[2].stderr);
}

const SOMEBODY: &str = "00000000-dead-beef-0000-000000000000";

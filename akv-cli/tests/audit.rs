//! `--audit-file`: each change is recorded before it is made, or not made.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::fs;
use std::path::Path;

use akv_testkit::pki::{TestPki, openssl_pfx};
use akv_testkit::{FakeCloud, Operation};
use base64::Engine as _;
use program::fake::Fake;
use program::{Akv, Run};
use serde_json::{Value, json};

fn add(fake: &Fake, file: &str) -> Akv {
    let fixture = openssl_pfx(file).expect("a fixture");
    let pfx = fake.file(&format!("{file}.pfx"), fixture.pfx);
    let password = fake.file("password", fixture.password);
    let args = ["add", "contoso", "--alias", "web", "--pfx", &pfx, "--password-file", &password];
    fake.akv().args(args)
}

fn events(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).expect("an audit file");
    assert!(text.ends_with('\n'), "whole lines");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A management job that adds an OpenSSL file as `web`.
fn job(fake: &Fake) -> String {
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    json!({
        "Capability": "CertStores.AKV.Management",
        "JobHistoryId": 42,
        "OperationType": 2,
        "ServerUsername": fake.cloud.client_id(),
        "ServerPassword": fake.cloud.client_secret(),
        "CertificateStoreDetails": {
            "ClientMachine": fake.cloud.tenant_id(),
            "StorePath": format!(
                "{}:{}:contoso", fake.cloud.subscription_id(), fake.cloud.resource_group()
            ),
            "Properties": "{}",
        },
        "JobCertificate": {
            "Alias": "web",
            "Contents": base64::engine::general_purpose::STANDARD.encode(fixture.pfx),
            "PrivateKeyPassword": fixture.password,
        },
    })
    .to_string()
}

fn run_job(fake: &Fake, file: &Path) -> Run {
    program::akv()
        .args(["job".into(), "--cloud-file".into(), fake.path("cloud.json")])
        .args(["--audit-file".as_ref(), file.as_os_str()])
        .stdin(job(fake))
        .run()
}

#[test]
fn audit_of_commands_and_jobs_is_one_file_without_secrets() {
    let fake = Fake::with_vault();
    let file = fake.path("audit.jsonl");
    let audit = ["--audit-file".as_ref(), file.as_os_str()];
    let run = run_job(&fake, &file);
    assert_eq!(run.code, 0, "{}", run.both());
    let run = add(&fake, "web-v2").arg("--overwrite").args(audit).run();
    assert_eq!(run.code, 0, "{}", run.both());
    let run = fake.akv().args(["remove", "contoso", "--alias", "web"]).args(audit).run();
    assert_eq!(run.code, 0, "{}", run.both());

    let events = events(&file);
    let recorded: Vec<_> =
        events.iter().map(|it| (it["action"].as_str(), it["outcome"].as_str())).collect();
    assert_eq!(
        recorded,
        ["import", "import", "delete"]
            .into_iter()
            .flat_map(|action| ["attempted", "done"].map(|end| (Some(action), Some(end))))
            .collect::<Vec<_>>()
    );
    for pair in events.chunks(2) {
        assert_eq!(pair[0]["id"], pair[1]["id"]);
        assert_eq!(pair[1]["identity"], json!(fake.cloud.client_id()));
        assert_eq!((&pair[1]["vault"], &pair[1]["name"]), (&json!("contoso"), &json!("web")));
        assert!(pair[1]["requestId"].is_string() && pair[1]["milliseconds"].is_u64());
        let time = pair[0]["time"].as_str().expect("text");
        assert!(time.ends_with('Z') && time <= pair[1]["time"].as_str().expect("text"));
    }
    assert_eq!(events[1]["jobHistoryId"], 42);
    assert_eq!(events[1]["capability"], "CertStores.AKV.Management");
    assert_eq!(events[3]["jobHistoryId"], Value::Null);
    assert_eq!(events[3]["versionBefore"], events[1]["versionAfter"]);
    assert_eq!(events[5]["thumbprintBefore"], events[3]["thumbprintAfter"]);
    let text = fs::read_to_string(&file).expect("text");
    for secret in [fake.cloud.client_secret(), openssl_pfx("web-v1").expect("it").password.into()] {
        assert!(!text.contains(&secret));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&file).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn change_that_cannot_be_recorded_is_not_made() {
    let fake = Fake::with_vault();
    let blocked = [fake.path("no/such/folder/audit.jsonl"), fake.path("")];
    for file in &blocked {
        let run = add(&fake, "web-v1").args(["--audit-file".as_ref(), file.as_os_str()]).run();
        assert_eq!(run.code, 4, "{}", run.both());
        assert!(run.stderr.contains("nothing was sent"), "{}", run.stderr);
        let run = run_job(&fake, file);
        assert_eq!(run.code, 4, "{}", run.both());
        let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(document["JobResult"]["Result"], 4);
        assert_eq!(document["JobResult"]["JobHistoryId"], 42);
        let message = document["JobResult"]["FailureMessage"].as_str().expect("text");
        assert!(message.contains("the audit could not record it"), "{message}");
    }
    assert_eq!(fake.cloud.journal().count(Operation::ImportCertificate), 0);
    let run = fake.akv().args(["inventory", "contoso", "--audit-file", "/no/such/file"]).run();
    assert_eq!(run.code, 0, "what changes nothing needs no audit: {}", run.both());
}

#[test]
fn created_vault_is_recorded() {
    let fake = Fake::new(FakeCloud::builder());
    let store =
        format!("{}:{}:fabrikam", fake.cloud.subscription_id(), fake.cloud.resource_group());
    let file = fake.path("audit.jsonl");
    let run =
        fake.akv().args(["create", &store]).args(["--audit-file".as_ref(), file.as_os_str()]).run();
    assert_eq!(run.code, 0, "{}", run.both());
    let events = events(&file);
    assert_eq!(events.len(), 2);
    assert_eq!(
        (&events[1]["action"], &events[1]["vault"], &events[1]["outcome"]),
        (&json!("create-vault"), &json!("fabrikam"), &json!("done"))
    );
    assert!(events[1]["requestId"].is_string());
}

#[test]
fn json_log_contains_the_audit() {
    let fake = Fake::with_vault();
    let run = add(&fake, "web-v1").args(["--log-format", "json"]).run();
    assert_eq!(run.code, 0, "{}", run.both());
    let lines: Vec<Value> =
        run.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let outcomes: Vec<_> = lines
        .iter()
        .filter(|line| line["target"] == "akv_core::audit::record")
        .map(|line| line["fields"]["outcome"].as_str().expect("text"))
        .collect();
    assert_eq!(outcomes, ["attempted", "done"]);
    let run = add(&fake, "web-v2").arg("--overwrite").run();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "text is for people");
}

#[test]
fn request_and_merge_are_audited() {
    let fake = Fake::with_vault();
    let file = fake.path("audit.jsonl");
    let audit = ["--audit-file".as_ref(), file.as_os_str()];
    let run = add(&fake, "web-v1").run();
    assert_eq!(run.code, 0, "{}", run.both());
    let old = fake.cloud.vault("contoso").newest("web").expect("a version").thumbprint;
    let request = |host: &str| {
        let subject = format!("CN={host}");
        let args = ["request", "contoso", "--alias", "web", "--overwrite", "-o", "json"];
        let run = fake.akv().args(args).args(["--subject", &subject]).args(audit).run();
        assert_eq!(run.code, 0, "{}", run.both());
        let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
        pem::parse(document["request"].as_str().expect("a request")).expect("PEM")
    };
    request("other.contoso.com");
    let csr = request("www.contoso.com");
    let pki = TestPki::new(fake.cloud.clock().now());
    let issued = pki.sign(csr.contents()).expect("signed");
    let issued: String =
        issued.into_iter().map(|der| pem::encode(&pem::Pem::new("CERTIFICATE", der))).collect();
    let issued = fake.file("issued.pem", issued);
    let merge = ["merge", "contoso", "--alias", "web", "--pem", &issued];
    let run = fake.akv().args(merge).args(audit).run();
    assert_eq!(run.code, 0, "{}", run.both());
    let new = fake.cloud.vault("contoso").newest("web").expect("a version").thumbprint;

    let events = events(&file);
    let recorded: Vec<_> = events.iter().map(|it| it["action"].as_str().expect("text")).collect();
    let actions = ["create-certificate", "cancel", "create-certificate", "merge"];
    assert_eq!(recorded, actions.map(|it| [it, it]).concat());
    for pair in events.chunks(2) {
        assert_eq!(
            (&pair[0]["outcome"], &pair[1]["outcome"]),
            (&json!("attempted"), &json!("done"))
        );
        assert_eq!(pair[1]["thumbprintBefore"], json!(old));
        let after = if pair[1]["action"] == "merge" { &new } else { &old };
        assert_eq!(pair[1]["thumbprintAfter"], json!(after), "until the merge the old one stays");
        assert!(pair[1]["requestId"].is_string());
    }

    request("www.contoso.com");

    // A name that waits for its first certificate has no version yet.
    let fresh = ["request", "contoso", "--alias", "fresh", "--subject", "CN=www.contoso.com"];
    for key in ["ec-p256", "ec-p384"] {
        let run = fake.akv().args(fresh).args(["--key", key]).args(audit).run();
        assert_eq!(run.code, 0, "{}", run.both());
    }
    let events = self::events(&file);
    for event in events.iter().filter(|event| event["name"] == "fresh") {
        let versions = (&event["versionBefore"], &event["versionAfter"]);
        assert_eq!(versions, (&Value::Null, &Value::Null), "{event}");
    }

    let changes = [Operation::CreateCertificate, Operation::MergePending, Operation::DeletePending];
    let made = || changes.map(|change| fake.cloud.journal().count(change));
    let before = made();
    let new = ["request", "contoso", "--alias", "new", "--subject", "CN=new"];
    for args in [&new[..], &["cancel", "contoso", "--alias", "web"]] {
        let run = fake.akv().args(args).args(["--audit-file", "/nowhere/audit.jsonl"]).run();
        assert_eq!(run.code, 4, "{}", run.both());
    }
    assert_eq!(made(), before);
}

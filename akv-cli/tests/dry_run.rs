//! `--dry-run`: the planned changes are reported, and nothing is changed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use akv_testkit::pki::openssl_pfx;
use akv_testkit::{FakeCloud, Operation};
use base64::Engine as _;
use program::Run;
use program::fake::Fake;
use serde_json::{Value, json};

fn run(fake: &Fake, args: &[&str]) -> Run {
    fake.akv().args(args).run()
}

/// Arguments that add an OpenSSL file as `web`.
fn add(fake: &Fake, file: &str, more: &[&str]) -> Vec<String> {
    let fixture = openssl_pfx(file).expect("a fixture");
    let pfx = fake.file(&format!("{file}.pfx"), fixture.pfx);
    let password = fake.file("password", format!("{}\n", fixture.password));
    let args = ["add", "contoso", "--alias", "web", "--pfx", &pfx, "--password-file", &password];
    args.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
}

/// The dry run and then the real run: same exit code, same status, and no change by the first.
fn planned(fake: &Fake, args: &[String]) -> (Value, Run) {
    let before = changes(fake);
    let dry = fake.akv().args(args).args(["--dry-run", "-o", "json"]).run();
    assert_eq!(changes(fake), before, "a dry run changes nothing: {}", dry.both());
    let real = fake.akv().args(args).args(["-o", "json"]).run();
    assert_eq!(dry.code, real.code, "{}\n{}", dry.both(), real.both());
    let (dry, done): (Value, Value) = (json(&dry), json(&real));
    assert_eq!(dry["status"], done["status"]);
    assert_eq!(dry["effect"], "nothing");
    assert!(dry["message"].as_str().expect("text").starts_with("dry run, nothing was changed"));
    assert!(!dry.to_string().contains("00000000000000000000000000000000"), "{dry}");
    (dry["plan"].clone(), real)
}

fn changes(fake: &Fake) -> usize {
    let changes = |it: &akv_testkit::Entry| {
        it.method != "GET" && (it.vault.is_some() || it.operation == Operation::CreateVault)
    };
    fake.cloud.journal().entries().iter().filter(|it| changes(it)).count()
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("no JSON: {}", run.both()))
}

fn actions(plan: &Value) -> Vec<&str> {
    plan.as_array().expect("a plan").iter().map(|it| it["action"].as_str().expect("text")).collect()
}

#[test]
fn plan_names_each_change_of_the_real_run() {
    let fake = Fake::with_vault();
    let (plan, _) = planned(&fake, &add(&fake, "web-v1", &["--tag", "owner=pki"]));
    assert_eq!((&plan[0]["vault"], &plan[0]["name"]), (&json!("contoso"), &json!("web")));
    let detail = plan[0]["detail"].as_str().expect("text");
    assert!(detail.contains("tags would become owner=pki"), "{detail}");

    let (plan, _) = planned(&fake, &add(&fake, "web-v2", &[]));
    assert_eq!(plan, json!([]), "the alias exists");

    let old = fake.cloud.vault("contoso").newest("web").expect("a version").thumbprint;
    let (plan, _) = planned(&fake, &add(&fake, "web-v2", &["--overwrite"]));
    let detail = plan[0]["detail"].as_str().expect("text");
    assert!(detail.contains(&format!("a new version of web over thumbprint {old}")), "{detail}");

    let (plan, _) = planned(&fake, &add(&fake, "web-v2", &["--overwrite", "--tag", "a=b"]));
    assert_eq!(actions(&plan), ["update"]);

    let remove = ["remove", "contoso", "--alias", "web"].map(str::to_owned);
    let (plan, _) = planned(&fake, &remove);
    assert_eq!(actions(&plan), ["delete"]);
    let (plan, _) = planned(&fake, &remove);
    assert_eq!(plan, json!([]), "there is nothing to remove");

    let (plan, _) = planned(&fake, &add(&fake, "web-v1", &[]));
    assert_eq!(actions(&plan), ["recover", "import"]);

    let purge = ["remove", "contoso", "--alias", "web", "--purge"].map(str::to_owned);
    let (plan, _) = planned(&fake, &purge);
    assert_eq!(actions(&plan), ["delete", "purge"]);
}

#[test]
fn plan_of_soft_deleted_names_recovery_and_purge() {
    let fake = Fake::with_vault();
    planned(&fake, &add(&fake, "web-v1", &[]));
    let alias = |command: &str| [command, "contoso", "--alias", "web"].map(str::to_owned);
    for (command, expected) in [
        ("recover", &[][..]),
        ("remove", &["delete"]),
        ("recover", &["recover"]),
        ("remove", &["delete"]),
        ("purge", &["purge"]),
        ("purge", &[]),
    ] {
        let (plan, _) = planned(&fake, &alias(command));
        assert_eq!(actions(&plan), expected, "{command}");
    }
}

/// Arguments that request `web`.
fn request(more: &[&str]) -> Vec<String> {
    let args = ["request", "contoso", "--alias", "web", "--subject", "CN=www.contoso.com"];
    args.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
}

#[test]
fn plan_of_a_request_says_that_no_request_was_made() {
    let fake = Fake::with_vault();
    let (plan, _) = planned(&fake, &request(&["--dns", "www.contoso.com", "--tag", "owner=pki"]));
    assert_eq!(actions(&plan), ["create-certificate"]);
    let detail = plan[0]["detail"].as_str().expect("text");
    for part in [
        "would create a key (rsa-2048) and a request for web, because no certificate has this name",
        "it would ask for subject CN=www.contoso.com, DNS:www.contoso.com",
        "tags would become owner=pki",
    ] {
        assert!(detail.contains(part), "{part}: {detail}");
    }
    let other =
        [&["--key", "ec-p256", "--non-exportable", "--dry-run"][..], &["-o", "json"]].concat();
    let other: Vec<String> = request(&other);
    let run = fake.akv().args(&other).run();
    assert_eq!(actions(&json(&run)["plan"]), ["cancel", "create-certificate"], "{}", run.both());
    assert!(run.stdout.contains("no request was made"), "{}", run.stdout);
    assert!(run.stdout.contains("(ec-p256), not exportable"), "{}", run.stdout);
    assert_eq!(json(&run).get("request"), None, "a plan has no request: {}", run.stdout);
    let text = fake.akv().args(request(&["--key", "ec-p256", "--dry-run"])).run();
    assert!(
        text.stdout.contains("  1. would cancel the pending request for web"),
        "{}",
        text.both()
    );
    assert!(!text.stdout.contains("BEGIN"), "{}", text.stdout);

    // An identical request is continued, and a different one replaces it.
    let same = request(&["--dns", "www.contoso.com"]);
    assert_eq!(planned(&fake, &same).0, json!([]));
    assert_eq!(actions(&planned(&fake, &request(&[])).0), ["cancel", "create-certificate"]);
}

#[test]
fn plan_of_merge_and_cancel_is_that_of_the_run() {
    let fake = Fake::with_vault();
    let cancel = ["cancel", "contoso", "--alias", "web"].map(str::to_owned);
    let (_, real) = planned(&fake, &request(&[]));
    assert_eq!(actions(&planned(&fake, &cancel).0), ["cancel"]);
    assert_eq!(planned(&fake, &cancel).0, json!([]), "nothing is pending any more");
    let merge = |real: &Run| {
        let csr = json(real)["request"].as_str().map(pem::parse).expect("a request").expect("PEM");
        let pki = akv_testkit::pki::TestPki::new(fake.cloud.clock().now());
        let issued = pki.sign(csr.contents()).expect("signed").into_iter();
        let issued = issued.map(|der| pem::encode(&pem::Pem::new("CERTIFICATE", der)));
        let file = fake.file("issued.pem", issued.collect::<String>());
        ["merge", "contoso", "--alias", "web", "--pem", &file, "--tag", "a=b"].map(str::to_owned)
    };
    assert_eq!(planned(&fake, &merge(&real)).0, json!([]), "its request is gone");
    let (_, real) = planned(&fake, &request(&[]));
    let (plan, _) = planned(&fake, &merge(&real));
    assert_eq!(actions(&plan), ["merge"]);
    let detail = plan[0]["detail"].as_str().expect("text");
    assert!(detail.contains("would merge the issued certificate (thumbprint "), "{detail}");
    assert!(detail.contains("tags would become a=b"), "{detail}");
    assert_eq!(planned(&fake, &merge(&real)).0, json!([]), "merged already");
    assert_eq!(planned(&fake, &request(&[])).0, json!([]), "the name exists");
    let old = fake.cloud.vault("contoso").newest("web").expect("a version").thumbprint;
    let (plan, _) = planned(&fake, &request(&["--overwrite"]));
    let detail = plan[0]["detail"].as_str().expect("text");
    let text = format!("a new version of web over thumbprint {old}, which stays until the merge");
    assert!(detail.contains(&text), "{detail}");
}

#[test]
fn plan_of_a_vault_names_region_and_group() {
    let fake = Fake::new(FakeCloud::builder());
    let store =
        format!("{}:{}:fabrikam", fake.cloud.subscription_id(), fake.cloud.resource_group());
    let create = ["create".to_owned(), store];
    let (plan, _) = planned(&fake, &create);
    assert_eq!(actions(&plan), ["create-vault"]);
    assert_eq!((&plan[0]["vault"], &plan[0]["name"]), (&json!("fabrikam"), &Value::Null));
    let (plan, _) = planned(&fake, &create);
    assert_eq!(plan, json!([]), "an existing vault is not changed");
}

#[test]
fn plan_is_readable_for_people_and_as_csv() {
    let fake = Fake::with_vault();
    let args = add(&fake, "web-v1", &["--dry-run"]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let text = run(&fake, &args).stdout;
    for part in [
        "dry run, nothing was changed\n",
        "  1. would import web ",
        "the real run would report: success: imported certificate web",
        "cannot be known in advance: whether the service accepts these changes",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let csv = run(&fake, &[&args[..], &["-o", "csv"]].concat()).stdout;
    assert!(csv.starts_with("action,vault,name,detail\nimport,contoso,web,"), "{csv}");
}

#[test]
fn planned_job_prints_a_plan_and_never_an_inventory() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(3);
    let store = format!("{}:{}:contoso", fake.cloud.subscription_id(), fake.cloud.resource_group());
    let job = |capability: &str, more: &Value| {
        let mut job = json!({
            "Capability": capability,
            "JobHistoryId": 42,
            "ServerUsername": fake.cloud.client_id(),
            "ServerPassword": fake.cloud.client_secret(),
            "CertificateStoreDetails": {
                "ClientMachine": fake.cloud.tenant_id(),
                "StorePath": store,
                "Properties": "{}",
            },
        });
        job.as_object_mut().expect("an object").extend(more.as_object().expect("more").clone());
        program::akv()
            .args([
                "job".into(),
                "--dry-run".into(),
                "--cloud-file".into(),
                fake.path("cloud.json"),
            ])
            .stdin(job.to_string())
            .run()
    };
    let run = job("CertStores.AKV.Inventory", &json!({}));
    let document = json(&run);
    assert_eq!(run.code, 0, "{}", run.both());
    let members: Vec<_> = document.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["JobResult", "Plan"]);
    assert_eq!(document["Plan"], json!([]));

    let more = json!({
        "Alias": "other",
        "JobProperties": {"subjectText": "CN=other.contoso.com", "keyType": "ECC", "keySize": "256"},
    });
    let run = job("CertStores.AKV.Reenrollment", &more);
    assert_eq!(run.code, 0, "{}", run.both());
    let document = json(&run);
    let members: Vec<_> = document.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["JobResult", "Plan"], "a plan has no request");
    assert_eq!(document["JobResult"]["Result"], 2);
    assert_eq!(document["Plan"][0]["Action"], "create-certificate");
    let message = document["JobResult"]["FailureMessage"].as_str().expect("text");
    assert!(message.contains("no request was made"), "{message}");

    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let contents = base64::engine::general_purpose::STANDARD.encode(fixture.pfx);
    let more = json!({
        "OperationType": 2,
        "JobCertificate": {
            "Alias": "web",
            "Contents": contents,
            "PrivateKeyPassword": fixture.password,
        },
    });
    let run = job("CertStores.AKV.Management", &more);
    let document = json(&run);
    assert_eq!(run.code, 0, "{}", run.both());
    assert_eq!(document["JobResult"]["JobHistoryId"], 42);
    assert_eq!(document["JobResult"]["Result"], 2);
    let message = document["JobResult"]["FailureMessage"].as_str().expect("text");
    assert!(message.starts_with("dry run, nothing was changed; 1. would import web"), "{message}");
    let plan = &document["Plan"][0];
    assert_eq!(
        (&plan["Action"], &plan["Vault"], &plan["Name"]),
        (&json!("import"), &json!("contoso"), &json!("web"))
    );
    assert!(plan["Detail"].as_str().expect("text").starts_with("would import web"));
    assert_eq!(changes(&fake), 0);
}

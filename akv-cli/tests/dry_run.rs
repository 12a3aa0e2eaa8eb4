//! `--dry-run`: what would be changed is told, and nothing is.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test cannot go on without ends it"
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

/// The dry run and then the real one: same exit code, same status, and no change by the first.
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

fn changes(fake: &Fake) -> u64 {
    [
        Operation::ImportCertificate,
        Operation::UpdateCertificate,
        Operation::DeleteCertificate,
        Operation::RecoverCertificate,
        Operation::PurgeCertificate,
        Operation::CreateVault,
    ]
    .into_iter()
    .map(|operation| fake.cloud.journal().count(operation))
    .sum()
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
    for told in [
        "dry run, nothing was changed\n",
        "  1. would import web ",
        "the real run would report: success: imported certificate web",
        "cannot be known in advance: whether the service accepts these changes",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let csv = run(&fake, &[&args[..], &["-o", "csv"]].concat()).stdout;
    assert!(csv.starts_with("action,vault,name,detail\nimport,contoso,web,"), "{csv}");
}

#[test]
fn planned_job_ends_in_a_plan_and_never_in_an_inventory() {
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

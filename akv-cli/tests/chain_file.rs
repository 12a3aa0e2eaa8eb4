//! `--chain-file FILE` and `--proxy URL`: on the command line, in settings, for commands and jobs.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use akv_testkit::pki::TestPki;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use program::Run;
use program::fake::Fake;
use serde_json::{Value, json};

struct Scene {
    fake: Fake,
    pfx: String,
    chain: String,
    contents: String,
}

impl Scene {
    fn new() -> Self {
        let fake = Fake::with_vault();
        let pki = TestPki::new(time::OffsetDateTime::now_utc());
        let pfx = pki.leaf("www.contoso.com").issue().pfx_without_chain();
        let block = |der: &[u8]| {
            format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                BASE64.encode(der)
            )
        };
        let chain = fake.file("chain.pem", block(pki.root()) + &block(pki.intermediate()));
        let contents = BASE64.encode(&pfx);
        Self { pfx: fake.file("web.pfx", pfx), chain, contents, fake }
    }

    fn add(&self, alias: &str, more: &[&str]) -> Run {
        let add = self.fake.akv().args(["add", "contoso", "--alias", alias, "--pfx", &self.pfx]);
        add.args(more).run()
    }

    /// The number of certificates under the name.
    fn length(&self, alias: &str) -> usize {
        let run = self.fake.akv().args(["inventory", "contoso", "--chain", "-o", "jsonl"]).run();
        let mut items = run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let item: Value = items.find(|item: &Value| item["name"] == alias).expect("it is there");
        item["certificates"].as_array().expect("certificates").len()
    }
}

fn message(run: &Run) -> String {
    let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
    document["JobResult"]["FailureMessage"].as_str().expect("a message").to_owned()
}

#[test]
fn chain_is_completed_for_add_check_and_jobs() {
    let scene = Scene::new();
    let run = scene.add("alone", &[]);
    assert!(run.both().contains("missing-intermediate"), "{}", run.both());
    assert_eq!(scene.length("alone"), 1);

    let run = scene.add("whole", &["--chain-file", &scene.chain]);
    assert_eq!(run.code, 0, "{}", run.both());
    assert!(!run.both().contains("missing-intermediate"), "{}", run.both());
    assert_eq!(scene.length("whole"), 3);

    let check = scene.fake.akv().args(["check", "--pfx", &scene.pfx, "-o", "json"]);
    let run = check.args(["--chain-file", &scene.chain]).run();
    assert_eq!(run.code, 0, "{}", run.both());
    assert_eq!(run.both().matches("issuer-added").count(), 2, "{}", run.both());

    let settings = scene.fake.file("akv.toml", "chain-file = \"chain.pem\"\n");
    let job = json!({
        "Capability": "CertStores.AKV.Management",
        "OperationType": 2,
        "JobHistoryId": 42,
        "ServerUsername": scene.fake.cloud.client_id(),
        "ServerPassword": scene.fake.cloud.client_secret(),
        "CertificateStoreDetails": {
            "ClientMachine": scene.fake.cloud.tenant_id(), "StorePath": "contoso",
        },
        "JobCertificate": { "Alias": "job", "Contents": scene.contents },
    });
    let run = || scene.fake.akv().args(["job", "--config", &settings]).stdin(job.to_string()).run();
    let added = run();
    assert_eq!(added.code, 0, "{}", added.both());
    assert_eq!(scene.length("job"), 3);

    scene.fake.file("chain.pem", "no certificate");
    let failed = run();
    assert_eq!(failed.code, 4, "{}", failed.both());
    assert!(message(&failed).contains("chain.pem"), "{}", failed.stdout);
    let run = scene.add("other", &["--chain-file", &scene.chain]);
    assert_eq!(run.code, 4, "{}", run.both());
    assert!(run.stderr.contains("chain.pem"), "{}", run.stderr);
}

#[test]
fn proxy_of_the_settings_carries_the_requests() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(3);
    let proxy = fake.proxy_url();
    let inventory = |settings: &str| {
        let file = fake.file("akv.toml", settings);
        fake.proxied()
            .env("HTTPS_PROXY", "")
            .env("AZURE_CLIENT_SECRET", &fake.cloud.client_secret())
            .args(["inventory", "contoso", "--deadline", "3", "-o", "jsonl", "--config", &file])
    };
    let through = format!("proxy = \"{proxy}\"\n");
    let run = inventory(&through).run();
    assert_eq!((run.code, run.stdout.lines().count()), (0, 3), "{}", run.both());
    // The command line takes precedence, and no server listens at that address.
    let run = inventory(&through).args(["--proxy", "http://127.0.0.1:9"]).run();
    assert_eq!(run.code, 4, "{}", run.both());
    let run = inventory(&through).env("HTTPS_PROXY", "http://127.0.0.1:9").run();
    assert_eq!(run.code, 4, "{}", run.both());
    // Without the proxy the host does not resolve, and the proxy's password is never shown.
    for (settings, expected) in [
        (format!("{through}no-proxy = [\"a.example\", \"*.azure.net\", \"*.com\"]\n"), None),
        (format!("{through}no-proxy = \"https://a.example\"\n"), Some("no-proxy cannot be used")),
        (
            "proxy = \"http://user:s3cr#t@proxy.example:3128\"\n".to_owned(),
            Some("proxy cannot be used"),
        ),
        ("proxy = \"\"\n".to_owned(), None),
    ] {
        let run = inventory(&settings).run();
        assert_eq!(run.code, 4, "{settings}: {}", run.both());
        assert!(
            expected.is_none_or(|text| run.stderr.contains(text)),
            "{settings}: {}",
            run.stderr
        );
        assert!(!run.both().contains("s3cr"), "{}", run.both());
    }
}

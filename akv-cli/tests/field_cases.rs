//! Real-world input from public bug reports of other tools: complete commands and jobs with a fake
//! Azure. Files that only need to be opened are in akv-core's tests.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use akv_testkit::{Operation, Request};
use program::fake::Fake;
use program::{Run, akv};
use serde_json::{Value, json};

/// A job of the folder, for this cloud.
fn job(fake: &Fake, path: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/field").join(path);
    std::fs::read_to_string(file)
        .expect("a job")
        .replace("@CLIENT@", &fake.cloud.client_id())
        .replace("@SECRET@", &fake.cloud.client_secret())
        .replace("@TENANT@", &fake.cloud.tenant_id())
}

/// Runs a job: its result and its message.
fn run(fake: &Fake, job: String) -> (i64, String) {
    let run = fake.akv().arg("job").stdin(job).run();
    let document: Value = serde_json::from_str(&run.stdout).expect("a document");
    let result = &document["JobResult"];
    let message = result["FailureMessage"].as_str().expect("a message").to_owned();
    (result["Result"].as_i64().expect("a result"), message)
}

const SUCCESS: i64 = 2;
const FAILURE: i64 = 4;

#[test]
fn second_site_never_takes_a_derived_alias() {
    for (first, second, name) in [
        (1, 2, "shop-api-example-test"),
        (3, 4, "wildcard-example-test"),
        (5, 6, "m-nchen-example-test"),
    ] {
        let fake = Fake::with_vault();
        let file = |number: i32| job(&fake, &format!("derived-aliases-collide/job{number}.json"));
        assert_eq!(run(&fake, file(first)).0, SUCCESS, "{name}");
        let versions = || {
            let vault = fake.cloud.vault("contoso");
            let names = vault.names();
            assert_eq!(names.len(), 1, "{names:?}");
            vault.versions(&names[0]).len()
        };
        let (result, message) = run(&fake, file(second));
        assert_eq!((result, versions()), (FAILURE, 1), "{name}: {message}");
        assert!(message.contains("nothing was replaced"), "{message}");
        assert!(message.contains("alias"), "{message}");
        // A renewal of the first certificate still finds it.
        assert_eq!((run(&fake, file(first)).0, versions()), (SUCCESS, 1));
    }
}

#[test]
fn renewal_without_a_common_name_finds_its_alias() {
    let fake = Fake::with_vault();
    for number in [1, 2] {
        let (result, message) = run(&fake, job(&fake, &format!("no-common-name/job{number}.json")));
        assert_eq!(result, SUCCESS, "{message}");
    }
    let vault = fake.cloud.vault("contoso");
    assert_eq!(vault.names(), ["shop-example-test"]);
    assert_eq!(vault.versions("shop-example-test").len(), 2);
}

#[test]
fn disabled_certificate_is_listed_without_a_warning() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(3);
    let url =
        format!("{}/certificates/cert-000002?api-version=7.6", fake.cloud.vault("contoso").url());
    let token = format!("Bearer {}", fake.cloud.token("https://vault.azure.net"));
    let disable = Request::new("PATCH", &url.parse().expect("a URL"))
        .header("Authorization", &token)
        .header("Content-Type", "application/json")
        .body(json!({ "attributes": { "enabled": false } }).to_string());
    assert_eq!(fake.cloud.handle(&disable).status(), 200);

    let inventory = fake.akv().args(["inventory", "contoso", "--chain", "-o", "jsonl"]).run();
    assert_eq!((inventory.code, inventory.stdout.lines().count()), (0, 3), "{}", inventory.both());
    let job = json!({
        "Capability": "CertStores.AKV.Inventory",
        "JobHistoryId": 7,
        "ServerUsername": fake.cloud.client_id(),
        "ServerPassword": fake.cloud.client_secret(),
        "CertificateStoreDetails": {
            "ClientMachine": fake.cloud.tenant_id(), "StorePath": "contoso", "Properties": "{}",
        },
        "LastInventory": [],
    });
    let ran = fake.akv().args(["job", "--chain"]).stdin(job.to_string()).run();
    assert_eq!(ran.code, 0, "{}", ran.both());
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let items = document["Inventory"].as_array().expect("items");
    assert_eq!(items.len(), 3);
    let disabled = items.iter().find(|item| item["Alias"] == "cert-000002").expect("the disabled");
    assert_eq!(disabled["Certificates"].as_array().map(Vec::len), Some(1), "its without the chain");
    let note = document["JobResult"]["FailureMessage"].as_str().expect("a message");
    assert!(note.contains("without the chain") && note.contains("cert-000002"), "{note}");
}

#[test]
fn invalid_store_paths_name_the_format() {
    for (path, expected) in [
        ("https://myhsm.managedhsm.azure.net/", "a managed HSM holds keys and no certificates"),
        ("https://myhsm.managedhsm.azure.net/keys/web", "a managed HSM holds keys"),
        ("https://portal.azure.com/#home", "under Properties"),
        ("contoso.vaultcore.azure.net", "https://contoso.vault.azure.net/"),
        ("https://contoso.vault.azure.cn/", "https://contoso.vault.azure.net/"),
        ("https://management.azure.com/", "https://management.vault.azure.net/"),
        ("contoso.privatelink.vaultcore.azure.net", "https://contoso.vault.azure.net/"),
        ("https://contoso.privatelink.vaultcore.azure.net/", "no privatelink name"),
        ("contoso.privatelink.vaultcore.usgovcloudapi.net", "contoso.vault.usgovcloudapi.net"),
    ] {
        // Reported before any credential is requested, because there is none.
        let output = akv().args(["inventory", path]).run();
        assert_eq!(output.code, 2, "{path}: {}", output.both());
        assert!(output.stderr.contains(expected), "{path}: {}", output.stderr);
    }
    for path in [
        "contoso.vault.azure.net",
        "https://portal.azure.com/#@contoso.com/resource/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/contoso/overview",
    ] {
        let taken = akv().args(["inventory", path]).run();
        assert!(taken.stderr.contains("no credential is set"), "{path}: {}", taken.both());
    }
}

#[test]
fn privatelink_endpoint_is_reported_before_a_credential_is_used() {
    let fake = Fake::with_vault();
    let option = "--private-endpoint";
    let endpoint = "contoso.privatelink.vaultcore.azure.net";
    let output = fake.akv().args(["inventory", "contoso", option, endpoint]).run();
    assert_eq!(output.code, 2, "{}", output.both());
    assert!(output.stderr.contains("https://contoso.vault.azure.net/"), "{}", output.stderr);
    let mut remove: Value =
        serde_json::from_str(&job(&fake, "no-common-name/job1.json")).expect("JSON");
    remove["CertificateStoreDetails"]["Properties"] = json!({ "PrivateEndpoint": endpoint });
    let (result, message) = run(&fake, remove.to_string());
    assert_eq!(result, FAILURE);
    assert!(message.contains("https://contoso.vault.azure.net/"), "{message}");
    assert_eq!(fake.cloud.journal().count(Operation::Token), 0);
}

#[test]
fn proxy_variables_work_or_are_reported() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(2);
    let proxy = fake.proxy_url();
    let inventory = |variables: &[(&str, &str)]| -> Run {
        let command = fake.proxied().env("AZURE_CLIENT_SECRET", &fake.cloud.client_secret());
        variables
            .iter()
            .fold(command, |command, (name, value)| command.env(name, value))
            .args(["inventory", "contoso", "--deadline", "3", "-o", "jsonl"])
            .run()
    };
    let host = proxy.strip_prefix("http://").expect("plain HTTP");
    let taken = inventory(&[("HTTPS_PROXY", host)]);
    assert_eq!((taken.code, taken.stdout.lines().count()), (0, 2), "{}", taken.both());
    let plain = TcpListener::bind("127.0.0.1:0").expect("a port");
    let tls = format!("https://{}", plain.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in plain.incoming().take(50).flatten() {
            let _read = stream.read(&mut [0; 4096]);
            let _written = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let domain_user = "http://DOMAIN\\user:s3cret@proxy.example:3128";
    for (value, expected) in [
        (tls.as_str(), "does not speak TLS"),
        (&format!("\"{proxy}\""), "HTTPS_PROXY cannot be used"),
        (domain_user, "HTTPS_PROXY cannot be used"),
        ("http://proxy.invalid:3128", "the host name of the proxy does not resolve"),
    ] {
        let output = inventory(&[("HTTPS_PROXY", value)]);
        assert_eq!(output.code, 4, "{value}: {}", output.both());
        assert!(output.stderr.contains(expected), "{value}: {}", output.stderr);
        assert!(!output.both().contains("s3cret"), "{}", output.both());
    }
    // Without the proxy these names do not resolve.
    for exceptions in [".vault.azure.net", "*.vault.azure.net"] {
        let before = fake.cloud.journal().count(Operation::ListCertificates);
        let past = inventory(&[("HTTPS_PROXY", host), ("NO_PROXY", exceptions)]);
        assert_eq!(past.code, 4, "{exceptions}: {}", past.both());
        assert_eq!(fake.cloud.journal().count(Operation::ListCertificates), before);
    }
}

//! The hosts to which a job may send the tokens of each credential.

use akv_core::Credential;
use akv_keyfactor::{JobStatus, LocalSecrets, Options};
use serde_json::{Value, json};

use super::configurations::tree;
use super::mocks::{all_succeed, inventory, listed, refused};

/// An inventory of `contoso` with that endpoint and user name.
fn job(endpoint: &str, username: Value, password: Value) -> Vec<u8> {
    let mut job = tree("inventory");
    job["CertificateStoreDetails"]["StorePath"] = "contoso".into();
    job["CertificateStoreDetails"]["Properties"] = json!({ "PrivateEndpoint": endpoint });
    job["ServerUsername"] = username;
    job["ServerPassword"] = password;
    job.to_string().into_bytes()
}

fn options() -> Options {
    let secrets = LocalSecrets::default().with_variable_prefix(Some("CARGO_PKG_".into()));
    Options::default().with_secrets(std::sync::Arc::new(secrets))
}

const CLIENT: &str = "12121212-3434-5656-7878-909090909090";

#[tokio::test]
async fn job_endpoint_gets_no_credential_of_the_machine() {
    let reference = json!({ "env": "CARGO_PKG_NAME" });
    let elsewhere = options().with_credential(Credential::AzureCli);
    for (username, password, options) in [
        (json!(null), json!(null), options()),
        (json!(""), json!("managed"), options()),
        (json!(CLIENT), json!(null), options()),
        (json!(CLIENT), reference.clone(), options()),
        (json!(CLIENT), json!("literal"), elsewhere.clone()),
    ] {
        for endpoint in [
            "evil.example",
            "contoso.evil.example",
            "https://contoso.evil.example:8443/",
            "xvault.azure.net",
            "contoso.xvault.azure.net",
            "vault.azure.net.evil.example",
            "vault.azure.net:8443",
            "vault.azure.cn",
        ] {
            let job = job(endpoint, username.clone(), password.clone());
            let message = refused(&job, &options).await;
            assert!(message.contains("--allow-endpoint"), "{endpoint}: {message}");
            assert!(!message.contains("evil"), "{message}");
        }
    }
}

#[tokio::test]
async fn allowed_job_endpoint_works() {
    let allowed = options().with_allowed_endpoints(vec![
        "other.example".parse().expect("one"),
        "vaults.example".parse().expect("one"),
    ]);
    for (endpoint, password, options) in [
        ("vault.azure.net", json!(null), options()),
        ("https://CONTOSO.vault.azure.net/", json!(null), options()),
        ("vaults.example", json!(null), allowed.clone()),
        ("contoso.a.vaults.example", json!({ "env": "CARGO_PKG_NAME" }), allowed.clone()),
        // The author of the job has this secret anyway.
        ("contoso.partner.example", json!("literal"), options()),
    ] {
        let job = job(endpoint, json!(CLIENT), password);
        let output = akv_keyfactor::run(&job, &all_succeed(), &options).await;
        assert_eq!(output.job_result.result, JobStatus::Success, "{endpoint}: {output:?}");
    }
}

#[tokio::test]
async fn operator_endpoint_wins_over_the_job() {
    let options =
        options().with_private_endpoint(Some("operator.example".parse().expect("an endpoint")));
    for endpoint in ["evil.example", "no endpoint at all"] {
        let jobs = inventory(
            |address, _, _| {
                assert_eq!(address.vault_host().expect("a host"), "contoso.operator.example");
            },
            vec![],
            listed(0),
        );
        let job = job(endpoint, json!(null), json!(null));
        let output = akv_keyfactor::run(&job, &jobs, &options).await;
        assert_eq!(output.job_result.result, JobStatus::Success, "{output:?}");
    }
}

#[tokio::test]
async fn vault_url_of_another_host_is_rejected() {
    for (path, endpoint) in [
        ("https://contoso.evil.example/", ""),
        ("https://contoso.vault.azure.net.evil.example/", ""),
        ("https://contoso.evil.example/", "contoso.evil.example"),
    ] {
        let mut job = tree("inventory");
        job["CertificateStoreDetails"]["StorePath"] = path.into();
        job["CertificateStoreDetails"]["Properties"] = json!({ "PrivateEndpoint": endpoint });
        job["ServerUsername"] = json!(null);
        job["ServerPassword"] = json!(null);
        refused(job.to_string().as_bytes(), &options()).await;
    }
}

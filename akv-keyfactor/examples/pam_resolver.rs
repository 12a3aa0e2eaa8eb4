//! A custom PAM resolver: jobs name a secret as `{"safe":"…","object":"…"}`, and a password manager
//! provides it when the job runs.
//!
//! `cargo run -p akv-keyfactor --example pam_resolver`

use std::collections::HashMap;
use std::sync::Arc;

use akv_azure::{Azure, AzureJobs, AzureOptions};
use akv_core::{Secret, SystemClock};
use akv_keyfactor::{LocalSecrets, Options, SecretResolver, UnresolvedSecret, run};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

/// Represents the client of a password manager.
struct Safes(HashMap<(String, String), Secret>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    safe: String,
    object: String,
}

#[async_trait]
impl SecretResolver for Safes {
    async fn resolve(&self, reference: &str) -> Result<Option<Secret>, UnresolvedSecret> {
        // Any other value is a reference for another resolver, or a password.
        let Ok(Reference { safe, object }) = serde_json::from_str(reference) else {
            return Ok(None);
        };
        // Command shows this text, so it never contains the text of the reference or of the
        // password manager.
        let secret = self.0.get(&(safe, object)).cloned();
        secret.map(Some).ok_or_else(|| UnresolvedSecret::new("the password manager gave no secret"))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cloud = akv_testkit::FakeCloud::builder().vault("contoso").start();
    let azure = Azure::new(AzureOptions::default().with_transport(cloud.transport()))?;
    let jobs = AzureJobs::new(azure, Arc::new(SystemClock));

    let secret = Secret::from(cloud.client_secret());
    let safes = Safes(HashMap::from([(("pki".to_owned(), "azure".to_owned()), secret)]));
    // The first resolver that recognizes a reference answers; the second one handles `{"file":…}`
    // and `{"env":…}`.
    let options = Options::default().with_secrets(Arc::new((safes, LocalSecrets::default())));

    for object in ["azure", "gone"] {
        let password = json!({ "safe": "pki", "object": object }).to_string();
        let job = inventory(&cloud, &password).to_string();
        let output = run(job.as_bytes(), &jobs, &options).await;
        show(&format!("{object}: {}", serde_json::to_string(&output)?));
    }
    Ok(())
}

fn inventory(cloud: &akv_testkit::FakeCloud, password: &str) -> Value {
    json!({
        "Capability": "CertStores.AKV.Inventory",
        "JobHistoryId": 42,
        "CertificateStoreDetails": {
            "ClientMachine": cloud.tenant_id(),
            "StorePath": "https://contoso.vault.azure.net/",
        },
        "ServerUsername": cloud.client_id(),
        "ServerPassword": password,
    })
}

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn show(line: &str) {
    println!("{line}");
}

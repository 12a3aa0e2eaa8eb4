//! A Rust orchestrator: it takes job configurations, runs them, and passes inventory items on
//! immediately. Everything here is real except the cloud, which is the fake one in this process.
//!
//! `cargo run -p akv-keyfactor --example embedded`

use std::sync::Arc;

use akv_azure::{Azure, AzureJobs, AzureOptions};
use akv_keyfactor::{CurrentInventoryItem, InventorySink, JobOutput, Options};
use akv_testkit::FakeCloud;
use akv_testkit::pki::TestPki;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Receives items while the inventory is still running.
struct Upload(usize);

#[async_trait]
impl InventorySink for Upload {
    async fn item(&mut self, item: CurrentInventoryItem) -> akv_core::Result<()> {
        self.0 += 1;
        show(&format!("  item {}: {} (key: {})", self.0, item.alias, item.private_key_entry));
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> akv_core::Result<()> {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let options = AzureOptions::default().with_transport(cloud.transport());
    // In production, the machine's clock and `AzureOptions::default()` are enough.
    let jobs = AzureJobs::new(Azure::new(options)?, Arc::new(cloud.clock().clone()));
    let pki = TestPki::new(cloud.clock().now());

    let defaults = Options::default();
    for alias in ["web-01", "web-02"] {
        let leaf = pki.leaf(&format!("{alias}.contoso.com")).issue();
        let add = json!({
            "OperationType": 2,
            "JobCertificate": { "Alias": alias, "Contents": STANDARD.encode(leaf.pfx()) },
            "JobProperties": { "CertificateTags": "{'owner':'pki'}" },
        });
        let add = configuration(&cloud, "Management", add);
        report("add", &akv_keyfactor::run(add.as_bytes(), &jobs, &defaults).await);
    }

    let inventory = configuration(&cloud, "Inventory", json!({}));
    let mut upload = Upload(0);
    let output = akv_keyfactor::run_into(inventory.as_bytes(), &jobs, &defaults, &mut upload).await;
    report("inventory", &output);

    let remove = json!({ "OperationType": 3, "JobCertificate": { "Alias": "web-01" } });
    let remove = configuration(&cloud, "Management", remove);
    report("remove", &akv_keyfactor::run(remove.as_bytes(), &jobs, &defaults).await);
    Ok(())
}

/// The common members of every job about the vault, and the members of one job.
fn configuration(cloud: &FakeCloud, job: &str, own: Value) -> String {
    let mut configuration = json!({
        "Capability": format!("CertStores.AKV.{job}"),
        "JobHistoryId": 42,
        "CertificateStoreDetails": {
            "ClientMachine": cloud.tenant_id(),
            "StorePath": format!("{}:{}:contoso", cloud.subscription_id(), cloud.resource_group()),
        },
        "ServerUsername": cloud.client_id(),
        "ServerPassword": cloud.client_secret(),
    });
    if let (Value::Object(all), Value::Object(own)) = (&mut configuration, own) {
        all.extend(own);
    }
    configuration.to_string()
}

fn report(what: &str, output: &JobOutput) {
    let document = serde_json::to_string(output).unwrap_or_default();
    show(&format!("{what}: {document}"));
}

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn show(line: &str) {
    println!("{line}");
}

//! `akv demo`: the main jobs on a fake Azure inside this program, with a check after every step.

use std::sync::Arc;

use akv_azure::{Azure, AzureJobs, AzureOptions};
use akv_keyfactor::{CurrentInventoryItem, JobOutput, JobStatus, Options};
use akv_testkit::pki::openssl_pfx;
use akv_testkit::{FakeCloud, StoredVersion};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::render::print;

pub(super) async fn run() -> Result<Exit> {
    let mut demo = Demo::new()?;
    print(INTRODUCTION)?;
    demo.create().await?;
    demo.discover().await?;
    demo.add().await?;
    demo.leave_alone().await?;
    demo.replace().await?;
    demo.remove().await?;
    print("\nEvery result was checked against the content of the vault.")?;
    Ok(Exit::Success)
}

struct Demo {
    cloud: FakeCloud,
    jobs: AzureJobs,
    steps: i64,
}

impl Demo {
    fn new() -> Result<Self> {
        let cloud = FakeCloud::builder().start();
        let azure = Azure::new(AzureOptions::default().with_transport(cloud.transport()))?;
        let jobs = AzureJobs::new(azure, Arc::new(cloud.clock().clone()));
        Ok(Self { cloud, jobs, steps: 0 })
    }

    async fn create(&mut self) -> Result<()> {
        let job = self.management(CREATE, &json!({}));
        self.step("Create the store", job, JobStatus::Success).await?;
        ensure!(self.cloud.vault(VAULT).exists(), "the vault was not created");
        let job = self.management(CREATE, &json!({}));
        self.step("Create it again: it exists, so nothing is changed", job, JobStatus::Warning)
            .await?;
        Ok(())
    }

    async fn discover(&mut self) -> Result<()> {
        let tenant = self.cloud.tenant_id();
        let job = json!({
            "Capability": "CertStores.AKV.Discovery",
            "ClientMachine": tenant,
            "JobProperties": { "dirs": tenant },
        });
        let output = self.step("Discover stores", job, JobStatus::Success).await?;
        let found = output.discovery.context("a discovery returns its vaults")?;
        ensure!(found == [self.store_path()], "found {found:?}");
        print(&format!("   found     {}", found.join(", ")))
    }

    async fn add(&mut self) -> Result<()> {
        let job =
            self.adding("web-v1", false, &json!({ "CertificateTags": "{\"owner\": \"pki\"}" }))?;
        self.step("Add web-01, a PKCS#12 file made by OpenSSL", job, JobStatus::Success).await?;
        let added = self.newest()?;
        ensure!(added.certificates.len() == 3, "the chain is not in the vault");
        let items = self.inventory("Inventory").await?;
        let [item] = items.as_slice() else { anyhow::bail!("expected one item: {items:?}") };
        ensure!(item.alias == ALIAS && item.private_key_entry, "not what was added: {item:?}");
        let leaf = added.certificates.first().map(|der| STANDARD.encode(der));
        ensure!(item.certificates.first() == leaf.as_ref(), "another certificate: {item:?}");
        Ok(())
    }

    async fn leave_alone(&mut self) -> Result<()> {
        let job = self.adding("web-v2", false, &json!({}))?;
        self.step("Add its renewal without overwrite", job, JobStatus::Warning).await?;
        ensure!(self.versions() == 1, "a certificate was overwritten without --overwrite");
        Ok(())
    }

    async fn replace(&mut self) -> Result<()> {
        let before = self.newest()?;
        let tags =
            json!({ "CertificateTags": "{\"renewed\": \"yes\"}", "PreserveExistingTags": true });
        let job = self.adding("web-v2", true, &tags)?;
        self.step("Add its renewal with overwrite, keeping the tags", job, JobStatus::Success)
            .await?;
        let after = self.newest()?;
        ensure!(self.versions() == 2 && after.thumbprint != before.thumbprint, "no new version");
        let tags: Vec<&str> = after.tags.keys().map(String::as_str).collect();
        ensure!(tags == ["owner", "renewed"], "the tags are {tags:?}");
        let job = self.adding("web-v2", true, &json!({ "PreserveExistingTags": true }))?;
        self.step("Add the same certificate once more", job, JobStatus::Success).await?;
        ensure!(self.versions() == 2, "the same certificate made another version");
        let items = self.inventory("Inventory").await?;
        ensure!(items.len() == 1, "expected one item: {items:?}");
        Ok(())
    }

    async fn remove(&mut self) -> Result<()> {
        let removal = json!({ "Alias": ALIAS, "Contents": "", "PrivateKeyPassword": null });
        let job = |demo: &Self| {
            let mut job = demo.management(REMOVE, &json!({}));
            put(&mut job, "JobCertificate", removal.clone());
            job
        };
        self.step("Remove it", job(self), JobStatus::Success).await?;
        ensure!(self.cloud.vault(VAULT).deleted_names() == [ALIAS], "it is not in soft delete");
        self.step("Remove it again: it does not exist", job(self), JobStatus::Warning).await?;
        let items = self.inventory("Inventory").await?;
        ensure!(items.is_empty(), "expected nothing: {items:?}");
        Ok(())
    }

    async fn inventory(&mut self, title: &str) -> Result<Vec<CurrentInventoryItem>> {
        let mut job = json!({ "Capability": "CertStores.AKV.Inventory", "LastInventory": [] });
        put(&mut job, "CertificateStoreDetails", self.store());
        let output = self.step(title, job, JobStatus::Success).await?;
        let items = output.inventory.context("an inventory returns its items")?;
        for item in &items {
            let tags = item.parameters.certificate_tags.as_deref().unwrap_or("none");
            print(&format!("   item      {}, private key, tags {tags}", item.alias))?;
        }
        if items.is_empty() {
            print("   item      none")?;
        }
        Ok(items)
    }

    /// Runs a job as Command does, and prints its result.
    async fn step(
        &mut self,
        title: &str,
        mut job: Value,
        expected: JobStatus,
    ) -> Result<JobOutput> {
        self.steps += 1;
        put(&mut job, "JobHistoryId", json!(self.steps));
        put(&mut job, "ServerUsername", json!(self.cloud.client_id()));
        put(&mut job, "ServerPassword", json!(self.cloud.client_secret()));
        let capability =
            job.get("Capability").and_then(Value::as_str).unwrap_or_default().to_owned();
        let operation = match job.get("OperationType").and_then(Value::as_i64) {
            Some(ADD) => ", OperationType 2 (add)",
            Some(REMOVE) => ", OperationType 3 (remove)",
            Some(CREATE) => ", OperationType 4 (create)",
            _ => "",
        };
        print(&format!("\n{}. {title}", self.steps))?;
        print(&format!("   job       {capability}{operation}"))?;
        let output =
            akv_keyfactor::run(job.to_string().as_bytes(), &self.jobs, &Options::default()).await;
        let result = &output.job_result;
        let message = match result.failure_message.as_str() {
            "" => String::new(),
            message => format!(": {message}"),
        };
        print(&format!("   result    {:?}{message}", result.result))?;
        ensure!(result.job_history_id == self.steps, "the job's id was not echoed");
        ensure!(result.result == expected, "expected {expected:?}");
        Ok(output)
    }

    fn adding(&self, file: &str, overwrite: bool, properties: &Value) -> Result<Value> {
        let fixture = openssl_pfx(file).with_context(|| format!("there is no fixture {file}"))?;
        let mut job = self.management(ADD, properties);
        put(&mut job, "Overwrite", json!(overwrite));
        let certificate = json!({
            "Thumbprint": null,
            "Contents": STANDARD.encode(fixture.pfx),
            "Alias": ALIAS,
            "PrivateKeyPassword": fixture.password,
        });
        put(&mut job, "JobCertificate", certificate);
        Ok(job)
    }

    fn management(&self, operation: i64, properties: &Value) -> Value {
        json!({
            "Capability": "CertStores.AKV.Management",
            "CertificateStoreDetails": self.store(),
            "OperationType": operation,
            "Overwrite": false,
            "JobCertificate":
                { "Thumbprint": null, "Contents": null, "Alias": null, "PrivateKeyPassword": null },
            "JobProperties": properties,
            "JobCancelled": false,
            "ServerError": null,
            "RequestStatus": 1,
        })
    }

    fn store(&self) -> Value {
        json!({
            "ClientMachine": self.cloud.tenant_id(),
            "StorePath": self.store_path(),
            "StorePassword": null,
            "Properties": "{\"SkuType\":\"standard\",\"AzureCloud\":\"public\"}",
            "Type": 102,
        })
    }

    fn store_path(&self) -> String {
        format!("{}:{}:{VAULT}", self.cloud.subscription_id(), self.cloud.resource_group())
    }

    fn newest(&self) -> Result<StoredVersion> {
        self.cloud.vault(VAULT).newest(ALIAS).context("the certificate is not in the vault")
    }

    fn versions(&self) -> usize {
        self.cloud.vault(VAULT).versions(ALIAS).len()
    }
}

fn put(job: &mut Value, member: &str, value: Value) {
    if let Value::Object(members) = job {
        members.insert(member.to_owned(), value);
    }
}

const INTRODUCTION: &str = "\
Certificates in Azure Key Vault for Keyfactor Command: the main jobs from end to end.
Azure is a fake inside this program; the jobs, the client and the PKCS#12 files are real.";

const VAULT: &str = "akv-demo";
const ALIAS: &str = "web-01";
const ADD: i64 = 2;
const REMOVE: i64 = 3;
const CREATE: i64 = 4;

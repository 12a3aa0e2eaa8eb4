//! The fake cloud for the fixtures, and the jobs on it.

use std::sync::Arc;
use std::time::Duration;

use akv_azure::{Azure, AzureJobs, AzureOptions};
use akv_keyfactor::{JobOutput, Options};
use akv_testkit::pki::{Leaf, TestPki};
use akv_testkit::{ClockMode, FakeCloud, FakeCloudBuilder, FakeVault};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::configurations::tree;

pub(crate) const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const OTHER_SUBSCRIPTION: &str = "66666666-7777-8888-9999-000000000000";
pub(crate) const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
pub(crate) const OTHER_TENANT: &str = "bbbbbbbb-cccc-dddd-eeee-ffffffffffff";

/// A cloud with the vault `contoso`, and the jobs on it.
pub(crate) struct World {
    pub(crate) cloud: FakeCloud,
    jobs: AzureJobs,
    pki: TestPki,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|cloud| {
            cloud.vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
        })
    }

    pub(crate) fn with(describe: impl FnOnce(FakeCloudBuilder) -> FakeCloudBuilder) -> Self {
        let cloud = FakeCloud::builder()
            .client("99999999-8888-7777-6666-555555555555", "client-secret")
            .tenant(TENANT)
            .tenant(OTHER_TENANT)
            .subscription_in(TENANT, SUBSCRIPTION, "Enabled")
            .clock_mode(ClockMode::Tokio);
        let cloud = describe(cloud).start();
        let options = AzureOptions::default()
            .with_transport(cloud.transport())
            .with_deadline(Duration::from_secs(60));
        let azure = Azure::new(options).expect("Azure over the fake");
        let jobs = AzureJobs::new(azure, Arc::new(cloud.clock().clone()));
        let pki = TestPki::new(cloud.clock().now());
        Self { cloud, jobs, pki }
    }

    pub(crate) fn vault(&self) -> FakeVault {
        self.cloud.vault("contoso")
    }

    pub(crate) fn leaf(&self, host: &str) -> Leaf {
        self.pki.leaf(host).issue()
    }

    pub(crate) fn pki(&self) -> &TestPki {
        &self.pki
    }

    pub(crate) async fn run(&self, job: &Value) -> JobOutput {
        self.run_with(job, &Options::default()).await
    }

    pub(crate) async fn run_with(&self, job: &Value, options: &Options) -> JobOutput {
        let output = akv_keyfactor::run(job.to_string().as_bytes(), &self.jobs, options).await;
        assert_eq!(output.job_result.job_history_id, 26009);
        output
    }

    /// Runs the fixture with that name unchanged.
    pub(crate) async fn ran(&self, fixture: &str) -> JobOutput {
        self.run(&tree(fixture)).await
    }
}

/// The fixture with that certificate as its contents.
pub(crate) fn adding(fixture: &str, leaf: &Leaf) -> Value {
    with_contents(fixture, &leaf.pfx())
}

pub(crate) fn with_contents(fixture: &str, contents: &[u8]) -> Value {
    let mut job = tree(fixture);
    job["JobCertificate"]["Contents"] = STANDARD.encode(contents).into();
    job["JobCertificate"]["PrivateKeyPassword"] = Value::Null;
    job
}

//! Mocked jobs, and their expectations.

use akv_core::job::{
    AddRequest, CreateRequest, DiscoveryJob, DiscoveryOutcome, DiscoveryRequest, Effect,
    InventoryItem, InventoryJob, InventoryOutcome, InventoryRequest, InventorySink, ItemSource,
    Jobs, ManagementJob, Outcome, RemoveRequest, Status,
};
use akv_core::{
    CertificateName, Cloud, Credential, Deletion, Exportable, KeyState, StoreAddress, Tags,
    Thumbprint, Version,
};
use akv_keyfactor::{JobOutput, Options};
use async_trait::async_trait;
use mockall::mock;

use super::configurations::fixture;

mock! {
    pub(crate) Jobs {}

    impl Jobs for Jobs {
        fn inventory(
            &self,
            address: &StoreAddress,
            credential: &Credential,
        ) -> akv_core::Result<Box<dyn InventoryJob>>;

        fn management(
            &self,
            address: &StoreAddress,
            credential: &Credential,
        ) -> akv_core::Result<Box<dyn ManagementJob>>;

        fn discovery(
            &self,
            cloud: &Cloud,
            credential: &Credential,
        ) -> akv_core::Result<Box<dyn DiscoveryJob>>;
    }
}

mock! {
    pub(crate) Inventory {
        fn deliver(&self, request: &InventoryRequest) -> (Vec<InventoryItem>, InventoryOutcome);
    }
}

/// Delivers the configured items as the domain does: nothing more after the sink failed.
#[async_trait]
impl InventoryJob for MockInventory {
    async fn inventory(
        &self,
        request: &InventoryRequest,
        sink: &mut dyn InventorySink,
    ) -> InventoryOutcome {
        let (items, mut outcome) = self.deliver(request);
        for item in items {
            if let Err(error) = sink.item(item).await {
                outcome.status = Status::Failure;
                outcome.error = Some(error);
                break;
            }
        }
        outcome
    }
}

mock! {
    pub(crate) Management {}

    #[async_trait]
    impl ManagementJob for Management {
        async fn add(&self, request: &AddRequest) -> Outcome;
        async fn remove(&self, request: &RemoveRequest) -> Outcome;
        async fn create(&self, request: &CreateRequest) -> Outcome;
        async fn create_and_add(&self, create: &CreateRequest, add: &AddRequest) -> Outcome;
    }
}

mock! {
    pub(crate) Discovery {}

    #[async_trait]
    impl DiscoveryJob for Discovery {
        async fn discover(&self, request: &DiscoveryRequest) -> DiscoveryOutcome;
    }
}

/// Runs the fixture with that name.
pub(crate) async fn ran(name: &str, jobs: &MockJobs) -> JobOutput {
    akv_keyfactor::run(&fixture(name), jobs, &Options::default()).await
}

/// Runs a configuration that must not reach any job, and returns its message.
pub(crate) async fn refused(configuration: &[u8], options: &Options) -> String {
    let output = akv_keyfactor::run(configuration, &MockJobs::new(), options).await;
    assert_eq!(u8::from(output.job_result.result), 4, "{output:?}");
    assert_eq!((&output.inventory, &output.discovery), (&None, &None));
    output.job_result.failure_message
}

/// Jobs whose inventory delivers these items, after a check of its credential and request.
pub(crate) fn inventory(
    check: impl Fn(&StoreAddress, &Credential, &InventoryRequest) + Clone + Send + Sync + 'static,
    items: Vec<InventoryItem>,
    outcome: InventoryOutcome,
) -> MockJobs {
    let mut jobs = MockJobs::new();
    jobs.expect_inventory().returning(move |address, credential| {
        let (address, credential, check) = (address.clone(), credential.clone(), check.clone());
        let (items, outcome) = (items.clone(), outcome.clone());
        let mut job = MockInventory::new();
        job.expect_deliver().returning(move |request| {
            check(&address, &credential, request);
            (items.clone(), outcome.clone())
        });
        Ok(Box::new(job))
    });
    jobs
}

/// Jobs whose addition succeeds.
pub(crate) fn add(
    check: impl Fn(&StoreAddress, &Credential, &AddRequest) + Clone + Send + Sync + 'static,
) -> MockJobs {
    add_ending(check, imported())
}

pub(crate) fn add_ending(
    check: impl Fn(&StoreAddress, &Credential, &AddRequest) + Clone + Send + Sync + 'static,
    outcome: Outcome,
) -> MockJobs {
    management(move |job, address, credential| {
        let (address, credential) = (address.clone(), credential.clone());
        let (check, outcome) = (check.clone(), outcome.clone());
        job.expect_add().returning(move |request| {
            check(&address, &credential, request);
            outcome.clone()
        });
    })
}

pub(crate) fn remove_ending(
    check: impl Fn(&RemoveRequest) + Clone + Send + Sync + 'static,
    outcome: Outcome,
) -> MockJobs {
    management(move |job, _, _| {
        let (check, outcome) = (check.clone(), outcome.clone());
        job.expect_remove().returning(move |request| {
            check(request);
            outcome.clone()
        });
    })
}

pub(crate) fn create_ending(
    check: impl Fn(&StoreAddress, &CreateRequest) + Clone + Send + Sync + 'static,
    outcome: Outcome,
) -> MockJobs {
    management(move |job, address, _| {
        let (address, check, outcome) = (address.clone(), check.clone(), outcome.clone());
        job.expect_create().returning(move |request| {
            check(&address, request);
            outcome.clone()
        });
    })
}

pub(crate) fn management(
    expect: impl Fn(&mut MockManagement, &StoreAddress, &Credential) + Send + Sync + 'static,
) -> MockJobs {
    let mut jobs = MockJobs::new();
    jobs.expect_management().returning(move |address, credential| {
        let mut job = MockManagement::new();
        expect(&mut job, address, credential);
        Ok(Box::new(job))
    });
    jobs
}

pub(crate) fn discovery(
    check: impl Fn(&Cloud, &Credential, &DiscoveryRequest) + Clone + Send + Sync + 'static,
    outcome: DiscoveryOutcome,
) -> MockJobs {
    let mut jobs = MockJobs::new();
    jobs.expect_discovery().returning(move |cloud, credential| {
        let (cloud, credential) = (cloud.clone(), credential.clone());
        let (check, outcome) = (check.clone(), outcome.clone());
        let mut job = MockDiscovery::new();
        job.expect_discover().returning(move |request| {
            check(&cloud, &credential, request);
            outcome.clone()
        });
        Ok(Box::new(job))
    });
    jobs
}

/// Every job succeeds, whatever its request.
pub(crate) fn all_succeed() -> MockJobs {
    let mut jobs = inventory(|_, _, _| {}, vec![item("web-01")], listed(1));
    jobs.expect_management().returning(|_, _| {
        let mut job = MockManagement::new();
        job.expect_add().returning(|_| imported());
        job.expect_remove().returning(|_| removed());
        job.expect_create().returning(|_| created());
        job.expect_create_and_add().returning(|_, _| imported());
        Ok(Box::new(job))
    });
    jobs.expect_discovery().returning(|_, _| {
        let mut job = MockDiscovery::new();
        job.expect_discover().returning(|_| found());
        Ok(Box::new(job))
    });
    jobs
}

pub(crate) fn name(text: &str) -> CertificateName {
    text.parse().expect("a certificate name")
}

pub(crate) fn thumbprint() -> Thumbprint {
    "A94A8FE5CCB19BA61C4C0873D391E987982FBBD3".parse().expect("a thumbprint")
}

pub(crate) fn version() -> Version {
    "0123456789abcdef0123456789abcdef".parse().expect("a version")
}

pub(crate) fn imported() -> Outcome {
    let (version, thumbprint) = (version(), thumbprint());
    let summary = format!("imported web-01 (version {version}, thumbprint {thumbprint})");
    Outcome::success(Effect::Imported { name: name("web-01"), version, thumbprint }, summary)
}

pub(crate) fn removed() -> Outcome {
    let effect = Effect::Removed { name: name("web-01"), deletion: Deletion::SoftDeleted };
    Outcome::success(effect, "removed web-01")
}

pub(crate) fn created() -> Outcome {
    let path = "11111111-2222-3333-4444-555555555555:pki-rg:contoso".parse().expect("a path");
    Outcome::success(Effect::Created { path }, "created vault contoso")
}

pub(crate) fn exists() -> Outcome {
    Outcome::warning(Effect::Nothing, "vault contoso already exists: nothing was changed")
}

pub(crate) fn item(alias: &str) -> InventoryItem {
    let mut item = InventoryItem::new(name(alias), ItemSource::Read);
    item.version = Some(version());
    item.thumbprint = Some(thumbprint());
    item.certificates = vec![b"the leaf".to_vec().into()];
    item.tags = Tags::as_stored([("owner", "pki"), ("env", "a \"test\"")]);
    item.has_key = true;
    item.key =
        Some(KeyState::default().with_exportable(Exportable::Yes).with_kind("RSA".to_owned()));
    item
}

pub(crate) fn listed(count: usize) -> InventoryOutcome {
    let mut outcome = InventoryOutcome::new(Status::Success, "contoso");
    outcome.listed = count;
    outcome
}

pub(crate) fn found() -> DiscoveryOutcome {
    let path = |vault: &str| {
        format!("11111111-2222-3333-4444-555555555555:pki-rg:{vault}").parse().expect("a path")
    };
    let mut outcome = DiscoveryOutcome::new(Status::Success);
    outcome.stores = vec![path("contoso"), path("fabrikam")];
    outcome.subscriptions = 1;
    outcome
}

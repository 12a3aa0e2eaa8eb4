//! D1 to D8: discovery.

use std::collections::BTreeSet;

use akv_core::Cloud;
use akv_core::job::{DiscoveryRequest, Status, Undiscovered};
use akv_keyfactor::{JobStatus, Options};

use super::denied;
use crate::configurations::{fixture, with};
use crate::fake::{OTHER_TENANT, SUBSCRIPTION, TENANT};
use crate::mocks::{discovery, found, ran, refused};

fn tenants(request: &DiscoveryRequest) -> Vec<&str> {
    request.tenants.iter().map(akv_core::TenantId::as_str).collect()
}

#[tokio::test]
async fn d1_tenants_are_trimmed_and_each_is_searched_once() {
    let jobs =
        discovery(|_, _, request| assert_eq!(tenants(request), [TENANT, OTHER_TENANT]), found());
    assert_eq!(ran("D1", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn d2_failed_tenant_is_a_warning_with_other_vaults() {
    let mut partial = found();
    partial.status = Status::Warning;
    partial.missed = vec![Undiscovered::new(
        OTHER_TENANT.parse().expect("a tenant"),
        None,
        denied("list subscriptions"),
    )];
    let output = ran("D2", &discovery(|_, _, _| {}, partial)).await;
    assert_eq!(output.job_result.result, JobStatus::Warning);
    assert!(output.job_result.failure_message.contains(OTHER_TENANT));
    assert_eq!(output.discovery.expect("stores").len(), 2);
}

#[tokio::test]
async fn d3_no_tenant_at_all_is_a_failure_that_names_both_fields() {
    let message = refused(&fixture("D3"), &Options::default()).await;
    assert!(message.contains("ClientMachine") && message.contains("JobProperties.dirs"));
    let bad = with("D3", "/JobProperties/dirs", "no tenant".into());
    let message = refused(&bad, &Options::default()).await;
    assert!(message.contains("JobProperties.dirs"), "{message}");
}

#[tokio::test]
async fn invalid_tenant_is_reported_and_others_are_searched() {
    let job = with("D3", "/JobProperties/dirs", format!("{TENANT}, no tenant").into());
    let jobs = discovery(|_, _, request| assert_eq!(tenants(request), [TENANT]), found());
    let result = akv_keyfactor::run(&job, &jobs, &Options::default()).await.job_result;
    assert_eq!(result.result, JobStatus::Warning);
    assert!(result.failure_message.contains("entry 2 of JobProperties.dirs is not a tenant ID"));
}

#[tokio::test]
async fn d4_client_machine_is_searched_without_directories() {
    let jobs = discovery(|_, _, request| assert_eq!(tenants(request), [OTHER_TENANT]), found());
    assert_eq!(ran("D4", &jobs).await.job_result.result, JobStatus::Success);
    let jobs = discovery(|_, _, request| assert_eq!(tenants(request), [TENANT]), found());
    assert_eq!(ran("discovery", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn d5_discovery_is_in_the_cloud_that_the_program_names() {
    for cloud in [None, Some(Cloud::government())] {
        let expected = cloud.clone().unwrap_or_else(Cloud::public);
        let jobs = discovery(move |cloud, _, _| assert_eq!(*cloud, expected), found());
        let options = Options::default().with_cloud(cloud);
        let output = akv_keyfactor::run(&fixture("D5"), &jobs, &options).await;
        assert_eq!(output.job_result.result, JobStatus::Success);
    }
}

#[tokio::test]
async fn d6_store_paths_have_three_parts_and_a_count() {
    let output = ran("D6", &discovery(|_, _, _| {}, found())).await;
    let stores = output.discovery.expect("stores");
    let unique: BTreeSet<&str> = stores.iter().map(String::as_str).collect();
    assert_eq!(
        unique,
        BTreeSet::from([
            "11111111-2222-3333-4444-555555555555:pki-rg:contoso",
            "11111111-2222-3333-4444-555555555555:pki-rg:fabrikam",
        ])
    );
    assert!(output.job_result.failure_message.starts_with("2 vaults found"));
}

#[tokio::test]
async fn d7_a_long_message_of_a_discovery_is_cut_too() {
    let mut partial = found();
    partial.status = Status::Warning;
    partial.missed = (0..100)
        .map(|_| {
            Undiscovered::new(
                TENANT.parse().expect("a tenant"),
                SUBSCRIPTION.parse().ok(),
                denied("list vaults of a subscription"),
            )
        })
        .collect();
    let output = ran("D7", &discovery(|_, _, _| {}, partial)).await;
    assert_eq!(output.job_result.failure_message.chars().count(), 4000);
}

#[tokio::test]
async fn d8_a_failed_discovery_uploads_nothing() {
    let mut outcome = found();
    outcome.status = Status::Failure;
    let output = ran("D8", &discovery(|_, _, _| {}, outcome)).await;
    assert_eq!(output.job_result.result, JobStatus::Failure);
    assert_eq!(output.discovery, None);
}

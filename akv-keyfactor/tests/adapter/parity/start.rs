//! I1 to I10: the common start of all jobs.

use akv_core::{Cloud, Credential, Region, Sku};
use akv_keyfactor::{JobStatus, Options};
use serde_json::json;

use crate::configurations::{fixture, tree, with, with_property};
use crate::fake::SUBSCRIPTION;
use crate::mocks::{MockJobs, create_ending, created, inventory, listed, ran, refused};

#[tokio::test]
async fn i1_store_properties_are_read_and_override_the_path() {
    let jobs = create_ending(
        |address, request| {
            assert_eq!(address.path.to_string(), format!("{SUBSCRIPTION}:pki-rg:fabrikam"));
            assert_eq!(request.options.sku, Sku::Premium);
            assert_eq!(request.region.as_ref().map(Region::as_str), Some("westeurope"));
        },
        created(),
    );
    assert_eq!(ran("I1", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn i2_a_blank_override_is_none() {
    let jobs = inventory(
        |address, _, _| {
            assert_eq!(address.path.to_string(), format!("{SUBSCRIPTION}:pki-rg:contoso"));
        },
        vec![],
        listed(0),
    );
    assert_eq!(ran("I2", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn i3_tenant_property_replaces_client_machine() {
    let jobs = inventory(
        |address, _, _| {
            let tenant = address.tenant.as_ref().expect("a tenant");
            assert_eq!(tenant.as_str(), "contoso.onmicrosoft.com");
        },
        vec![],
        listed(0),
    );
    assert_eq!(ran("I3", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn i4_store_path_is_read_or_rejected_with_the_format() {
    let message = refused(&fixture("I4"), &Options::default()).await;
    assert!(message.contains("CertificateStoreDetails.StorePath"), "{message}");
    assert!(message.contains("subscription:resource-group:vault"), "{message}");
    for path in [
        format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/contoso"
        ),
        "https://contoso.vault.azure.net/".into(),
        format!("{SUBSCRIPTION}:contoso"),
        "contoso".into(),
    ] {
        let jobs = inventory(
            |address, _, _| assert_eq!(address.path.vault().as_str(), "contoso"),
            vec![],
            listed(0),
        );
        let job = with("I4", "/CertificateStoreDetails/StorePath", path.as_str().into());
        let output = akv_keyfactor::run(&job, &jobs, &Options::default()).await;
        assert_eq!(output.job_result.result, JobStatus::Success, "{path}");
    }
}

#[tokio::test]
async fn i5_a_broken_configuration_is_a_failure_with_the_jobs_id() {
    let output = ran("I5", &MockJobs::new()).await;
    assert_eq!(output.job_result.result, JobStatus::Failure);
    assert_eq!(output.job_result.job_history_id, 26009);
    let message = output.job_result.failure_message;
    assert!(message.contains("CertificateStoreDetails.Properties"), "{message}");
}

#[tokio::test]
async fn i6_the_jobs_cloud_is_the_whole_address_of_its_services() {
    let jobs =
        inventory(|address, _, _| assert_eq!(address.cloud, Cloud::china()), vec![], listed(0));
    assert_eq!(ran("I6", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn i7_german_cloud_is_rejected_as_closed() {
    let message = refused(&fixture("I7"), &Options::default()).await;
    assert!(message.contains("Properties.AzureCloud") && message.contains("closed"), "{message}");
}

#[tokio::test]
async fn i8_a_private_endpoint_is_a_suffix_a_host_or_a_url() {
    for endpoint in [
        "https://contoso.privatelink.example.net/",
        "contoso.privatelink.example.net",
        "privatelink.example.net",
        ".privatelink.example.net",
    ] {
        let jobs = inventory(
            |address, _, _| {
                let host = address.vault_host().expect("a host");
                assert_eq!(host, "contoso.privatelink.example.net");
                assert_eq!(address.cloud, Cloud::public());
            },
            vec![],
            listed(0),
        );
        let job = with_property("I8", "PrivateEndpoint", endpoint.into());
        let output = akv_keyfactor::run(&job, &jobs, &Options::default()).await;
        assert_eq!(output.job_result.result, JobStatus::Success, "{endpoint}");
    }
}

#[tokio::test]
async fn i9_only_no_secret_or_managed_is_a_managed_identity() {
    let system = |credential: &Credential| matches!(credential, Credential::SystemAssignedIdentity);
    let user =
        |credential: &Credential| matches!(credential, Credential::UserAssignedIdentity { .. });
    let client = "99999999-8888-7777-6666-555555555555";
    for (username, password, expected) in [
        (json!(null), json!("Managed"), system as fn(&Credential) -> bool),
        (json!(""), json!(""), system),
        (json!(null), json!(null), system),
        (json!(client), json!("managed"), user),
        (json!(client), json!(" "), user),
    ] {
        let jobs = inventory(
            move |_, credential, _| assert!(expected(credential), "{credential:?}"),
            vec![],
            listed(0),
        );
        let mut job = tree("I9");
        job["ServerUsername"] = username;
        job["ServerPassword"] = password;
        let output =
            akv_keyfactor::run(job.to_string().as_bytes(), &jobs, &Options::default()).await;
        assert_eq!(output.job_result.result, JobStatus::Success);
    }
}

#[tokio::test]
async fn i10_a_rejected_parameter_is_named_and_not_shown() {
    let message = refused(&fixture("I10"), &Options::default()).await;
    assert!(message.contains("JobProperties.CertificateTags"), "{message}");
    assert!(!message.contains("merger"), "{message}");
}

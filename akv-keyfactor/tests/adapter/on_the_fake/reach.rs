//! The hosts that receive requests, and the identity of the requests.

use std::collections::BTreeSet;

use akv_keyfactor::JobStatus;
use akv_testkit::Operation;
use serde_json::{Value, json};

use super::assert_ends;
use crate::configurations::tree;
use crate::fake::{SUBSCRIPTION, World, adding};

#[tokio::test(start_paused = true)]
async fn a_cloud_is_reached_at_its_own_addresses_alone() {
    for (name, login, management, suffix) in [
        ("china", "chinacloudapi.cn", "management.chinacloudapi.cn", "vault.azure.cn"),
        (
            "government",
            "login.microsoftonline.us",
            "management.usgovcloudapi.net",
            "vault.usgovcloudapi.net",
        ),
    ] {
        let world = World::with(|cloud| {
            cloud.vault_with("neighbour", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
        });
        let in_the_cloud = |mut job: Value| {
            let properties = json!({ "AzureCloud": name }).to_string();
            job["CertificateStoreDetails"]["Properties"] = properties.into();
            job
        };
        let output = world.run(&in_the_cloud(tree("C2"))).await;
        assert_ends(&output, JobStatus::Success, &["created"]);
        let leaf = world.leaf("web-01.example.com");
        let output = world.run(&in_the_cloud(adding("add", &leaf))).await;
        assert_ends(&output, JobStatus::Success, &["imported"]);
        let hosts: BTreeSet<String> =
            world.cloud.journal().entries().into_iter().map(|entry| entry.host).collect();
        for host in &hosts {
            let expected = [login, management, suffix];
            assert!(expected.iter().any(|part| host.ends_with(part)), "{host} in {hosts:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_private_endpoint_is_reached_with_the_clouds_tokens() {
    let world = World::with(|cloud| {
        cloud
            .vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
            .vault_suffix("privatelink.example.net")
    });
    assert_ends(&world.ran("I8").await, JobStatus::Success, &[]);
    let lists = world.cloud.journal().of(Operation::ListCertificates);
    assert!(lists.iter().any(|entry| entry.status == 200));
    assert!(lists.iter().all(|entry| entry.host == "contoso.privatelink.example.net"));
}

#[tokio::test(start_paused = true)]
async fn managed_identity_is_requested_from_the_machine_only() {
    // The machine and its identities are in the fake's first tenant, so the vault is too.
    let world = World::with(|cloud| cloud.vault("contoso"));
    assert_ends(&world.ran("I9").await, JobStatus::Success, &[]);
    assert!(world.cloud.journal().count(Operation::ImdsToken) > 0);
    assert_eq!(world.cloud.journal().count(Operation::Token), 0);

    let without = World::new();
    without.cloud.remove_system_identity();
    assert_ends(&without.ran("I9").await, JobStatus::Failure, &["identity"]);
    assert_eq!(without.cloud.journal().count(Operation::Token), 0, "no other identity is used");
}

#[tokio::test(start_paused = true)]
async fn add_and_remove_never_ask_resource_manager() {
    let world = World::new();
    let output = world.run(&adding("add", &world.leaf("web-01.example.com"))).await;
    assert_ends(&output, JobStatus::Success, &["imported"]);
    assert_ends(&world.ran("remove").await, JobStatus::Success, &["removed"]);
    for entry in world.cloud.journal().entries() {
        assert!(entry.vault.is_some() || entry.operation == Operation::Token, "{entry:?}");
    }
}

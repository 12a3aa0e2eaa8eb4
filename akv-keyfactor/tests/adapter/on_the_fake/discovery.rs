//! Discovery.

use akv_core::Cloud;
use akv_keyfactor::{JobStatus, Options};
use akv_testkit::{DenyRule, Operation};

use super::assert_ends;
use crate::configurations::tree;
use crate::fake::{OTHER_SUBSCRIPTION, OTHER_TENANT, SUBSCRIPTION, TENANT, World};

#[tokio::test(start_paused = true)]
async fn discovery_continues_after_a_failure() {
    let world = World::with(|cloud| {
        cloud
            .subscription_in(TENANT, OTHER_SUBSCRIPTION, "Enabled")
            .vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
            .vault_with("hidden", |vault| vault.placed(OTHER_SUBSCRIPTION, "pki-rg"))
    });
    let whole = world.ran("D2").await;
    assert_ends(&whole, JobStatus::Success, &["2 vaults found"]);
    world.cloud.deny(DenyRule::of(Operation::ListVaults).in_subscription(OTHER_SUBSCRIPTION));
    let output = world.ran("D2").await;
    assert_ends(&output, JobStatus::Warning, &[OTHER_SUBSCRIPTION]);
    assert_eq!(output.discovery, Some(vec![format!("{SUBSCRIPTION}:pki-rg:contoso")]));
    world.cloud.deny(DenyRule::of(Operation::ListVaults).in_subscription(SUBSCRIPTION));
    let output = world.ran("D2").await;
    assert_ends(&output, JobStatus::Failure, &[SUBSCRIPTION]);
    assert_eq!(output.discovery, None);
}

#[tokio::test(start_paused = true)]
async fn every_tenant_is_asked_once_with_a_token_of_its_own() {
    let world = World::with(|cloud| {
        cloud
            .subscription_in(OTHER_TENANT, OTHER_SUBSCRIPTION, "Enabled")
            .vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
            .vault_with("fabrikam", |vault| vault.placed(OTHER_SUBSCRIPTION, "pki-rg"))
    });
    let output = world.ran("D1").await;
    assert_ends(&output, JobStatus::Success, &["2 vaults found"]);
    let listed = world.cloud.journal().of(Operation::ListSubscriptions);
    let answered = listed.iter().filter(|entry| entry.status == 200).count();
    assert_eq!(answered, 2);
    assert_eq!(world.cloud.journal().count(Operation::ListVaults), 2, "each list is read once");
}

#[tokio::test(start_paused = true)]
async fn discovery_in_another_cloud_asks_that_clouds_resource_manager() {
    let world = World::new();
    let options = Options::default().with_cloud(Cloud::china());
    let output = world.run_with(&tree("D5"), &options).await;
    assert_ends(&output, JobStatus::Success, &["1 vault"]);
    let lists = world.cloud.journal().of(Operation::ListVaults);
    assert!(lists.iter().all(|entry| entry.host == "management.chinacloudapi.cn"), "{lists:?}");
}

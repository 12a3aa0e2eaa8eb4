//! Removing, creating, and both before an addition.

use std::time::Duration;

use akv_keyfactor::JobStatus;
use akv_testkit::Operation;

use super::assert_ends;
use crate::configurations::tree;
use crate::fake::{SUBSCRIPTION, TENANT, World, adding};

#[tokio::test(start_paused = true)]
async fn letter_case_does_not_make_another_certificate() {
    let world = World::new();
    let output = world.run(&adding("add", &world.leaf("web-01.example.com"))).await;
    assert_ends(&output, JobStatus::Success, &[]);
    assert_ends(&world.ran("R1").await, JobStatus::Success, &["removed"]);
    assert!(world.vault().names().is_empty());
}

#[tokio::test(start_paused = true)]
async fn removal_waits_until_adding_again_works() {
    let world = World::with(|cloud| {
        cloud
            .vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
            .deletion_takes(Duration::from_secs(8))
    });
    let leaf = world.leaf("web-01.example.com");
    assert_ends(&world.run(&adding("add", &leaf)).await, JobStatus::Success, &[]);
    assert_ends(&world.ran("remove").await, JobStatus::Success, &["soft-deleted"]);
    let last = world.cloud.journal().of(Operation::GetDeletedCertificate);
    assert_eq!(last.last().map(|entry| entry.status), Some(200), "it was seen to be deleted");
    let output = world.run(&adding("add", &world.leaf("web-01.example.com"))).await;
    assert_ends(&output, JobStatus::Success, &["imported"]);
    assert_ends(&world.ran("R2").await, JobStatus::Warning, &["not-there"]);
}

#[tokio::test(start_paused = true)]
async fn an_import_waits_for_a_deletion_that_is_under_way() {
    let world = World::with(|cloud| {
        cloud
            .vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
            .deletion_takes(Duration::from_secs(8))
    });
    let old = world.leaf("old.example.com");
    world.vault().import("removed-just-now", &old.pfx(), None).expect("imported");
    world.vault().delete("removed-just-now");
    let new = world.leaf("new.example.com");
    assert_ends(&world.run(&adding("R3", &new)).await, JobStatus::Success, &["imported"]);
    let newest = world.vault().newest("removed-just-now").expect("a version");
    assert_eq!(newest.thumbprint, new.thumbprint());
}

#[tokio::test(start_paused = true)]
async fn vault_is_created_with_roles_and_never_changed() {
    let world = World::with(|cloud| {
        cloud
            .vault_with("neighbour", |vault| {
                vault.placed(SUBSCRIPTION, "pki-rg").location("northeurope")
            })
            .creation_takes(Duration::from_secs(20))
    });
    let output = world.ran("C1").await;
    assert_ends(&output, JobStatus::Success, &["created vault", "northeurope"]);
    assert!(world.cloud.vault("contoso").exists());
    let creations = world.cloud.journal().count(Operation::CreateVault);
    let mut again = tree("C3");
    again["CertificateStoreDetails"]["ClientMachine"] = TENANT.into();
    assert_ends(&world.run(&again).await, JobStatus::Warning, &["already exists"]);
    assert_eq!(world.cloud.journal().count(Operation::CreateVault), creations);

    let leaf = world.leaf("web-01.example.com");
    let output = world.run(&adding("create-add", &leaf)).await;
    assert_ends(&output, JobStatus::Success, &["imported"]);
}

#[tokio::test(start_paused = true)]
async fn create_add_makes_the_vault_and_fills_it() {
    let world = World::with(|cloud| {
        cloud.vault_with("neighbour", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
    });
    let leaf = world.leaf("web-01.example.com");
    let output = world.run(&adding("create-add", &leaf)).await;
    assert_ends(&output, JobStatus::Success, &["created vault", "imported"]);
    assert_eq!(world.vault().names(), ["web-01"]);
}

//! Inventory.

use std::time::Duration;

use akv_core::job::{CertificateScope, Unchanged};
use akv_keyfactor::{ItemStatus, JobStatus, Options};
use akv_testkit::{Calls, DenyRule, Fault, Operation};
use serde_json::{Value, json};

use super::{aliases, assert_ends};
use crate::configurations::tree;
use crate::fake::{SUBSCRIPTION, World};

#[tokio::test(start_paused = true)]
async fn an_inventory_reads_every_page_side_by_side() {
    let world = World::with(|cloud| {
        cloud.vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg").certificates(60))
    });
    world.cloud.latency(Duration::from_millis(20));
    let output = world.ran("V1").await;
    assert_ends(&output, JobStatus::Success, &[]);
    assert_eq!(aliases(&output), world.vault().names());
    assert!(world.cloud.journal().most_in_flight() > 1);
}

#[tokio::test(start_paused = true)]
async fn chain_is_included_on_request() {
    let world = World::new();
    let leaf = world.leaf("web-01.example.com");
    world.vault().import("web-01", &leaf.pfx(), None).expect("imported");
    for (coverage, count) in [(CertificateScope::Leaf, 1), (CertificateScope::Chain, 3)] {
        let options = Options::default().with_scope(coverage);
        let output = world.run_with(&tree("V2"), &options).await;
        assert_ends(&output, JobStatus::Success, &[]);
        let items = output.inventory.expect("an inventory");
        assert_eq!(items[0].certificates.len(), count);
        assert!(items[0].private_key_entry);
        assert_eq!(items[0].parameters.non_exportable, Some(false));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_certificate_is_named_and_kept() {
    let world = World::new();
    for alias in ["first", "locked", "unknown-and-locked", "last"] {
        let leaf = world.leaf("web-01.example.com");
        world.vault().import(alias, &leaf.pfx(), None).expect("imported");
    }
    for alias in ["locked", "unknown-and-locked"] {
        world.cloud.deny(DenyRule::of(Operation::GetCertificate).named(alias));
    }
    let output = world.ran("V3").await;
    assert_ends(
        &output,
        JobStatus::Warning,
        &["locked (last known state kept)", "unknown-and-locked:"],
    );
    assert_eq!(aliases(&output), ["first", "last", "locked"]);
    let items = output.inventory.expect("an inventory");
    assert_eq!(items[2].item_status, ItemStatus::Unchanged);
    assert!(items[2].certificates.is_empty());
}

#[tokio::test(start_paused = true)]
async fn inventory_without_permission_is_a_failure() {
    let world = World::with(|cloud| {
        cloud.vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg").certificates(5))
    });
    for alias in ["cert-000001", "cert-000002", "cert-000003", "cert-000004"] {
        world.cloud.deny(DenyRule::of(Operation::GetCertificate).named(alias));
    }
    let output = world.ran("V3").await;
    assert_ends(&output, JobStatus::Failure, &["4 could not be read"]);
    assert_eq!(output.inventory, None);

    world.cloud.permit_all();
    world.cloud.deny(Operation::ListCertificates);
    let output = world.ran("V3").await;
    assert_ends(&output, JobStatus::Failure, &["no result was produced"]);
    assert_eq!(output.inventory, None);
}

#[tokio::test(start_paused = true)]
async fn a_second_page_that_fails_is_no_inventory() {
    let world = World::with(|cloud| {
        cloud.vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg").certificates(60))
    });
    world.cloud.fault(Fault::on(Operation::ListCertificates).calls(Calls::Every(2)).status(403));
    let output = world.ran("V1").await;
    assert_ends(&output, JobStatus::Failure, &["no result was produced"]);
    assert_eq!(output.inventory, None);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_vault_costs_its_pages() {
    let world = World::with(|cloud| {
        cloud.vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg").certificates(60))
    });
    let full = world.ran("V1").await;
    let known: Vec<Value> = world
        .vault()
        .names()
        .iter()
        .map(|alias| {
            let version = world.vault().newest(alias).expect("a version");
            json!({ "Alias": alias, "PrivateKeyEntry": true, "Thumbprints": [version.thumbprint] })
        })
        .collect();
    let mut job = tree("V1");
    job["LastInventory"] = known.into();
    world.cloud.journal().clear();
    let options = Options::default().with_unchanged(Unchanged::Skip);
    let output = world.run_with(&job, &options).await;
    assert_ends(&output, JobStatus::Success, &["60 of them unchanged"]);
    assert_eq!(aliases(&output), aliases(&full));
    assert!(output.inventory.iter().flatten().all(|it| it.item_status == ItemStatus::Unchanged));
    assert_eq!(world.cloud.journal().count(Operation::GetCertificate), 0);
    assert!(world.cloud.journal().count(Operation::ListCertificates) <= 5);
}

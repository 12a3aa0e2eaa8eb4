//! Whole jobs on the fake cloud: a configuration goes in, and what the vault holds afterwards, what
//! was asked of the service and what is told are looked at. One test a row of `docs/parity.md` that
//! is about more than the adapter.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use akv_core::Cloud;
use akv_core::job::{Coverage, SoftDeleted, Unchanged};
use akv_keyfactor::{ItemStatus, JobOutput, JobStatus, Options};
use akv_testkit::pki::Key;
use akv_testkit::{Calls, Fault, Operation, Refusal};
use serde_json::{Value, json};

use super::configurations::tree;
use super::fake::{
    OTHER_SUBSCRIPTION, OTHER_TENANT, SUBSCRIPTION, TENANT, World, adding, with_contents,
};

fn assert_ends(output: &JobOutput, status: JobStatus, says: &[&str]) {
    assert_eq!(output.job_result.result, status, "{output:?}");
    for part in says {
        let message = &output.job_result.failure_message;
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

fn tags<const N: usize>(tags: [(&str, &str); N]) -> BTreeMap<String, String> {
    tags.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn aliases(output: &JobOutput) -> Vec<&str> {
    output.inventory.iter().flatten().map(|item| item.alias.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_main_job_from_add_to_remove() {
    let world = World::new();
    let first = world.leaf("web-01.example.com");
    let output = world.run(&adding("A5", &first)).await;
    assert_ends(&output, JobStatus::Success, &[&first.thumbprint().to_string(), "version"]);

    let second = world.leaf("web-01.example.com");
    let output = world.run(&adding("A5", &second)).await;
    assert_ends(&output, JobStatus::Warning, &["nothing was changed"]);
    let output = world.run(&adding("A10", &second)).await;
    let version = world.vault().newest("web-01").expect("a version");
    assert_ends(&output, JobStatus::Success, &[&version.id, &version.thumbprint.to_string()]);
    assert_eq!(version.thumbprint, second.thumbprint());

    let output = world.ran("inventory").await;
    assert_ends(&output, JobStatus::Success, &[]);
    assert_eq!(
        (aliases(&output), output.job_result.failure_message.as_str()),
        (vec!["web-01"], "")
    );

    assert_ends(&world.ran("remove").await, JobStatus::Success, &["removed"]);
    assert!(world.vault().names().is_empty());
    assert_eq!(world.vault().deleted_names(), ["web-01"]);
    assert_eq!(aliases(&world.ran("inventory").await), Vec::<&str>::new());
}

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
async fn a_managed_identity_is_asked_of_the_machine_and_of_nobody_else() {
    // The machine and its identities are in the fake's first tenant, so the vault is too.
    let world = World::with(|cloud| cloud.vault("contoso"));
    assert_ends(&world.ran("I9").await, JobStatus::Success, &[]);
    assert!(world.cloud.journal().count(Operation::ImdsToken) > 0);
    assert_eq!(world.cloud.journal().count(Operation::Token), 0);

    let without = World::new();
    without.cloud.remove_system_identity();
    assert_ends(&without.ran("I9").await, JobStatus::Failure, &["identity"]);
    assert_eq!(without.cloud.journal().count(Operation::Token), 0, "no other identity is tried");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_without_its_key_is_refused_before_anything_is_sent() {
    let world = World::new();
    let leaf = world.leaf("web-01.example.com");
    for contents in [leaf.der().to_vec(), leaf.pfx_without_key()] {
        let output = world.run(&with_contents("A2", &contents)).await;
        assert_ends(&output, JobStatus::Failure, &["key"]);
    }
    assert_eq!(world.cloud.journal().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_alias_is_derived_from_the_certificate_and_told() {
    let world = World::new();
    let output = world.run(&adding("A3", &world.leaf("www.example.com"))).await;
    assert_ends(&output, JobStatus::Success, &["www-example-com"]);
    assert_eq!(world.vault().names(), ["www-example-com"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_or_throttled_look_is_a_failure_and_nothing_is_imported() {
    for fault in [
        Fault::on(Operation::GetCertificate).status(403),
        Fault::on(Operation::GetCertificate).throttled(),
        Fault::on(Operation::GetCertificate).status(500),
        Fault::on(Operation::GetCertificate).unreachable(),
    ] {
        let world = World::new();
        let before = world.leaf("web-01.example.com");
        world.vault().import("web-01", &before.pfx(), None).expect("imported");
        world.cloud.journal().clear();
        world.cloud.fault(fault);
        for fixture in ["A4", "A10"] {
            let output = world.run(&adding(fixture, &world.leaf("web-01.example.com"))).await;
            assert_ends(&output, JobStatus::Failure, &["web-01"]);
        }
        assert_eq!(world.cloud.journal().count(Operation::ImportCertificate), 0);
        assert_eq!(world.vault().versions("web-01").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn tags_are_joined_or_replaced_as_the_job_says() {
    for (preserve, expected) in [
        (json!(true), tags([("owner", "pki"), ("env", "prod")])),
        (json!(false), tags([("env", "prod")])),
        (Value::Null, tags([("env", "prod")])),
    ] {
        let world = World::new();
        let mut job = adding("A6", &world.leaf("web-01.example.com"));
        job["JobProperties"]["CertificateTags"] = r#"{"owner":"pki","env":"test"}"#.into();
        assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
        let mut job = adding("A6", &world.leaf("web-01.example.com"));
        job["JobProperties"]["PreserveExistingTags"] = preserve;
        assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
        assert_eq!(world.vault().newest("web-01").expect("a version").tags, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_tags_are_refused_before_the_import() {
    let world = World::new();
    let many = |from: usize| -> String {
        let tags: BTreeMap<String, &str> =
            (from..from + 10).map(|n| (format!("t{n}"), "v")).collect();
        serde_json::to_string(&tags).expect("JSON")
    };
    let mut job = adding("A6", &world.leaf("web-01.example.com"));
    job["JobProperties"]["CertificateTags"] = many(0).into();
    assert_ends(&world.run(&job).await, JobStatus::Success, &[]);
    let mut job = adding("A6", &world.leaf("web-01.example.com"));
    job["JobProperties"]["CertificateTags"] = many(10).into();
    assert_ends(&world.run(&job).await, JobStatus::Failure, &["at most 15 tags"]);
    assert_eq!(world.vault().versions("web-01").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_in_soft_delete_is_found_by_the_refusal_and_recovered() {
    let world = World::with(|cloud| {
        cloud
            .vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg").certificates(60))
            .deletion_takes(Duration::from_secs(5))
            .recovery_takes(Duration::from_secs(5))
    });
    let old = world.leaf("web-01.example.com");
    world.vault().import("was-deleted", &old.pfx(), None).expect("imported");
    world.vault().delete("was-deleted");
    let options = Options { soft_deleted: SoftDeleted::Refuse, ..Options::default() };
    let new = world.leaf("web-01.example.com");
    let refused = world.run_with(&adding("A7", &new), &options).await;
    assert_ends(&refused, JobStatus::Failure, &["soft"]);
    assert_eq!(world.vault().deleted_names(), ["was-deleted"]);

    let output = world.run(&adding("A7", &new)).await;
    assert_ends(&output, JobStatus::Success, &["was in soft delete", "recovered"]);
    let version = world.vault().newest("was-deleted").expect("a version");
    assert_eq!(version.thumbprint, new.thumbprint());
    assert_eq!(world.cloud.journal().count(Operation::ListDeletedCertificates), 0);
}

#[tokio::test(start_paused = true)]
async fn an_addition_looks_once_and_imports_once() {
    let world = World::new();
    for fixture in ["A5", "A10"] {
        world.cloud.journal().clear();
        let output = world.run(&adding(fixture, &world.leaf("web-01.example.com"))).await;
        assert_ends(&output, JobStatus::Success, &[]);
        let journal = world.cloud.journal();
        let vault = |entry: &akv_testkit::Entry| entry.vault.is_some() && entry.bearer;
        let requests = journal.entries().into_iter().filter(vault).count();
        assert!(requests <= 2, "{fixture}: {}", journal.json_lines());
    }
}

#[tokio::test(start_paused = true)]
async fn key_and_chain_arrive_whole_with_a_policy_that_fits_the_key() {
    for (key, kind, curve) in [
        (Key::Rsa4096, "RSA", None),
        (Key::P256, "EC", Some("P-256")),
        (Key::P384, "EC", Some("P-384")),
    ] {
        let world = World::new();
        let leaf = world.pki().leaf("web-01.example.com").key(key).issue();
        let mut job = adding("A9", &leaf);
        job["JobProperties"]["NonExportable"] = true.into();
        assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
        let version = world.vault().newest("ec-p384").expect("a version");
        assert_eq!(version.certificates.len(), 3, "leaf, intermediate and root");
        assert_eq!(version.certificates[0], leaf.der());
        assert!(!version.exportable);
        let bundle = world.vault().bundle("ec-p384");
        assert_eq!(bundle["policy"]["key_props"]["kty"], kind);
        assert_eq!(bundle["policy"]["key_props"]["crv"].as_str(), curve);
    }
}

#[tokio::test(start_paused = true)]
async fn pem_is_added_like_a_pfx() {
    let world = World::new();
    let leaf = world.leaf("web-01.example.com");
    let mut job = with_contents("A8", leaf.pem().as_bytes());
    assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
    job["JobCertificate"]["Alias"] = "web-02".into();
    job["JobCertificate"]["Contents"] = leaf.pem().into();
    assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
    for alias in ["web-01", "web-02"] {
        let version = world.vault().newest(alias).expect("a version");
        assert_eq!(version.thumbprint, leaf.thumbprint());
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_certificate_again_is_no_new_version() {
    let world = World::new();
    let leaf = world.leaf("web-01.example.com");
    for _ in 0..2 {
        let output = world.run(&adding("A10", &leaf)).await;
        assert_ends(&output, JobStatus::Success, &[&leaf.thumbprint().to_string()]);
    }
    assert_eq!(world.vault().versions("web-01").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn letter_case_does_not_make_another_certificate() {
    let world = World::new();
    let output = world.run(&adding("add", &world.leaf("web-01.example.com"))).await;
    assert_ends(&output, JobStatus::Success, &[]);
    assert_ends(&world.ran("R1").await, JobStatus::Success, &["removed"]);
    assert!(world.vault().names().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_removal_ends_when_the_service_has_settled_and_adding_again_works() {
    let world = World::with(|cloud| {
        cloud
            .vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
            .deletion_takes(Duration::from_secs(8))
    });
    let leaf = world.leaf("web-01.example.com");
    assert_ends(&world.run(&adding("add", &leaf)).await, JobStatus::Success, &[]);
    assert_ends(&world.ran("remove").await, JobStatus::Success, &["in soft delete"]);
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
async fn a_vault_is_created_in_its_groups_region_with_roles_and_never_changed_after() {
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
    assert_ends(&world.run(&again).await, JobStatus::Warning, &["exists already"]);
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
async fn the_chain_is_told_where_it_is_asked_for() {
    let world = World::new();
    let leaf = world.leaf("web-01.example.com");
    world.vault().import("web-01", &leaf.pfx(), None).expect("imported");
    for (coverage, count) in [(Coverage::Leaf, 1), (Coverage::Chain, 3)] {
        let options = Options { coverage, ..Options::default() };
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
        world.cloud.deny(Refusal::of(Operation::GetCertificate).named(alias));
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
async fn an_inventory_that_may_read_next_to_nothing_is_a_failure_without_items() {
    let world = World::with(|cloud| {
        cloud.vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg").certificates(5))
    });
    for alias in ["cert-000001", "cert-000002", "cert-000003", "cert-000004"] {
        world.cloud.deny(Refusal::of(Operation::GetCertificate).named(alias));
    }
    let output = world.ran("V3").await;
    assert_ends(&output, JobStatus::Failure, &["4 could not be read"]);
    assert_eq!(output.inventory, None);

    world.cloud.permit_all();
    world.cloud.deny(Operation::ListCertificates);
    let output = world.ran("V3").await;
    assert_ends(&output, JobStatus::Failure, &["not complete"]);
    assert_eq!(output.inventory, None);
}

#[tokio::test(start_paused = true)]
async fn a_second_page_that_fails_is_no_inventory() {
    let world = World::with(|cloud| {
        cloud.vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg").certificates(60))
    });
    world.cloud.fault(Fault::on(Operation::ListCertificates).calls(Calls::Every(2)).status(403));
    let output = world.ran("V1").await;
    assert_ends(&output, JobStatus::Failure, &["not complete"]);
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
    let options = Options { unchanged: Unchanged::Skip, ..Options::default() };
    let output = world.run_with(&job, &options).await;
    assert_ends(&output, JobStatus::Success, &["60 of them unchanged"]);
    assert_eq!(aliases(&output), aliases(&full));
    assert!(output.inventory.iter().flatten().all(|it| it.item_status == ItemStatus::Unchanged));
    assert_eq!(world.cloud.journal().count(Operation::GetCertificate), 0);
    assert!(world.cloud.journal().count(Operation::ListCertificates) <= 5);
}

#[tokio::test(start_paused = true)]
async fn discovery_goes_on_after_what_fails() {
    let world = World::with(|cloud| {
        cloud
            .subscription_in(TENANT, OTHER_SUBSCRIPTION, "Enabled")
            .vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg"))
            .vault_with("hidden", |vault| vault.placed(OTHER_SUBSCRIPTION, "pki-rg"))
    });
    let whole = world.ran("D2").await;
    assert_ends(&whole, JobStatus::Success, &["2 vaults found"]);
    world.cloud.deny(Refusal::of(Operation::ListVaults).in_subscription(OTHER_SUBSCRIPTION));
    let output = world.ran("D2").await;
    assert_ends(&output, JobStatus::Warning, &[OTHER_SUBSCRIPTION]);
    assert_eq!(output.discovery, Some(vec![format!("{SUBSCRIPTION}:pki-rg:contoso")]));
    world.cloud.deny(Refusal::of(Operation::ListVaults).in_subscription(SUBSCRIPTION));
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
    let options = Options { cloud: Some(Cloud::china()), ..Options::default() };
    let output = world.run_with(&tree("D5"), &options).await;
    assert_ends(&output, JobStatus::Success, &["1 vault"]);
    let lists = world.cloud.journal().of(Operation::ListVaults);
    assert!(lists.iter().all(|entry| entry.host == "management.chinacloudapi.cn"), "{lists:?}");
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

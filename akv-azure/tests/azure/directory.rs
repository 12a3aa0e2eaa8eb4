//! The control plane: existing and new vaults.

use akv_core::{
    AccessModel, Cloud, ErrorKind, NewVault, PublicAccess, PurgeProtection, Sku, VaultDirectory,
    VaultId, VaultOptions,
};
use akv_testkit::{Fault, Operation};
use tokio::time::Instant;

use crate::change::lost_reply_faults;
use crate::world::{World, seconds};

pub(crate) fn vault_id(world: &World, name: &str) -> VaultId {
    VaultId {
        subscription: world.cloud.subscription_id().parse().expect("a subscription"),
        resource_group: world.cloud.resource_group().parse().expect("a group"),
        name: name.parse().expect("a name"),
    }
}

pub(crate) fn new_vault(world: &World, name: &str) -> NewVault {
    NewVault::new(vault_id(world, name), "westeurope".parse().expect("a region"))
        .with_options(VaultOptions::default())
}

#[tokio::test(start_paused = true)]
async fn subscriptions_and_vaults_over_all_pages() {
    let other = "5b5c41b7-0000-4000-8000-000000000002";
    let world = World::with(|cloud| {
        let cloud = cloud.vaults_on_a_page(3).subscription_in(
            "7e4a47e4-0000-4000-8000-000000000001",
            other,
            "Disabled",
        );
        (0..8).fold(cloud, |cloud, number| cloud.vault(&format!("vault-{number}")))
    });
    let (directory, tenant) = (world.directory(), world.tenant());
    let subscriptions = directory.subscriptions(&tenant).await.expect("subscriptions").items;
    let states: Vec<_> =
        subscriptions.iter().map(|it| (it.state.as_str(), it.is_usable())).collect();
    assert_eq!(states, [("Enabled", true), ("Disabled", false)]);
    let vaults = directory.vaults(&tenant, subscriptions[0].id).await.expect("vaults").items;
    assert_eq!(vaults.len(), 8);
    let (subscription, group) = (world.cloud.subscription_id(), world.cloud.resource_group());
    assert_eq!(vaults[0].to_string(), format!("{subscription}:{group}:vault-0"));
    assert_eq!(world.cloud.journal().count(Operation::ListVaults), 3);
    assert_eq!(world.cloud.journal().count(Operation::Token), 1);
}

#[tokio::test(start_paused = true)]
async fn every_cloud_is_asked_at_its_own_resource_manager() {
    for cloud in [Cloud::public(), Cloud::government(), Cloud::china()] {
        let world = World::new();
        let directory = world.azure.directory(&cloud, world.credential()).expect("a directory");
        assert!(!directory.subscriptions(&world.tenant()).await.expect("listed").items.is_empty());
        let hosts: Vec<_> = world.cloud.journal().entries().into_iter().map(|it| it.host).collect();
        let expected = [&cloud.authority, &cloud.resource_manager];
        assert_eq!(hosts, expected.map(|url| url.trim_start_matches("https://").to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn missing_subscription_is_a_failure() {
    let world = World::new();
    let (directory, tenant) = (world.directory(), world.tenant());
    let unknown = "5b5c41b7-0000-4000-8000-0000000000ff".parse().expect("an id");
    let error = directory.vaults(&tenant, unknown).await.expect_err("not there");
    assert!(error.to_string().contains("5b5c41b7-0000-4000-8000-0000000000ff"), "{error}");
    let id = VaultId { subscription: unknown, ..vault_id(&world, "contoso") };
    assert!(directory.vault(&tenant, &id).await.is_err(), "not to be seen is not absent");
}

#[tokio::test(start_paused = true)]
async fn a_vault_and_a_group_are_there_or_not() {
    let world = World::new();
    let (directory, tenant) = (world.directory(), world.tenant());
    let id = vault_id(&world, "Contoso");
    let vault = directory.vault(&tenant, &id).await.expect("a look").expect("there");
    assert_eq!(vault.region.as_str(), "westeurope");
    assert_eq!(vault.uri.as_deref(), Some("https://contoso.vault.azure.net"));
    assert_eq!(directory.vault(&tenant, &vault_id(&world, "nobody")).await.expect("a look"), None);
    let region = directory.resource_group_region(&tenant, id.subscription, &id.resource_group);
    assert_eq!(region.await.expect("a look").expect("there").as_str(), "westeurope");
    let nowhere = "nowhere".parse().expect("a group");
    let region = directory.resource_group_region(&tenant, id.subscription, &nowhere);
    assert_eq!(region.await.expect("a look"), None);
}

#[tokio::test(start_paused = true)]
async fn a_new_vault_is_as_it_was_ordered_and_answers() {
    let world = World::with(|cloud| cloud.creation_takes(seconds(25)));
    let directory = world.directory();
    let vault = new_vault(&world, "fabrikam").with_options(
        VaultOptions::default()
            .with_sku(Sku::Premium)
            .with_purge_protection(PurgeProtection::On)
            .with_retention("14".parse().expect("days"))
            .with_tags(vec![("owner".into(), "pki".into())]),
    );
    let start = Instant::now();
    let created = directory.create(&world.tenant(), &vault).await.expect("created");
    assert!(start.elapsed() >= seconds(25), "it waits until the vault answers");
    assert_eq!(created.provisioning_state.as_deref(), Some("Succeeded"));
    assert_eq!(created.path.vault().as_str(), "fabrikam");
    let health = world.cloud.journal().of(Operation::HealthStatus);
    assert!(!health.is_empty() && health.iter().all(|entry| !entry.bearer));
    let seen = directory.vault(&world.tenant(), &vault.id).await.expect("a look");
    assert_eq!(seen, Some(created));
}

#[tokio::test(start_paused = true)]
async fn private_vault_is_not_awaited_at_its_public_name() {
    let world = World::new();
    let vault = new_vault(&world, "fabrikam")
        .with_options(VaultOptions::default().with_public_access(PublicAccess::Disabled));
    world.directory().create(&world.tenant(), &vault).await.expect("created");
    assert_eq!(world.cloud.journal().count(Operation::HealthStatus), 0);
}

#[tokio::test(start_paused = true)]
async fn access_policies_have_the_given_object_ids() {
    let world = World::new();
    let object = "0b1ec700-0000-4000-8000-00000000000a".parse().expect("a GUID");
    let vault = new_vault(&world, "fabrikam")
        .with_options(VaultOptions::default().with_access(AccessModel::Policies(vec![object])));
    world.directory().create(&world.tenant(), &vault).await.expect("created");
    // The fake denies certificate operations per vault.
    world.cloud.deny(Operation::ListCertificates);
    let address = world.address("fabrikam", Cloud::public());
    let store = world.azure.store(&address, world.credential()).expect("a store");
    let error = futures::StreamExt::next(&mut akv_core::CertificateStore::list(
        &store,
        akv_core::ListOptions::default(),
    ))
    .await;
    let error = error.expect("an item").expect_err("refused");
    assert!(error.to_string().contains("AccessDenied"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_tenant_by_its_domain_is_translated_for_the_body() {
    let world = World::new();
    let domain = "contoso.onmicrosoft.com".parse().expect("a tenant");
    let vault = new_vault(&world, "fabrikam");
    world.directory().create(&domain, &vault).await.expect("created");
    assert_eq!(world.cloud.journal().count(Operation::GetSubscription), 1);
    assert!(world.cloud.vault("fabrikam").exists());
}

#[tokio::test(start_paused = true)]
async fn name_in_use_elsewhere_is_reported_with_a_hint() {
    let world = World::new();
    let taken = Fault::on(Operation::CreateVault).error(409, "VaultAlreadyExists", None);
    world.cloud.fault(taken);
    let vault = new_vault(&world, "fabrikam");
    let error = world.directory().create(&world.tenant(), &vault).await.expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::NameTaken);
    assert!(error.advice().is_some_and(|advice| advice.contains("another name")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn unresponsive_new_vault_is_reported_as_created() {
    let mut world = World::new();
    world.tap("/healthstatus", None);
    let vault = new_vault(&world, "fabrikam");
    let error = world.directory().create(&world.tenant(), &vault).await.expect_err("silent");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("the service created the vault"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn only_the_vaults_own_answer_is_a_sign_of_life() {
    let page = "<html><head><title>Sign in to the proxy</title></head></html>";
    let json = r#"{"error":{"code":"VaultNotFound","message":"no such vault"}}"#;
    for (status, body) in [
        (200, page),
        (302, ""),
        (302, "{}"),
        (403, page),
        (404, ""),
        (404, json),
        (407, r#"{"error":{"code":"ProxyAuthenticationRequired"}}"#),
    ] {
        let mut world = World::new();
        world.tap("/healthstatus", Some((status, body)));
        let vault = new_vault(&world, "fabrikam");
        let created = world.directory().create(&world.tenant(), &vault).await;
        let error = created.expect_err("no connection");
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{status} {body}: {error}");
        assert!(error.to_string().contains("the service created the vault"), "{error}");
    }
    for (status, body) in [
        (200, "[]\r\n"),
        (403, r#"{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByFirewall"}}}"#),
    ] {
        let mut world = World::new();
        world.tap("/healthstatus", Some((status, body)));
        let vault = new_vault(&world, "fabrikam");
        world.directory().create(&world.tenant(), &vault).await.expect("it is there");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_an_order_makes_one_vault_with_one_order() {
    for fault in lost_reply_faults(Operation::CreateVault) {
        let world = World::new();
        let vault = new_vault(&world, "fabrikam");
        let counter = world.cloud.fault(fault.clone());
        let created = world.directory().create(&world.tenant(), &vault).await;
        assert_eq!(created.expect("a vault").path.vault().as_str(), "fabrikam", "{fault:?}");
        assert_eq!(counter.hits(), 1, "{fault:?}");
        assert_eq!(world.cloud.journal().count(Operation::CreateVault), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_did_not_arrive_is_repeated() {
    for fault in [
        Fault::on(Operation::CreateVault).nth(1).close_connection(),
        Fault::on(Operation::CreateVault).nth(1).status(503),
    ] {
        let world = World::new();
        world.cloud.fault(fault);
        let vault = new_vault(&world, "fabrikam");
        world.directory().create(&world.tenant(), &vault).await.expect("a vault");
        assert_eq!(world.cloud.journal().count(Operation::CreateVault), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn vault_creation_with_unknown_outcome_is_reported() {
    let world = World::new();
    world.cloud.fault(Fault::on(Operation::CreateVault).after_change().close_connection());
    world.cloud.deny(Operation::GetVault);
    let vault = new_vault(&world, "fabrikam");
    let error = world.directory().create(&world.tenant(), &vault).await.expect_err("not known");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("cannot tell whether the service created"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_vault_creation_reports_the_vault() {
    // It is cancelled during provisioning, and while its name does not resolve yet.
    for takes in [60, 1] {
        let mut world = World::with(|cloud| cloud.creation_takes(seconds(takes)));
        world.tap("/healthstatus", None);
        let vault = new_vault(&world, "fabrikam");
        let (directory, tenant) = (world.directory(), world.tenant());
        let cancelling = async {
            tokio::time::sleep(seconds(5)).await;
            world.cancellation.cancel();
        };
        let (created, ()) =
            futures::future::join(directory.create(&tenant, &vault), cancelling).await;
        let error = created.expect_err("cancelled");
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        assert!(error.to_string().contains("the service created the vault, but"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn unreadable_new_vault_counts_as_created() {
    let world = World::with(|cloud| cloud.creation_takes(seconds(25)));
    world.cloud.deny(Operation::GetVault);
    let vault = new_vault(&world, "fabrikam");
    let error = world.directory().create(&world.tenant(), &vault).await.expect_err("not seen");
    assert!(matches!(error.kind(), ErrorKind::Denied(_)), "{error}");
    assert!(error.to_string().contains("the service created the vault, but"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn circular_list_is_detected() {
    let world = World::new();
    world.cloud.fault(Fault::on(Operation::ListVaults).endless_pages());
    let id = vault_id(&world, "contoso");
    let listed = world.directory().vaults(&world.tenant(), id.subscription).await;
    assert_eq!(listed.expect_err("endless").kind(), ErrorKind::Protocol);
    assert_eq!(world.cloud.journal().count(Operation::ListVaults), 2);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_cannot_be_read_does_not_hide_the_others() {
    let good = "/subscriptions/5b5c41b7-0000-4000-8000-000000000001/resourceGroups/pki/providers/Microsoft.KeyVault/vaults/contoso";
    let vaults =
        format!(r#"{{"value":[{{"id":"nonsense"}},{{}},5,null,{{"id":7}},{{"id":"{good}"}}]}}"#);
    let subscriptions = r#"{"value":[{"displayName":"?"},{"subscriptionId":"x"},null,{"subscriptionId":"5b5c41b7-0000-4000-8000-000000000001"}]}"#;
    let world = World::new();
    let json = |operation, body| Fault::on(operation).nth(1).body(200, "application/json", body);
    world.cloud.fault(json(Operation::ListVaults, &vaults));
    world.cloud.fault(json(Operation::ListSubscriptions, subscriptions));
    let (directory, tenant) = (world.directory(), world.tenant());
    let subscriptions = directory.subscriptions(&tenant).await.expect("a list");
    assert_eq!(subscriptions.items.len(), 1);
    let gap = subscriptions.gap.expect("a gap").to_string();
    assert!(gap.contains("3 of 4 listed cannot be read"), "{gap}");
    let vaults = directory.vaults(&tenant, subscriptions.items[0].id).await.expect("a list");
    assert_eq!(vaults.items.iter().map(|it| it.vault().as_str()).collect::<Vec<_>>(), ["contoso"]);
    assert_eq!(vaults.gap.expect("a gap").kind(), ErrorKind::Protocol);
}

#[tokio::test(start_paused = true)]
async fn resource_managers_pace_is_kept() {
    let world = World::new();
    let (directory, tenant) = (world.directory(), world.tenant());
    let wait = seconds(17);
    world.cloud.fault(Fault::on(Operation::GetVault).nth(1).throttled_for(wait));
    let start = Instant::now();
    let id = vault_id(&world, "contoso");
    assert!(directory.vault(&tenant, &id).await.expect("a look").is_some());
    assert!(start.elapsed() >= wait);
    assert_eq!(world.cloud.journal().count(Operation::GetVault), 2);
}

#[tokio::test(start_paused = true)]
async fn exhausted_budget_is_respected_by_all_clients() {
    let world = World::new();
    let (directory, tenant) = (world.directory(), world.tenant());
    world.cloud.fault(Fault::on(Operation::GetVault).nth(1).throttled_for(seconds(17)));
    let id = vault_id(&world, "contoso");
    let later = async {
        tokio::time::sleep(seconds(2)).await;
        directory.vaults(&tenant, id.subscription).await.expect("listed");
    };
    let start = world.cloud.clock().now();
    let (looked, ()) = futures::future::join(directory.vault(&tenant, &id), later).await;
    assert!(looked.expect("a look").is_some());
    let listed = world.cloud.journal().of(Operation::ListVaults);
    assert!(listed[0].at - start >= seconds(17), "it was sent after {}", listed[0].at - start);
}

#[tokio::test(start_paused = true)]
async fn a_link_to_another_host_is_not_followed() {
    let world = World::new();
    let elsewhere = "https://evil.example/subscriptions?api-version=2022-12-01";
    world.cloud.fault(Fault::on(Operation::ListSubscriptions).next_link(elsewhere));
    let error = world.directory().subscriptions(&world.tenant()).await.expect_err("elsewhere");
    assert_eq!(error.kind(), ErrorKind::UntrustedHost);
    assert!(world.cloud.journal().entries().iter().all(|entry| entry.host != "evil.example"));
}

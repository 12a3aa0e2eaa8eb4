//! The operations of a vault without failures.

use akv_core::{
    CertificateDer, CertificateStore, Cloud, Deletion, Exportable, ListOptions, ListedCertificate,
    Purged, Result,
};
use akv_testkit::conformance::Conformance;
use akv_testkit::pki::Key;
use akv_testkit::{Operation, Pages, VaultPlan};
use futures::{StreamExt, TryStreamExt};

use crate::world::{World, importing, name, seconds, tags};

async fn listed(store: &impl CertificateStore) -> Vec<ListedCertificate> {
    store.list(ListOptions::default()).try_collect().await.expect("a list")
}

#[tokio::test(start_paused = true)]
async fn a_list_is_whole_and_in_order_over_all_its_pages() {
    let world = World::new();
    world.cloud.vault("contoso").seed(103);
    let store = world.store();
    let names: Vec<_> = listed(&store).await.iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, world.cloud.vault("contoso").names());
    assert_eq!(world.cloud.journal().count(Operation::ListCertificates), 5);
    assert_eq!(world.cloud.journal().count(Operation::Token), 1);
}

#[tokio::test(start_paused = true)]
async fn short_and_empty_pages_are_part_of_a_list() {
    for pages in [Pages::of(7), Pages::of(7).empty_every(2)] {
        let world = World::with(|cloud| cloud.vault("contoso").pages(pages));
        world.cloud.vault("contoso").seed(60);
        assert_eq!(listed(&world.store()).await.len(), 60);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_asked_for_when_it_is_wanted() {
    let world = World::new();
    world.cloud.vault("contoso").seed(100);
    let store = world.store();
    let first: Vec<Result<ListedCertificate>> =
        store.list(ListOptions::default()).take(10).collect().await;
    assert!(first.iter().all(Result::is_ok));
    assert_eq!(world.cloud.journal().count(Operation::ListCertificates), 1);
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_key_is_imported_and_comes_back() {
    let world = World::new();
    let store = world.store();
    for (key, kind) in [
        (Key::Rsa2048, "RSA"),
        (Key::Rsa3072, "RSA"),
        (Key::Rsa4096, "RSA"),
        (Key::P256, "EC"),
        (Key::P384, "EC"),
        (Key::P521, "EC"),
    ] {
        let leaf = world.leaf_with("www.contoso.com", key);
        let import = importing("web", &leaf)
            .with_tags(tags(&[("owner", "pki")]))
            .with_exportable(Exportable::No);
        let imported = store.import(&import).await.expect("an import");
        assert_eq!(imported.thumbprint, Some(leaf.thumbprint()));
        assert_eq!(imported.der.as_deref(), Some(leaf.der()));
        assert_eq!(imported.tags, tags(&[("owner", "pki")]));
        let state = imported.key.as_ref().expect("a key");
        assert_eq!((state.exportable, state.kind.as_deref()), (Some(Exportable::No), Some(kind)));
        assert_eq!(store.certificate(&name("web")).await.expect("a look"), Some(imported));
    }
    assert_eq!(world.cloud.vault("contoso").versions("web").len(), 6);
}

#[tokio::test(start_paused = true)]
async fn an_imported_certificate_is_never_renewed_by_the_vault() {
    let world = World::new();
    let leaf = world.leaf("www.contoso.com");
    world.store().import(&importing("web", &leaf)).await.expect("an import");
    let policy = world.cloud.vault("contoso").bundle("web")["policy"].clone();
    assert_eq!(policy["issuer"]["name"], "Unknown");
    assert!(!policy.to_string().contains("AutoRenew"), "{policy}");
    assert_eq!(policy["secret_props"]["contentType"], "application/x-pkcs12");
    assert_eq!(policy["key_props"]["reuse_key"], false);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_held_pem_takes_pkcs12() {
    let world = World::new();
    let (old, new) = (world.leaf("old.contoso.com"), world.leaf("new.contoso.com"));
    world.cloud.vault("contoso").import("web", old.pem().as_bytes(), None).expect("PEM");
    world.store().import(&importing("web", &new)).await.expect("an import");
    let newest = world.cloud.vault("contoso").newest("web").expect("a version");
    assert_eq!(newest.thumbprint, new.thumbprint());
    assert_eq!(newest.content_type, "application/x-pkcs12");
}

#[tokio::test(start_paused = true)]
async fn the_chain_comes_leaf_first_out_of_pkcs12_and_pem() {
    let world = World::new();
    let store = world.store();
    let leaf = world.leaf("www.contoso.com");
    let chain = leaf.chain().iter().map(|der| CertificateDer::from(&**der));
    let whole: Vec<_> = std::iter::once(leaf.der().into()).chain(chain).collect();
    let imported = store.import(&importing("web", &leaf)).await.expect("an import");
    let chain = store.chain(&name("web"), &imported.version).await.expect("a chain");
    assert_eq!(chain, whole);

    world.cloud.vault("contoso").import("pem", leaf.pem().as_bytes(), None).expect("PEM");
    let version = store.certificate(&name("pem")).await.expect("a look").expect("there").version;
    assert_eq!(store.chain(&name("pem"), &version).await.expect("a chain"), whole);
}

#[tokio::test(start_paused = true)]
async fn the_chain_of_a_key_that_cannot_leave_is_read_too() {
    let world = World::new();
    let leaf = world.leaf("www.contoso.com");
    let import = importing("web", &leaf).with_exportable(Exportable::No);
    let store = world.store();
    let version = store.import(&import).await.expect("an import").version;
    let chain = store.chain(&name("web"), &version).await.expect("a chain");
    assert_eq!(chain.first().map(|der| &**der), Some(leaf.der()));
    assert_eq!(chain.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn names_are_one_in_whatever_case() {
    let world = World::new();
    let store = world.store();
    let leaf = world.leaf("www.contoso.com");
    store.import(&importing("Web-01", &leaf)).await.expect("an import");
    let found = store.certificate(&name("wEB-01")).await.expect("a look").expect("there");
    assert_eq!(found.name, name("web-01"));
    assert!(store.delete(&name("WEB-01")).await.expect("a deletion").is_some());
}

#[tokio::test(start_paused = true)]
async fn tags_are_replaced_without_a_new_version() {
    let world = World::new();
    let store = world.store();
    let leaf = world.leaf("www.contoso.com");
    store.import(&importing("web", &leaf)).await.expect("an import");
    let wanted = tags(&[("owner", "pki"), ("environment", "production äöü")]);
    let updated = store.update_tags(&name("web"), &wanted).await.expect("an update");
    assert_eq!(updated.tags, wanted);
    assert_eq!(world.cloud.vault("contoso").versions("web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn absent_object_is_none() {
    let world = World::new();
    let store = world.store();
    let absent = name("nobody");
    assert_eq!(store.certificate(&absent).await.expect("a look"), None);
    assert_eq!(store.deleted(&absent).await.expect("a look"), None);
    assert_eq!(store.delete(&absent).await.expect("a deletion"), None);
    assert_eq!(store.recover(&absent).await.expect("a recovery"), None);
    assert_eq!(store.purge(&absent).await.expect("a purge"), Purged::NothingThere);
    assert!(store.update_tags(&absent, &tags(&[])).await.is_err(), "there is nothing to update");
}

#[tokio::test(start_paused = true)]
async fn deleting_returns_when_it_has_settled() {
    let world = World::with(|cloud| {
        cloud.vault("contoso").deletion_takes(seconds(14)).purge_takes(seconds(5))
    });
    let store = world.store();
    store.import(&importing("web", &world.leaf("a.example"))).await.expect("an import");
    assert_eq!(store.delete(&name("web")).await.expect("deleted"), Some(Deletion::SoftDeleted));
    let deleted = store.deleted(&name("web")).await.expect("a look").expect("soft-deleted");
    assert!(deleted.scheduled_purge > deleted.deleted);
    assert_eq!(store.purge(&name("web")).await.expect("purged"), Purged::Done);
    // The name is not available at once; the import waits for it.
    store.import(&importing("web", &world.leaf("b.example"))).await.expect("an import");
}

#[tokio::test(start_paused = true)]
async fn without_soft_delete_a_deletion_is_final() {
    let world = World::with(|cloud| cloud.vault_with("contoso", VaultPlan::without_soft_delete));
    let store = world.store();
    store.import(&importing("web", &world.leaf("a.example"))).await.expect("an import");
    assert_eq!(store.delete(&name("web")).await.expect("deleted"), Some(Deletion::Gone));
}

#[tokio::test(start_paused = true)]
async fn recovering_returns_when_it_is_live_and_the_next_import_waits() {
    let world = World::with(|cloud| {
        cloud.vault("contoso").recovery_takes(seconds(9)).recovery_lingers(seconds(20))
    });
    let store = world.store();
    let (old, new) = (world.leaf("a.example"), world.leaf("b.example"));
    store.import(&importing("web", &old)).await.expect("an import");
    store.delete(&name("web")).await.expect("deleted");
    let recovered = store.recover(&name("web")).await.expect("recovered").expect("was deleted");
    assert_eq!(recovered.thumbprint, Some(old.thumbprint()));
    let imported = store.import(&importing("web", &new)).await.expect("an import");
    assert_eq!(imported.thumbprint, Some(new.thumbprint()));
}

#[tokio::test(start_paused = true)]
async fn every_cloud_has_its_own_vaults_and_tokens() {
    for (cloud, host) in [
        (Cloud::public(), "contoso.vault.azure.net"),
        (Cloud::government(), "contoso.vault.usgovcloudapi.net"),
        (Cloud::china(), "contoso.vault.azure.cn"),
    ] {
        let world = World::new();
        world.cloud.vault("contoso").seed(1);
        let authority = cloud.authority.trim_start_matches("https://").to_owned();
        let store = world
            .azure
            .store(&world.address("contoso", cloud), world.credential())
            .expect("a store");
        assert_eq!(listed(&store).await.len(), 1);
        let hosts: Vec<_> = world.cloud.journal().entries().into_iter().map(|it| it.host).collect();
        assert_eq!(hosts, [authority.as_str(), host]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_private_endpoint_is_asked_in_the_place_of_the_public_name() {
    let world = World::with(|cloud| cloud.vault("contoso").vault_suffix("privatelink.example.net"));
    world.cloud.vault("contoso").seed(1);
    let mut address = world.address("contoso", Cloud::public());
    address.private_endpoint = "privatelink.example.net".parse().ok();
    let store = world.azure.store(&address, world.credential()).expect("a store");
    assert_eq!(listed(&store).await.len(), 1);
    let hosts: Vec<_> = world.cloud.journal().entries().into_iter().map(|it| it.host).collect();
    assert_eq!(hosts[1], "contoso.privatelink.example.net");
}

#[tokio::test(start_paused = true)]
async fn store_in_another_cloud_is_rejected_before_sending() {
    let world = World::new();
    let address = world.address("https://contoso.vault.azure.cn/", Cloud::public());
    assert!(world.azure.store(&address, world.credential()).is_err());
    assert_eq!(world.cloud.journal().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_keeps_every_promise_of_a_store() {
    let world = World::with(|cloud| {
        cloud.vault("contoso").deletion_takes(seconds(8)).recovery_takes(seconds(5))
    });
    let now = world.cloud.clock().now();
    let report = Conformance::new("conform").at(now).run(&world.store()).await;
    assert!(report.passed(), "{report}");
}

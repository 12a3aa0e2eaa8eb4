//! The optional lists of a vault: soft-deleted certificates, versions of one.

use akv_azure::KeyVault;
use akv_core::{
    CertificateStore, CertificateVersions, ErrorKind, ListedDeletedCertificate, Precondition,
    Result,
};
use akv_testkit::{Operation, Pages};
use futures::TryStreamExt;

use crate::world::{World, importing, name};

async fn deleted(store: &KeyVault) -> Result<Vec<ListedDeletedCertificate>> {
    store.soft_deleted().expect("a list").list().try_collect().await
}

#[tokio::test(start_paused = true)]
async fn deleted_certificates_are_listed_over_all_pages() {
    let world = World::with(|cloud| cloud.vault("contoso").pages(Pages::of(2).empty_every(2)));
    world.cloud.vault("contoso").seed(5);
    let store = world.store();
    for name in world.cloud.vault("contoso").names() {
        store.delete(&name.parse().expect("a name")).await.expect("deleted");
    }
    let deleted = deleted(&store).await.expect("a list");
    let mut names: Vec<_> = deleted.iter().map(|it| it.certificate.name.to_string()).collect();
    names.sort();
    assert_eq!(names, world.cloud.vault("contoso").deleted_names());
    assert!(deleted.iter().all(|it| it.deleted < it.scheduled_purge && it.deleted.is_some()));
}

#[tokio::test(start_paused = true)]
async fn versions_are_listed_and_an_unknown_name_has_none() {
    let world = World::new();
    let store = world.store();
    store.import(&importing("web", &world.leaf("www.contoso.com"))).await.expect("imported");
    let second = importing("web", &world.leaf("www.contoso.com"));
    let second = second.with_precondition(Precondition::Present);
    store.import(&second).await.expect("imported");
    let versions: Vec<_> = store.list_versions(&name("WEB")).try_collect().await.expect("a list");
    assert_eq!(versions.len(), 2);
    assert!(versions.iter().all(|it| it.thumbprint.is_some() && it.attributes.enabled));
    let none: Vec<_> = store.list_versions(&name("none")).try_collect().await.expect("a list");
    assert!(none.is_empty());
}

#[tokio::test(start_paused = true)]
async fn denied_list_is_an_error_and_never_empty() {
    let world = World::new();
    world.cloud.deny(Operation::ListDeletedCertificates);
    world.cloud.deny(Operation::ListVersions);
    let store = world.store();
    let deleted = deleted(&store).await.expect_err("denied");
    let versions = store.list_versions(&name("web")).try_collect::<Vec<_>>().await;
    for error in [deleted, versions.expect_err("denied")] {
        assert!(matches!(error.kind(), ErrorKind::Denied(_)), "{error}");
        assert!(error.to_string().contains("Key Vault Reader"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn item_of_another_certificate_ends_the_list() {
    let mut world = World::new();
    let answer = r#"{"value":[{"id":"https://contoso.vault.azure.net/certificates/other/0123456789abcdef0123456789abcdef"}]}"#;
    world.tap("/certificates/web/versions", Some((200, answer)));
    let listed = world.store().list_versions(&name("web")).try_collect::<Vec<_>>().await;
    assert_eq!(listed.expect_err("another certificate").kind(), ErrorKind::Protocol);
}

//! Clouds that describe themselves.

use akv_core::{Cloud, ErrorKind};

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn the_built_in_clouds_describe_themselves_as_we_know_them() {
    for cloud in [Cloud::public(), Cloud::government(), Cloud::china()] {
        let world = World::new();
        let read = world.azure.cloud_from_metadata(&cloud.resource_manager).await.expect("a cloud");
        assert_eq!(read.authority, cloud.authority);
        assert_eq!(read.vault_suffix, cloud.vault_suffix);
        assert_eq!(read.vault_audience, cloud.vault_audience);
        assert_eq!(read.resource_manager, cloud.resource_manager);
        assert!(world.cloud.journal().entries().iter().all(|entry| !entry.bearer));
    }
}

#[tokio::test(start_paused = true)]
async fn single_cloud_is_accepted_too() {
    let mut world = World::new();
    let body = r#"{
        "name": "Bleu",
        "authentication": {"loginEndpoint": "https://login.sovcloud-identity.fr/", "audiences": ["https://management.core.example/"]},
        "suffixes": {"keyVaultDns": ".vault.sovcloud-api.fr"}
    }"#;
    world.tap("/metadata/endpoints", Some((200, body)));
    let cloud = world.azure.cloud_from_metadata("https://management.azure.com/").await;
    let cloud = cloud.expect("a cloud");
    assert_eq!(cloud.vault_suffix, "vault.sovcloud-api.fr");
    assert_eq!(cloud.vault_audience, "https://vault.sovcloud-api.fr");
    assert_eq!(cloud.authority, "https://login.sovcloud-identity.fr");
    assert_eq!(cloud.resource_manager_audience, "https://management.core.example");
}

#[tokio::test(start_paused = true)]
async fn incomplete_body_is_rejected() {
    let mut world = World::new();
    for body in ["{}", "[]", r#"{"authentication":{"loginEndpoint":"https://x"},"suffixes":{}}"#] {
        world.tap("/metadata/endpoints", Some((200, body)));
        let error = world.azure.cloud_from_metadata("https://management.azure.com").await;
        assert_eq!(error.expect_err(body).kind(), ErrorKind::Protocol, "{body}");
    }
    let plain = world.azure.cloud_from_metadata("http://management.azure.com").await;
    assert_eq!(plain.expect_err("no https").kind(), ErrorKind::Invalid);
}

//! The domain's jobs over REST: what only the service and its answers can show. The decisions
//! are tested in akv-core.

use std::sync::Arc;

use akv_core::job::{
    AddRequest, CertificateFile, DirectoryJobs, DiscoveryJob, DiscoveryRequest, InventoryItem,
    InventoryJob, InventoryRequest, ManagementJob, Overwrite, Purge, RemoveRequest, Status,
    StoreJobs,
};
use akv_core::{FixedClock, Password};
use akv_testkit::Operation;
use zeroize::Zeroizing;

use crate::world::{World, name, seconds};

fn jobs(world: &World) -> StoreJobs {
    let clock = Arc::new(FixedClock::at(world.cloud.clock().now()));
    let (store, directory) = (Arc::new(world.store()), Arc::new(world.directory()));
    StoreJobs::new(store, directory, Some(world.tenant()), clock)
}

fn request(pfx: Vec<u8>) -> AddRequest {
    AddRequest::new(CertificateFile::Pfx(Zeroizing::new(pfx)), Password::default())
        .with_name(name("web"))
}

#[tokio::test(start_paused = true)]
async fn a_new_name_and_a_replacement_cost_two_requests_each() {
    let world = World::new();
    let jobs = jobs(&world);
    let added = jobs.add(&request(world.leaf("a.example").pfx())).await;
    assert_eq!(added.status(), Status::Success, "{}", added.message());
    assert_eq!(world.cloud.journal().total(), 3, "one of them for the token");
    let replacement = request(world.leaf("b.example").pfx()).with_overwrite(Overwrite::Yes);
    let replaced = jobs.add(&replacement).await;
    assert_eq!(replaced.status(), Status::Success, "{}", replaced.message());
    assert_eq!(world.cloud.journal().total(), 5);
    assert_eq!(world.cloud.journal().count(Operation::ListDeletedCertificates), 0);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_in_soft_delete_comes_back_with_the_new_version() {
    let world = World::with(|cloud| {
        let cloud = cloud.vault("contoso").deletion_takes(seconds(12));
        cloud.recovery_takes(seconds(7)).recovery_lingers(seconds(10))
    });
    let jobs = jobs(&world);
    jobs.add(&request(world.leaf("a.example").pfx())).await;
    let removed = jobs.remove(&RemoveRequest::new(name("web")).with_purge(Purge::No)).await;
    assert_eq!(removed.status(), Status::Success, "{}", removed.message());
    let new = world.leaf("b.example");
    let added = jobs.add(&request(new.pfx())).await;
    assert_eq!(added.status(), Status::Success, "{}", added.message());
    assert!(added.message().contains("recovered"), "{}", added.message());
    let newest = world.cloud.vault("contoso").newest("web").expect("a version");
    assert_eq!(newest.thumbprint, new.thumbprint());
}

#[tokio::test(start_paused = true)]
async fn duplicate_name_of_a_list_is_reported_once() {
    let world = World::new();
    world.cloud.vault("contoso").seed(2);
    let item = |name: &str| {
        format!(
            r#"{{"id":"https://contoso.vault.azure.net/certificates/{name}","attributes":{{}}}}"#
        )
    };
    let page = [item("cert-000001"), item("CERT-000001"), item("cert-000002")].join(",");
    let fault = akv_testkit::Fault::on(Operation::ListCertificates);
    world.cloud.fault(fault.body(200, "application/json", &format!("{{\"value\":[{page}]}}")));
    let mut items: Vec<InventoryItem> = Vec::new();
    let outcome = jobs(&world).inventory(&InventoryRequest::default(), &mut items).await;
    assert_eq!((outcome.status, items.len()), (Status::Success, 2), "{}", outcome.message());
}

#[tokio::test(start_paused = true)]
async fn invalid_certificate_is_a_warning_and_not_returned() {
    let id =
        "https://contoso.vault.azure.net/certificates/cert-000002/0123456789abcdef0123456789abcdef";
    for cer in ["AAAA", "@@", "PGh0bWw+YmxvY2tlZDwvaHRtbD4="] {
        let world = World::new();
        world.cloud.vault("contoso").seed(3);
        let body = format!(r#"{{"id":"{id}","cer":"{cer}","attributes":{{}}}}"#);
        let fault = akv_testkit::Fault::on(Operation::GetCertificate).named("cert-000002");
        world.cloud.fault(fault.body(200, "application/json", &body));
        let mut items: Vec<InventoryItem> = Vec::new();
        let outcome = jobs(&world).inventory(&InventoryRequest::default(), &mut items).await;
        assert_eq!((outcome.status, items.len()), (Status::Warning, 2), "{}", outcome.message());
        assert!(outcome.message().contains("cert-000002"), "{}", outcome.message());
        assert!(
            outcome.message().contains("the certificate in it is not"),
            "{}",
            outcome.message()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_subscriptions_are_looked_through_side_by_side() {
    let world = World::with(|cloud| {
        let cloud = cloud.latency(std::time::Duration::from_millis(50));
        (2..=200).fold(cloud, |cloud, number| {
            cloud.subscription(&format!("5b5c41b7-0000-4000-8000-{number:012}"))
        })
    });
    let start = tokio::time::Instant::now();
    let request = DiscoveryRequest::new(vec![world.tenant()]);
    let found = DirectoryJobs::new(Arc::new(world.directory())).discover(&request).await;
    assert_eq!((found.status, found.subscriptions), (Status::Success, 200));
    assert!(start.elapsed() <= std::time::Duration::from_millis(1500), "{:?}", start.elapsed());
}

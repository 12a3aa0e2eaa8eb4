//! Finds vaults through Resource Graph: all of them, or an error.

use std::sync::Arc;

use akv_core::job::{DirectoryJobs, DiscoveryJob, DiscoveryOutcome, DiscoveryRequest, Status, Via};
use akv_testkit::{FakeCloudBuilder, Fault, Operation};

use crate::world::World;

async fn discover(world: &World, via: Via) -> DiscoveryOutcome {
    let request = DiscoveryRequest::new(vec![world.tenant()]).with_via(via);
    DirectoryJobs::new(Arc::new(world.directory())).discover(&request).await
}

fn stores(outcome: &DiscoveryOutcome) -> Vec<String> {
    let mut stores: Vec<_> = outcome.stores.iter().map(ToString::to_string).collect();
    stores.sort();
    stores
}

/// `each` vaults in each of so many subscriptions, in addition to the first, which has one vault.
fn fleet(cloud: FakeCloudBuilder, subscriptions: usize, each: usize) -> FakeCloudBuilder {
    (0..subscriptions).fold(cloud.vault("contoso"), |cloud, number| {
        let id = format!("5b5c41b7-0000-4000-8001-{number:012}");
        let cloud = cloud.subscription(&id);
        (0..each).fold(cloud, |cloud, vault| {
            cloud.vault_with(&format!("v{number}-{vault}"), |plan| plan.placed(&id, "Group"))
        })
    })
}

#[tokio::test(start_paused = true)]
async fn query_and_lists_find_the_same_vaults() {
    let world = World::with(|cloud| fleet(cloud, 60, 20));
    let (listed, queried) =
        (discover(&world, Via::Lists).await, discover(&world, Via::Query).await);
    assert_eq!((listed.status, queried.status), (Status::Success, Status::Success));
    assert_eq!(stores(&listed).len(), 1201);
    assert_eq!(stores(&listed), stores(&queried));
    assert_eq!(queried.subscriptions, 61);
    assert!(queried.message().contains("last minutes"), "{}", queried.message());
    assert!(!listed.message().contains("Graph"), "{}", listed.message());
}

#[tokio::test(start_paused = true)]
async fn a_large_fleet_is_found_in_forty_requests() {
    let world = World::with(|cloud| fleet(cloud, 5000, 4));
    let found = discover(&world, Via::QueryOrLists).await;
    assert_eq!(
        (found.status, found.stores.len()),
        (Status::Success, 20_001),
        "{}",
        found.message()
    );
    let journal = world.cloud.journal();
    assert!(journal.total() <= 40, "{} requests", journal.total());
    assert_eq!(journal.answered(429), 0);
}

/// A partial answer never counts as complete: the lists are read instead, or it is an error.
#[tokio::test(start_paused = true)]
async fn answers_in_part_fall_back_to_the_lists() {
    let row = |name: &str| {
        format!(
            r#"{{"id":"/subscriptions/5b5c41b7-0000-4000-8000-000000000001/resourceGroups/g/providers/Microsoft.KeyVault/vaults/{name}"}}"#
        )
    };
    let page = |total: usize, rows: &[String], more: &str| {
        let (count, rows) = (rows.len(), rows.join(","));
        format!(r#"{{"totalRecords":{total},"count":{count},"data":[{rows}],"facets":[]{more}}}"#)
    };
    let one = [row("contoso")];
    let fault = || Fault::on(Operation::QueryResources);
    let body = |text: &str| fault().body(200, "application/json", text);
    let whole = page(1, &one, r#","resultTruncated":"false""#);
    let cases = [
        ("flag", body(&page(1, &one, r#","resultTruncated":"true""#))),
        ("flag as truth", body(&page(1, &one, r#","resultTruncated":true"#))),
        ("unknown flag", body(&page(1, &one, r#","resultTruncated":"maybe""#))),
        ("header", body(&whole).with_header("x-ms-tenant-subscription-limit-hit", "true")),
        ("fewer rows than it says", body(&page(2, &one, ""))),
        ("no total", body(&format!(r#"{{"data":[{}]}}"#, one[0]))),
        ("a row twice", body(&page(2, &[row("contoso"), row("CONTOSO")], ""))),
        ("another form", body(r#"{"totalRecords":0,"data":{"columns":[],"rows":[]}}"#)),
        ("a row that is no vault", body(&page(1, &[r#"{"id":"contoso"}"#.into()], ""))),
        ("endless tokens", body(&page(9, &one, r#","$skipToken":"again""#))),
        ("empty page", body(&page(9, &[], r#","$skipToken":"more""#))),
        ("too many subscriptions", fault().error(400, "BadRequest", None)),
        ("denied", fault().status(403)),
        ("absent", fault().status(404)),
        ("no JSON", fault().html(200)),
    ];
    for (about, fault) in cases {
        let world = World::with(|cloud| fleet(cloud, 2, 2));
        world.cloud.fault(fault);
        let found = discover(&world, Via::QueryOrLists).await;
        assert_eq!((found.status, found.stores.len()), (Status::Success, 5), "{about}");
        assert!(
            found.message().contains("were listed, because Resource Graph failed"),
            "{about}: {}",
            found.message()
        );
        assert!(!found.queried, "{about}");
        let alone = discover(&world, Via::Query).await;
        assert_ne!(alone.status, Status::Success, "{about}");
        assert!(alone.message().contains("Resource Graph"), "{about}: {}", alone.message());
        if about == "empty page" {
            assert!(alone.message().contains("is empty"), "{}", alone.message());
        }
    }
}

/// One query fails on a later page: the pages before it are not the complete result.
#[tokio::test(start_paused = true)]
async fn a_later_page_that_fails_leaves_nothing() {
    let world = World::with(|cloud| fleet(cloud, 60, 20));
    world.cloud.fault(Fault::on(Operation::QueryResources).nth(2).status(403));
    let found = discover(&world, Via::QueryOrLists).await;
    assert_eq!((found.status, found.stores.len()), (Status::Success, 1201));
    assert!(!found.queried);
}

#[tokio::test(start_paused = true)]
async fn the_quota_of_queries_is_waited_for() {
    let world = World::with(|cloud| cloud.vault("contoso"));
    for _ in 0..40 {
        let found = discover(&world, Via::Query).await;
        assert_eq!(found.status, Status::Success, "{}", found.message());
    }
    assert_eq!(world.cloud.journal().answered(429), 0);
}

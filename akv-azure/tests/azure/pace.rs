//! As fast as the service allows, and never faster.

use std::time::Duration;

use akv_azure::{AzureOptions, RateLimit};
use akv_core::{CertificateStore, Cloud};
use akv_testkit::{Budget, Operation};
use futures::StreamExt;
use tokio::time::Instant;

use crate::world::{World, name, seconds};

/// Sends this many requests in parallel, as an inventory does.
async fn ask(store: &impl CertificateStore, requests: usize) {
    let web = name("web");
    let asked = futures::stream::iter(0..requests).map(|_| store.certificate(&web));
    let failed =
        asked.buffered(64).filter(|answer| futures::future::ready(answer.is_err())).count();
    assert_eq!(failed.await, 0);
}

fn refused(world: &World) -> usize {
    world.cloud.journal().entries().iter().filter(|entry| entry.status == 429).count()
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_requests_share_a_token_unthrottled() {
    let world = World::with(|cloud| {
        let budget = Budget::new(4000, seconds(10));
        cloud.vault("contoso").budget(budget).latency(Duration::from_millis(20))
    });
    let start = Instant::now();
    ask(&world.store(), 10_400).await;
    assert_eq!(refused(&world), 0);
    assert!(start.elapsed() < seconds(24), "20 seconds are the floor: {:?}", start.elapsed());
    assert_eq!(world.cloud.journal().count(Operation::Token), 1);
}

#[tokio::test(start_paused = true)]
async fn half_taken_budget_answers_all_requests() {
    let world = World::with(|cloud| {
        let budget = Budget::new(4000, seconds(10)).with_others_taking(0.5);
        cloud.vault("contoso").budget(budget).latency(Duration::from_millis(20))
    });
    ask(&world.store(), 5200).await;
    let (refused, total) = (refused(&world), world.cloud.journal().entries().len());
    assert!(refused > 0 && refused * 20 < total, "{refused} of {total}");
}

#[tokio::test(start_paused = true)]
async fn all_stores_of_a_vault_have_one_pace_and_every_vault_its_own() {
    let options = AzureOptions::default().with_rate_limit(RateLimit::new(10, seconds(10)));
    let vaults = ["contoso", "fabrikam"];
    let world = World::with_options(
        |cloud| {
            let budget = Budget::new(10, seconds(10));
            vaults.iter().fold(cloud.budget(budget), |cloud, name| cloud.vault(name))
        },
        options,
    );
    let start = Instant::now();
    let web = name("web");
    let stores: Vec<_> = (0..40)
        .map(|number| {
            let address = world.address(vaults[number % 2], Cloud::public());
            world.azure.store(&address, world.credential()).expect("a store")
        })
        .collect();
    let asked = stores.iter().map(|store| store.certificate(&web));
    assert!(futures::future::join_all(asked).await.iter().all(Result::is_ok));
    assert_eq!(refused(&world), 0);
    let took = start.elapsed();
    assert!(took >= seconds(10) && took < seconds(11), "twice ten in each: {took:?}");
}

/// Each subscription has a budget of its own.
#[tokio::test(start_paused = true)]
async fn vaults_of_two_subscriptions_share_no_budget() {
    let options = AzureOptions::default().with_rate_limit(RateLimit::new(10, seconds(10)));
    let ids = [1, 2].map(|number| format!("5b5c41b7-0000-4000-8001-{number:012}"));
    let world = World::with_options(
        |cloud| {
            ids.iter().enumerate().fold(cloud, |cloud, (at, id)| {
                (0..5).fold(cloud.subscription(id), |cloud, number| {
                    cloud.vault_with(&format!("v{at}-{number}"), |vault| vault.placed(id, "group"))
                })
            })
        },
        options,
    );
    let start = Instant::now();
    let asked = (0..100).map(|number| {
        let (at, vault) = (number % 2, number / 2 % 5);
        let path = format!("{}:group:v{at}-{vault}", ids[at]);
        let store = world.azure.store(&world.address(&path, Cloud::public()), world.credential());
        async move { store.expect("a store").certificate(&name("web")).await }
    });
    assert!(futures::future::join_all(asked).await.iter().all(Result::is_ok));
    assert!(start.elapsed() < seconds(10), "50 in each: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_vaults_together_keep_to_five_times_the_budget() {
    let options = AzureOptions::default().with_rate_limit(RateLimit::new(10, seconds(10)));
    let names: Vec<String> = (0..8).map(|number| format!("vault-{number}")).collect();
    let world = World::with_options(
        |cloud| {
            let budget = Budget::new(10, seconds(10));
            names.iter().fold(cloud.budget(budget), |cloud, name| cloud.vault(name))
        },
        options,
    );
    let web = name("web");
    let stores: Vec<_> = (0..80)
        .map(|number| {
            let address = world.address(&names[number % 8], Cloud::public());
            world.azure.store(&address, world.credential()).expect("a store")
        })
        .collect();
    let start = Instant::now();
    let asked = stores.iter().map(|store| store.certificate(&web));
    assert!(futures::future::join_all(asked).await.iter().all(Result::is_ok));
    assert_eq!(refused(&world), 0);
    assert!(start.elapsed() >= seconds(10), "50 and then 30: {:?}", start.elapsed());
}

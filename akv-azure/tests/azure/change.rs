//! Changes under failures: lost replies, busy names, cancellation.

use std::sync::Arc;

use akv_azure::{Azure, AzureOptions};
use akv_core::{CertificateStore, Cloud, Deletion, ErrorKind, Precondition, Purged};
use akv_testkit::{DenyRule, FakeCloud, Fault, Operation, Reason};
use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};

use crate::world::{World, importing, name, seconds, tags};

/// The faults that lose the reply to a change after the service has executed it.
pub(crate) fn lost_reply_faults(operation: Operation) -> Vec<Fault> {
    let first = || Fault::on(operation).nth(1).after_change();
    vec![
        first().close_connection(),
        first().torn_body(),
        first().status(500),
        first().status(503),
        first().html(502),
        first().delay(seconds(45)),
        // Successes that cannot be read.
        first().body(200, "application/json", "{}"),
        first().body(200, "application/json", "{\"id\":"),
        first().html(200),
        first().huge_body(100 << 20),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_an_import_makes_one_version() {
    for fault in lost_reply_faults(Operation::ImportCertificate) {
        let world = World::new();
        let leaf = world.leaf("www.contoso.com");
        let import = importing("web", &leaf).with_tags(tags(&[("owner", "pki")]));
        let counter = world.cloud.fault(fault.clone());
        let imported = world.store().import(&import).await.expect("an import");
        assert_eq!(counter.hits(), 1, "{fault:?}");
        assert_eq!(imported.thumbprint, Some(leaf.thumbprint()));
        assert_eq!(imported.tags, import.tags);
        assert_eq!(world.cloud.vault("contoso").versions("web").len(), 1, "{fault:?}");
        assert_eq!(world.cloud.journal().count(Operation::ImportCertificate), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_import_that_was_not_carried_out_is_repeated() {
    let first = || Fault::on(Operation::ImportCertificate).nth(1);
    for fault in [
        first().close_connection(),
        first().unreachable(),
        first().status(503),
        first().throttled(),
        first().throttled_for(seconds(7)),
    ] {
        let world = World::new();
        world.cloud.fault(fault.clone());
        let import = importing("web", &world.leaf("www.contoso.com"));
        world.store().import(&import).await.expect("an import");
        assert_eq!(world.cloud.vault("contoso").versions("web").len(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_tags_do_not_match_the_lost_version() {
    let world = World::new();
    let store = world.store();
    let import = importing("web", &world.leaf("www.contoso.com"));
    store.import(&import).await.expect("the first");
    let first = Fault::on(Operation::ImportCertificate).nth(1).close_connection();
    world.cloud.fault(first);
    let again = import.with_tags(tags(&[("round", "two")]));
    let imported = store.import(&again).await.expect("an import");
    assert_eq!(imported.tags, again.tags);
    assert_eq!(world.cloud.vault("contoso").versions("web").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn unknown_outcome_is_reported() {
    let world = World::new();
    world.cloud.fault(Fault::on(Operation::ImportCertificate).after_change().close_connection());
    world.cloud.deny(Operation::GetCertificate);
    let import = importing("web", &world.leaf("www.contoso.com"));
    let error = world.store().import(&import).await.expect_err("not known");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let thumbprint = import.bundle.thumbprint().to_string();
    assert!(error.to_string().contains("cannot tell"), "{error}");
    assert!(error.to_string().contains(&thumbprint), "{error}");
    assert_eq!(world.cloud.vault("contoso").versions("web").len(), 1, "not imported blindly");
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_a_deletion_is_a_deletion() {
    for fault in lost_reply_faults(Operation::DeleteCertificate) {
        let world = World::with(|cloud| cloud.vault("contoso").deletion_takes(seconds(60)));
        let store = world.store();
        world.cloud.vault("contoso").seed(1);
        let seeded = name("cert-000001");
        world.cloud.fault(fault.clone());
        let deletion = store.delete(&seeded).await.expect("a deletion");
        assert_eq!(deletion, Some(Deletion::SoftDeleted), "{fault:?}");
    }
}

/// The service's clock decides which request deleted it, whatever this machine's clock says.
#[tokio::test(start_paused = true)]
async fn earlier_deletion_is_not_mistaken_for_a_lost_one() {
    let first = || Fault::on(Operation::DeleteCertificate).nth(1);
    for fault in [first().close_connection(), first().after_change().status(503)] {
        let world = World::new();
        world.cloud.vault("contoso").seed(1);
        world.cloud.vault("contoso").delete("cert-000001");
        world.cloud.clock().advance(seconds(3600));
        world.cloud.fault(fault.clone());
        let options = AzureOptions::default().with_transport(Arc::new(Dated(world.cloud.clone())));
        let azure = Azure::new(options).expect("options");
        let address = world.address("contoso", Cloud::public());
        let store = azure.store(&address, world.credential()).expect("a store");
        let deletion = store.delete(&name("cert-000001")).await.expect("a look");
        assert_eq!(deletion, None, "{fault:?}");
    }
}

/// The fake with the header `Date` in its answers.
#[derive(Debug)]
struct Dated(FakeCloud);

#[async_trait]
impl HttpClient for Dated {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.0.transport().execute_request(request).await?;
        let (status, mut headers, body) = answer.deconstruct();
        headers.insert("date", httpdate::fmt_http_date(self.0.clock().now().into()));
        Ok(AsyncRawResponse::new(status, headers, Box::pin(body)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_a_recovery_is_a_recovery() {
    for fault in lost_reply_faults(Operation::RecoverCertificate) {
        let world = World::with(|cloud| cloud.vault("contoso").recovery_takes(seconds(60)));
        world.cloud.vault("contoso").seed(1);
        world.cloud.vault("contoso").delete("cert-000001");
        world.cloud.fault(fault.clone());
        let recovered = world.store().recover(&name("cert-000001")).await.expect("a recovery");
        assert!(recovered.is_some(), "{fault:?}");
        assert_eq!(world.cloud.vault("contoso").names().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_a_purge_is_a_purge() {
    for fault in lost_reply_faults(Operation::PurgeCertificate) {
        let world = World::new();
        world.cloud.vault("contoso").seed(1);
        world.cloud.vault("contoso").delete("cert-000001");
        world.cloud.fault(fault.clone());
        let purged = world.store().purge(&name("cert-000001")).await.expect("a purge");
        assert_eq!(purged, Purged::Done, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_new_tags_is_repeated() {
    for fault in lost_reply_faults(Operation::UpdateCertificate) {
        let world = World::new();
        world.cloud.vault("contoso").seed(1);
        world.cloud.fault(fault.clone());
        let wanted = tags(&[("a", "b")]);
        let updated = world.store().update_tags(&name("cert-000001"), &wanted).await;
        assert_eq!(updated.expect("an update").tags, wanted, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_is_given_time_before_a_lost_import_is_looked_for() {
    for _ in 0..8 {
        let world = World::new();
        world.cloud.fault(Fault::on(Operation::ImportCertificate).nth(1).close_connection());
        let import = importing("web", &world.leaf("www.contoso.com"));
        world.store().import(&import).await.expect("an import");
        let journal = world.cloud.journal();
        let (sent, looked) =
            (journal.of(Operation::ImportCertificate), journal.of(Operation::GetCertificate));
        let waited = looked[0].at - sent[0].at;
        assert!(waited >= seconds(2), "{waited}");
    }
}

#[tokio::test(start_paused = true)]
async fn lost_import_is_looked_up_without_a_repetition() {
    let world = World::new();
    world.cloud.fault(Fault::on(Operation::ImportCertificate).huge_body(100 << 20));
    world.cloud.fault(Fault::on(Operation::GetCertificate).error(404, "CertificateNotFound", None));
    let import = importing("web", &world.leaf("www.contoso.com"));
    let error = world.store().import(&import).await.expect_err("not known");
    assert!(error.to_string().contains("cannot tell"), "{error}");
    assert_eq!(world.cloud.journal().count(Operation::ImportCertificate), 1);
}

/// Deletes, recovers or purges `cert-000001` after preparing it.
async fn change(world: &World, operation: Operation) -> Result<(), akv_core::Error> {
    let (store, seeded) = (world.store(), name("cert-000001"));
    match operation {
        Operation::DeleteCertificate => store.delete(&seeded).await.map(|it| assert!(it.is_some())),
        Operation::RecoverCertificate => {
            store.recover(&seeded).await.map(|it| assert!(it.is_some()))
        }
        _ => store.purge(&seeded).await.map(|it| assert_eq!(it, Purged::Done)),
    }
}

fn ready_for(operation: Operation) -> World {
    let world = World::new();
    world.cloud.vault("contoso").seed(1);
    if operation != Operation::DeleteCertificate {
        world.cloud.vault("contoso").delete("cert-000001");
    }
    world
}

const LOOKED_AT: [(Operation, Operation); 3] = [
    (Operation::DeleteCertificate, Operation::GetCertificate),
    (Operation::RecoverCertificate, Operation::GetCertificate),
    (Operation::PurgeCertificate, Operation::GetDeletedCertificate),
];

#[tokio::test(start_paused = true)]
async fn lost_change_without_read_permission_is_uncertain() {
    for (operation, look) in LOOKED_AT {
        let world = ready_for(operation);
        world.cloud.fault(Fault::on(operation).nth(1).after_change().close_connection());
        world.cloud.deny(look);
        let error = change(&world, operation).await.expect_err("not known");
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        assert!(error.to_string().contains("cannot tell whether the service accepted"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_lost_change_is_uncertain() {
    for (operation, _) in LOOKED_AT {
        let world = ready_for(operation);
        world.cloud.fault(Fault::on(operation).nth(1).after_change().delay(seconds(40)));
        let cancelling = async {
            tokio::time::sleep(seconds(31)).await;
            world.cancellation.cancel();
        };
        let (outcome, ()) = futures::future::join(change(&world, operation), cancelling).await;
        if operation == Operation::RecoverCertificate {
            // A pending recovery is not abandoned unseen.
            outcome.expect("recovered all the same");
            continue;
        }
        let error = outcome.expect_err("cancelled");
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        assert!(error.to_string().contains("cannot tell whether the service accepted"), "{error}");
    }
}

/// The service is slow: the look does not show the change yet, and the service rejects the retry
/// because of it.
#[tokio::test(start_paused = true)]
async fn lost_change_is_not_mistaken_for_the_old_state() {
    for (operation, look) in LOOKED_AT {
        let world = ready_for(operation);
        let seen = if operation == Operation::DeleteCertificate {
            world.cloud.fault(Fault::on(look).nth(1).after_change().body(
                200,
                "application/json",
                r#"{"id":"https://contoso.vault.azure.net/certificates/cert-000001/0123456789abcdef0123456789abcdef"}"#,
            ))
        } else if operation == Operation::PurgeCertificate {
            world.cloud.fault(Fault::on(look).nth(1).after_change().body(
                200,
                "application/json",
                r#"{"id":"https://contoso.vault.azure.net/deletedcertificates/cert-000001/0123456789abcdef0123456789abcdef"}"#,
            ))
        } else {
            world.cloud.fault(Fault::on(look).nth(1).error(404, "CertificateNotFound", None))
        };
        world.cloud.fault(Fault::on(operation).nth(1).after_change().close_connection());
        change(&world, operation).await.unwrap_or_else(|error| panic!("{operation:?}: {error}"));
        assert_eq!(seen.hits(), 1, "{operation:?}");
        assert_eq!(world.cloud.journal().count(operation), 2, "{operation:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn concurrent_recovery_is_reported_at_once() {
    let world = World::with(|cloud| cloud.vault("contoso").recovery_takes(seconds(30)));
    world.cloud.vault("contoso").seed(1);
    world.cloud.vault("contoso").delete("cert-000001");
    let (store, seeded) = (world.store(), name("cert-000001"));
    let somebody = world.store();
    let scenario = async {
        tokio::time::sleep(seconds(1)).await;
        let leaf = world.leaf("www.contoso.com");
        let import = importing("cert-000001", &leaf).with_precondition(Precondition::Absent);
        let start = tokio::time::Instant::now();
        let error = store.import(&import).await.expect_err("being recovered");
        assert_eq!(error.kind(), ErrorKind::BeingRecovered, "{error}");
        assert!(start.elapsed() < seconds(1), "not waited out");
        let recovered = store.recover(&seeded).await.expect("a recovery");
        assert_eq!(recovered.expect("live").name, seeded);
        assert_eq!(store.recover(&seeded).await.expect("a look"), None, "it is live already");
        let over = import.with_precondition(Precondition::Present);
        assert_eq!(store.import(&over).await.expect("made").thumbprint, Some(leaf.thumbprint()));
    };
    let (recovered, ()) = futures::future::join(somebody.recover(&seeded), scenario).await;
    assert!(recovered.expect("a recovery").is_some());
}

#[tokio::test(start_paused = true)]
async fn concurrent_recovery_is_awaited_on_overwrite() {
    let world = World::with(|cloud| cloud.vault("contoso").recovery_takes(seconds(30)));
    world.cloud.vault("contoso").seed(1);
    world.cloud.vault("contoso").delete("cert-000001");
    let (store, somebody, seeded) = (world.store(), world.store(), name("cert-000001"));
    let import = importing("cert-000001", &world.leaf("www.contoso.com"));
    let import = import.with_precondition(Precondition::Present);
    let importing = async {
        tokio::time::sleep(seconds(1)).await;
        store.import(&import).await
    };
    let (_, imported) = futures::future::join(somebody.recover(&seeded), importing).await;
    assert_eq!(imported.expect("made").thumbprint, Some(import.bundle.thumbprint()));
}

#[tokio::test(start_paused = true)]
async fn a_name_in_soft_delete_is_reported() {
    let world = World::new();
    world.cloud.vault("contoso").seed(1);
    world.cloud.vault("contoso").delete("cert-000001");
    let import = importing("cert-000001", &world.leaf("www.contoso.com"));
    let error = world.store().import(&import).await.expect_err("in soft delete");
    assert_eq!(error.kind(), ErrorKind::SoftDeleted);
    assert_eq!(world.cloud.journal().count(Operation::ListDeletedCertificates), 0);
}

#[tokio::test(start_paused = true)]
async fn deletion_in_progress_is_waited_for() {
    let world = World::with(|cloud| cloud.vault("contoso").deletion_takes(seconds(30)));
    world.cloud.vault("contoso").seed(1);
    world.cloud.vault("contoso").delete("cert-000001");
    let import = importing("cert-000001", &world.leaf("www.contoso.com"));
    let error = world.store().import(&import).await.expect_err("in soft delete");
    assert_eq!(error.kind(), ErrorKind::SoftDeleted);
}

#[tokio::test(start_paused = true)]
async fn unsettled_change_times_out_at_the_deadline() {
    let world = World::with(|cloud| {
        cloud.vault("contoso").deletion_takes(seconds(600)).recovery_takes(seconds(600))
    });
    let store = world.store();
    world.cloud.vault("contoso").seed(1);
    let seeded = name("cert-000001");
    let error = store.delete(&seeded).await.expect_err("it does not settle");
    assert_eq!(error.kind(), ErrorKind::BeingDeleted);
    assert!(error.to_string().contains("120 seconds"), "{error}");
    let import = importing("cert-000001", &world.leaf("www.contoso.com"));
    assert_eq!(store.import(&import).await.expect_err("busy").kind(), ErrorKind::BeingDeleted);
    tokio::time::advance(seconds(600)).await;
    let error = store.recover(&seeded).await.expect_err("it does not settle");
    assert_eq!(error.kind(), ErrorKind::BeingRecovered);
}

#[tokio::test(start_paused = true)]
async fn delete_works_without_permission_to_read_deleted_ones() {
    let world = World::with(|cloud| cloud.vault("contoso").deletion_takes(seconds(5)));
    world.cloud.vault("contoso").seed(1);
    world.cloud.deny(Operation::GetDeletedCertificate);
    let deletion = world.store().delete(&name("cert-000001")).await.expect("deleted");
    assert_eq!(deletion, Some(Deletion::Unseen));
}

#[tokio::test(start_paused = true)]
async fn recover_works_without_get_permission() {
    let world = World::new();
    world.cloud.vault("contoso").seed(1);
    world.cloud.vault("contoso").delete("cert-000001");
    world.cloud.deny(DenyRule::of(Operation::GetCertificate).because(Reason::Rbac));
    let recovered = world.store().recover(&name("cert-000001")).await.expect("recovered");
    assert_eq!(recovered.expect("it was deleted").name, name("cert-000001"));
}

#[tokio::test(start_paused = true)]
async fn two_concurrent_deletions_both_succeed() {
    let world = World::with(|cloud| cloud.vault("contoso").deletion_takes(seconds(10)));
    world.cloud.vault("contoso").seed(1);
    let seeded = name("cert-000001");
    let (one, other) = (world.store(), world.store());
    let (one, other) = futures::future::join(one.delete(&seeded), other.delete(&seeded)).await;
    let deletions = [one.expect("deleted"), other.expect("deleted")];
    assert!(deletions.contains(&Some(Deletion::SoftDeleted)), "{deletions:?}");
}

#[tokio::test(start_paused = true)]
async fn cancellation_completes_the_import_and_starts_no_other() {
    let world = World::new();
    world.cloud.fault(Fault::on(Operation::ImportCertificate).delay(seconds(10)));
    let store = world.store();
    let import = importing("web", &world.leaf("www.contoso.com"));
    let cancelling = async {
        tokio::time::sleep(seconds(1)).await;
        world.cancellation.cancel();
    };
    let (imported, ()) = futures::future::join(store.import(&import), cancelling).await;
    assert!(imported.is_ok(), "the change under way reports its real outcome");
    let error = store.import(&import).await.expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(world.cloud.vault("contoso").versions("web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_deletion_reports_its_acceptance() {
    let world = World::with(|cloud| cloud.vault("contoso").deletion_takes(seconds(60)));
    world.cloud.vault("contoso").seed(1);
    let store = world.store();
    let seeded = name("cert-000001");
    let cancelling = async {
        tokio::time::sleep(seconds(5)).await;
        world.cancellation.cancel();
    };
    let (deleted, ()) = futures::future::join(store.delete(&seeded), cancelling).await;
    let error = deleted.expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.to_string().contains("accepted the deletion"), "{error}");
}

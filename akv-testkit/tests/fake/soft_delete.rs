//! Deleting, recovering and purging.

use std::time::Duration;

use akv_testkit::FakeCloud;
use akv_testkit::pki::TestPki;

use crate::support::{Caller, codes, import_body};

#[test]
fn deleting_and_recovering_take_their_time() {
    let cloud = FakeCloud::builder()
        .vault("contoso")
        .deletion_takes(Duration::from_secs(10))
        .recovery_takes(Duration::from_secs(5))
        .recovery_lingers(Duration::from_secs(5))
        .purge_takes(Duration::from_secs(3))
        .start();
    let caller = Caller::of_vaults(&cloud);
    let file = import_body(&TestPki::new(cloud.clock().now()).leaf("a").issue().pfx());
    let again = || codes(&import(&caller, &file)).2;
    let pass = |seconds| cloud.clock().advance(Duration::from_secs(seconds));
    import(&caller, &file);

    let deleted = caller.vault("DELETE", "/certificates/web", None).body_json();
    let (at, purge) = (&deleted["deletedDate"], &deleted["scheduledPurgeDate"]);
    assert_eq!(purge.as_i64().zip(at.as_i64()).map(|(p, a)| p - a), Some(90 * 86_400));
    assert_eq!(caller.get("/certificates/web").status(), 404);
    assert_eq!(caller.get("/deletedcertificates/web").status(), 404);
    assert_eq!(again(), "ObjectIsBeingDeleted");
    let purge = || caller.vault("DELETE", "/deletedcertificates/web", None);
    assert_eq!(codes(&purge()).2, "ObjectIsBeingDeleted");
    pass(10);
    assert_eq!(caller.get("/deletedcertificates/web").status(), 200);
    assert_eq!(again(), "ObjectIsDeletedButRecoverable");

    let recover = || caller.vault("POST", "/deletedcertificates/web/recover", None);
    assert_eq!(recover().status(), 200);
    assert_eq!(caller.get("/certificates/web").status(), 404);
    assert_eq!(again(), "ObjectIsBeingRecovered");
    pass(5);
    assert_eq!(caller.get("/certificates/web").status(), 200);
    assert_eq!(again(), "ObjectIsBeingRecovered");
    pass(5);
    assert_eq!(again(), "");
    assert_eq!(cloud.vault("contoso").versions("web").len(), 2);
    assert_eq!(codes(&recover()), (404, "CertificateNotFound".into(), String::new()));

    caller.vault("DELETE", "/certificates/web", None);
    pass(10);
    assert_eq!(purge().status(), 204);
    assert_eq!(again(), "ObjectIsBeingDeleted");
    pass(3);
    assert_eq!(again(), "");
    assert_eq!(cloud.vault("contoso").versions("web").len(), 1);
}

#[test]
fn purge_protection_and_old_vaults_without_soft_delete() {
    let cloud = FakeCloud::builder()
        .vault_with("contoso", |vault| vault.purge_protection().retention_days(7))
        .vault_with("old", akv_testkit::VaultPlan::without_soft_delete)
        .start();
    let caller = Caller::of_vaults(&cloud);
    cloud.vault("contoso").seed(1);
    cloud.vault("old").seed(1);
    let deleted = caller.vault("DELETE", "/certificates/cert-000001", None).body_json();
    assert_eq!(deleted["attributes"]["recoveryLevel"], "CustomizedRecoverable");
    let purge = caller.vault("DELETE", "/deletedcertificates/cert-000001", None);
    assert_eq!(purge.status(), 403);
    cloud.clock().advance(Duration::from_secs(7 * 86_400));
    let caller = Caller::of_vaults(&cloud);
    assert_eq!(caller.get("/deletedcertificates/cert-000001").status(), 404, "purged in its time");

    let url = "https://old.vault.azure.net/certificates/cert-000001?api-version=7.4";
    let deleted = caller.send("DELETE", url, None).body_json();
    assert_eq!(deleted.get("recoveryId"), None);
}

fn import(caller: &Caller, body: &serde_json::Value) -> akv_testkit::Response {
    caller.vault("POST", "/certificates/web/import", Some(body))
}

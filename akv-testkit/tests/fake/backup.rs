//! Backups of certificates, and their restoration.

use std::time::Duration;

use akv_testkit::pki::TestPki;
use akv_testkit::{FakeCloud, Operation};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Caller, codes, import_body};

const RESTORE: &str = "/certificates/restore";

fn start() -> (FakeCloud, Caller) {
    let cloud = FakeCloud::builder()
        .vault("contoso")
        .vault("fabrikam")
        .deletion_takes(Duration::from_secs(10))
        .start();
    let caller = Caller::of_vaults(&cloud);
    (cloud, caller)
}

fn backup(caller: &Caller) -> Value {
    let answer = caller.vault("POST", "/certificates/web/backup", None);
    assert_eq!(answer.status(), 200, "{}", answer.body_json());
    answer.body_json()
}

fn import(cloud: &FakeCloud, caller: &Caller, tag: &str) {
    let mut body = import_body(&TestPki::new(cloud.clock().now()).leaf("a").issue().pfx());
    body["tags"] = json!({ "number": tag });
    assert_eq!(caller.vault("POST", "/certificates/Web/import", Some(&body)).status(), 200);
}

#[test]
fn all_versions_are_restored_with_key_tags_and_policy() {
    let (cloud, caller) = start();
    import(&cloud, &caller, "1");
    import(&cloud, &caller, "2");
    let before = (cloud.vault("contoso").versions("web"), caller.get("/secrets/web").body_json());
    let policy = caller.get("/certificates/web/policy").body_json();
    let blob = backup(&caller);
    let name = blob["value"].as_str().expect("a text");
    let bytes = URL_SAFE_NO_PAD.decode(name).expect("base64url");
    assert!(!bytes.windows(8).any(|part| part == b"versions"), "nothing in it can be read");

    caller.vault("DELETE", "/certificates/web", None);
    let restore = || codes(&caller.vault("POST", RESTORE, Some(&blob)));
    assert_eq!(restore(), (409, "Conflict".into(), "ObjectIsBeingDeleted".into()));
    cloud.clock().advance(Duration::from_secs(10));
    assert_eq!(restore(), (409, "Conflict".into(), "ObjectIsDeletedButRecoverable".into()));
    caller.vault("DELETE", "/deletedcertificates/web", None);
    let restored = caller.vault("POST", RESTORE, Some(&blob));
    assert_eq!(restored.status(), 200);
    let mut unnamed = policy;
    unnamed["x509_props"].as_object_mut().expect("an object").remove("sans");
    assert_eq!(restored.body_json()["policy"], unnamed, "without names, as recorded");
    let after = (cloud.vault("contoso").versions("web"), caller.get("/secrets/web").body_json());
    assert_eq!(before, after);
    assert_eq!(restore(), (409, "Conflict".into(), String::new()), "it is there");
    assert_eq!(cloud.journal().count(Operation::RestoreCertificate), 4);

    let elsewhere = format!("https://fabrikam.vault.azure.net{RESTORE}?api-version=7.4");
    assert_eq!(caller.send("POST", &elsewhere, Some(&blob)).status(), 200, "another vault");
    assert_eq!(cloud.vault("fabrikam").versions("web").len(), 2);
}

#[test]
fn unsealed_backup_is_malformed() {
    let (cloud, caller) = start();
    import(&cloud, &caller, "1");
    let (other, stranger) = start();
    import(&other, &stranger, "1");
    let mut bytes =
        URL_SAFE_NO_PAD.decode(backup(&caller)["value"].as_str().expect("text")).expect("base64");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let values = [
        backup(&stranger)["value"].clone(),
        json!(URL_SAFE_NO_PAD.encode(bytes)),
        json!(URL_SAFE_NO_PAD.encode([0; 4728])),
        json!("AAAA"),
        json!("!"),
    ];
    for value in values {
        let answer = caller.vault("POST", RESTORE, Some(&json!({ "value": value })));
        assert_eq!(codes(&answer), (400, "Malformed backup blob".into(), String::new()));
    }
    for wrong in [json!({}), json!({ "value": 5 })] {
        let answer = caller.vault("POST", RESTORE, Some(&wrong));
        assert_eq!(codes(&answer).1, "BadParameter", "{wrong}");
    }
    let absent = caller.vault("POST", "/certificates/absent/backup", None);
    assert_eq!(codes(&absent).1, "CertificateNotFound");
}

#[test]
fn another_subscription_cannot_read_it() {
    let other = "5b5c41b7-0000-4000-8000-000000000002";
    let cloud = FakeCloud::builder()
        .vault("contoso")
        .subscription(other)
        .vault_with("theirs", |vault| vault.placed(other, "group"))
        .start();
    let caller = Caller::of_vaults(&cloud);
    import(&cloud, &caller, "1");
    let url = format!("https://theirs.vault.azure.net{RESTORE}?api-version=7.4");
    let answer = caller.send("POST", &url, Some(&backup(&caller)));
    assert_eq!(codes(&answer).1, "Malformed backup blob");
}

#[test]
fn oversized_object_is_not_backed_up() {
    let (cloud, caller) = start();
    let leaf = TestPki::new(cloud.clock().now()).leaf("a").issue();
    let (pem, vault) = (leaf.pem(), cloud.vault("contoso"));
    let (key, chain) = pem.split_once("-----BEGIN CERTIFICATE").expect("a key first");
    let large = format!("{key}{}", format!("-----BEGIN CERTIFICATE{chain}").repeat(4));
    for _ in 0..250 {
        vault.import("web", large.as_bytes(), None).expect("a version");
    }
    let answer = caller.vault("POST", "/certificates/web/backup", None);
    assert_eq!(codes(&answer), (400, "BadParameter".into(), String::new()));
}

#[test]
fn at_most_500_versions_are_backed_up() {
    let (cloud, caller) = start();
    let file = TestPki::new(cloud.clock().now()).leaf("a").issue().pfx();
    let vault = cloud.vault("contoso");
    for _ in 0..500 {
        vault.import("web", &file, None).expect("a version");
    }
    let blob = backup(&caller);
    let size = blob.to_string().len();
    assert!(size < 4 * 1024 * 1024, "{size} bytes fit into a request");
    vault.import("web", &file, None).expect("a version");
    let answer = caller.vault("POST", "/certificates/web/backup", None);
    assert_eq!(codes(&answer), (400, "BadParameter".into(), String::new()));
}

//! Adding.

use std::collections::BTreeMap;
use std::time::Duration;

use akv_core::job::SoftDeleted;
use akv_keyfactor::{JobStatus, Options};
use akv_testkit::pki::Key;
use akv_testkit::{Fault, Operation};
use serde_json::{Value, json};

use super::assert_ends;
use crate::fake::{SUBSCRIPTION, World, adding, with_contents};

#[tokio::test(start_paused = true)]
async fn certificate_without_its_key_is_rejected_before_sending() {
    let world = World::new();
    let leaf = world.leaf("web-01.example.com");
    for contents in [leaf.der().to_vec(), leaf.pfx_without_key()] {
        let output = world.run(&with_contents("A2", &contents)).await;
        assert_ends(&output, JobStatus::Failure, &["key"]);
    }
    assert_eq!(world.cloud.journal().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn alias_is_derived_from_the_certificate_with_a_note() {
    let world = World::new();
    let output = world.run(&adding("A3", &world.leaf("www.example.com"))).await;
    assert_ends(&output, JobStatus::Success, &["www-example-com"]);
    assert_eq!(world.vault().names(), ["www-example-com"]);
}

#[tokio::test(start_paused = true)]
async fn rejected_or_throttled_read_prevents_the_import() {
    for fault in [
        Fault::on(Operation::GetCertificate).status(403),
        Fault::on(Operation::GetCertificate).throttled(),
        Fault::on(Operation::GetCertificate).status(500),
        Fault::on(Operation::GetCertificate).unreachable(),
    ] {
        let world = World::new();
        let before = world.leaf("web-01.example.com");
        world.vault().import("web-01", &before.pfx(), None).expect("imported");
        world.cloud.journal().clear();
        world.cloud.fault(fault);
        for fixture in ["A4", "A10"] {
            let output = world.run(&adding(fixture, &world.leaf("web-01.example.com"))).await;
            assert_ends(&output, JobStatus::Failure, &["web-01"]);
        }
        assert_eq!(world.cloud.journal().count(Operation::ImportCertificate), 0);
        assert_eq!(world.vault().versions("web-01").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn tags_are_joined_or_replaced_as_the_job_says() {
    for (preserve, expected) in [
        (json!(true), tags([("owner", "pki"), ("env", "prod")])),
        (json!(false), tags([("env", "prod")])),
        (Value::Null, tags([("env", "prod")])),
    ] {
        let world = World::new();
        let mut job = adding("A6", &world.leaf("web-01.example.com"));
        job["JobProperties"]["CertificateTags"] = r#"{"owner":"pki","env":"test"}"#.into();
        assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
        let mut job = adding("A6", &world.leaf("web-01.example.com"));
        job["JobProperties"]["PreserveExistingTags"] = preserve;
        assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
        assert_eq!(world.vault().newest("web-01").expect("a version").tags, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_tags_are_rejected_before_the_import() {
    let world = World::new();
    let many = |from: usize| -> String {
        let tags: BTreeMap<String, &str> =
            (from..from + 10).map(|n| (format!("t{n}"), "v")).collect();
        serde_json::to_string(&tags).expect("JSON")
    };
    let mut job = adding("A6", &world.leaf("web-01.example.com"));
    job["JobProperties"]["CertificateTags"] = many(0).into();
    assert_ends(&world.run(&job).await, JobStatus::Success, &[]);
    let mut job = adding("A6", &world.leaf("web-01.example.com"));
    job["JobProperties"]["CertificateTags"] = many(10).into();
    assert_ends(&world.run(&job).await, JobStatus::Failure, &["at most 15 tags"]);
    assert_eq!(world.vault().versions("web-01").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_in_soft_delete_is_found_by_the_refusal_and_recovered() {
    let world = World::with(|cloud| {
        cloud
            .vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg").certificates(60))
            .deletion_takes(Duration::from_secs(5))
            .recovery_takes(Duration::from_secs(5))
    });
    let old = world.leaf("web-01.example.com");
    world.vault().import("was-deleted", &old.pfx(), None).expect("imported");
    world.vault().delete("was-deleted");
    let options = Options::default().with_soft_deleted(SoftDeleted::Refuse);
    let new = world.leaf("web-01.example.com");
    let refused = world.run_with(&adding("A7", &new), &options).await;
    assert_ends(&refused, JobStatus::Failure, &["soft"]);
    assert_eq!(world.vault().deleted_names(), ["was-deleted"]);

    let output = world.run(&adding("A7", &new)).await;
    assert_ends(&output, JobStatus::Success, &["was soft-deleted", "recovered"]);
    let version = world.vault().newest("was-deleted").expect("a version");
    assert_eq!(version.thumbprint, new.thumbprint());
    assert_eq!(world.cloud.journal().count(Operation::ListDeletedCertificates), 0);
}

#[tokio::test(start_paused = true)]
async fn an_addition_looks_once_and_imports_once() {
    let world = World::new();
    for fixture in ["A5", "A10"] {
        world.cloud.journal().clear();
        let output = world.run(&adding(fixture, &world.leaf("web-01.example.com"))).await;
        assert_ends(&output, JobStatus::Success, &[]);
        let journal = world.cloud.journal();
        let vault = |entry: &akv_testkit::Entry| entry.vault.is_some() && entry.bearer;
        let requests = journal.entries().into_iter().filter(vault).count();
        assert!(requests <= 2, "{fixture}: {}", journal.json_lines());
    }
}

#[tokio::test(start_paused = true)]
async fn key_and_chain_arrive_whole_with_a_policy_that_fits_the_key() {
    for (key, kind, curve) in [
        (Key::Rsa4096, "RSA", None),
        (Key::P256, "EC", Some("P-256")),
        (Key::P384, "EC", Some("P-384")),
    ] {
        let world = World::new();
        let leaf = world.pki().leaf("web-01.example.com").key(key).issue();
        let mut job = adding("A9", &leaf);
        job["JobProperties"]["NonExportable"] = true.into();
        assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
        let version = world.vault().newest("ec-p384").expect("a version");
        assert_eq!(version.certificates.len(), 3, "leaf, intermediate and root");
        assert_eq!(version.certificates[0], leaf.der());
        assert!(!version.exportable);
        let bundle = world.vault().bundle("ec-p384");
        assert_eq!(bundle["policy"]["key_props"]["kty"], kind);
        assert_eq!(bundle["policy"]["key_props"]["crv"].as_str(), curve);
    }
}

#[tokio::test(start_paused = true)]
async fn pem_is_added_like_a_pfx() {
    let world = World::new();
    let leaf = world.leaf("web-01.example.com");
    let mut job = with_contents("A8", leaf.pem().as_bytes());
    assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
    job["JobCertificate"]["Alias"] = "web-02".into();
    job["JobCertificate"]["Contents"] = leaf.pem().into();
    assert_ends(&world.run(&job).await, JobStatus::Success, &["imported"]);
    for alias in ["web-01", "web-02"] {
        let version = world.vault().newest(alias).expect("a version");
        assert_eq!(version.thumbprint, leaf.thumbprint());
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_certificate_again_is_no_new_version() {
    let world = World::new();
    let leaf = world.leaf("web-01.example.com");
    for _ in 0..2 {
        let output = world.run(&adding("A10", &leaf)).await;
        assert_ends(&output, JobStatus::Success, &[&leaf.thumbprint().to_string()]);
    }
    assert_eq!(world.vault().versions("web-01").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_version_is_not_renewed_by_the_vault() {
    let world = World::new();
    let output = world.run(&adding("A10", &world.leaf("web-01.example.com"))).await;
    assert_ends(&output, JobStatus::Success, &[]);
    let policy = world.vault().bundle("web-01")["policy"].clone();
    assert_eq!(policy["issuer"]["name"], "Unknown");
    assert_eq!(policy["lifetime_actions"][0]["action"]["action_type"], "EmailContacts");
    assert_eq!(policy["lifetime_actions"][0]["trigger"]["lifetime_percentage"], 80);
}

fn tags<const N: usize>(tags: [(&str, &str); N]) -> BTreeMap<String, String> {
    tags.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

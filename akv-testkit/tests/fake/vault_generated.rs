//! Certificates that the vault generates itself.

use std::time::{Duration, Instant};

use akv_testkit::FakeCloud;
use akv_testkit::pki::TestPki;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Caller, codes};

fn policy(issuer: &str, action: &str) -> Value {
    json!({
        "policy": {
            "issuer": { "name": issuer },
            "key_props": { "kty": "EC", "crv": "P-256" },
            "x509_props": {
                "subject": "CN=www.contoso.com, O=Contoso",
                "sans": { "dns_names": ["www.contoso.com"] },
                "validity_months": 12,
            },
            "lifetime_actions": [{
                "trigger": { "lifetime_percentage": 80 },
                "action": { "action_type": action },
            }],
        },
        "tags": { "a": "1" },
    })
}

fn start() -> (FakeCloud, Caller) {
    let cloud =
        FakeCloud::builder().vault("contoso").issuance_takes(Duration::from_secs(20)).start();
    let caller = Caller::of_vaults(&cloud);
    (cloud, caller)
}

#[test]
fn a_self_signed_certificate_is_pending_and_then_there() {
    let (cloud, caller) = start();
    let body = policy("Self", "EmailContacts");
    let answer = caller.vault("POST", "/certificates/generated/create", Some(&body));
    assert_eq!((answer.status(), answer.find_header("retry-after")), (202, Some("10")));
    assert!(answer.find_header("location").is_some_and(|l| l.contains("/generated/pending?")));
    assert_eq!(answer.body_json()["status"], "inProgress");
    let making = caller.get("/certificates/generated").body_json();
    assert_eq!(making["attributes"]["enabled"], false);
    cloud.clock().advance(Duration::from_secs(20));
    let operation = caller.get("/certificates/generated/pending").body_json();
    assert_eq!(operation["status"], "completed");
    let bundle = caller.get("/certificates/generated").body_json();
    assert_eq!(bundle["policy"]["issuer"]["name"], "Self");
    assert_eq!(bundle["policy"]["x509_props"]["subject"], "CN=www.contoso.com, O=Contoso");
    assert_eq!(bundle["tags"], json!({ "a": "1" }));
}

#[test]
fn a_request_is_signed_elsewhere_and_merged() {
    let (cloud, caller) = start();
    let create = |name: &str| {
        let path = format!("/certificates/{name}/create");
        caller.vault("POST", &path, Some(&policy("Unknown", "EmailContacts"))).body_json()
    };
    let csr = |operation: &Value| {
        STANDARD.decode(operation["csr"].as_str().expect("a request")).expect("base64")
    };
    let first = create("generated");
    let pki = TestPki::new(cloud.clock().now());
    let merge = |chain: Vec<Vec<u8>>| {
        let x5c: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
        caller.vault("POST", "/certificates/generated/pending/merge", Some(&json!({ "x5c": x5c })))
    };
    let stranger = pki.sign(&csr(&create("other"))).expect("a chain");
    assert_eq!(codes(&merge(stranger)).1, "BadParameter");
    let chain = pki.sign(&csr(&first)).expect("a chain");
    let old =
        "https://contoso.vault.azure.net/certificates/generated/pending/merge?api-version=7.0";
    let x5c: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
    let refused = caller.send("POST", old, Some(&json!({ "x5c": x5c })));
    assert_eq!(codes(&refused).1, "BadParameter", "an old version takes the without the chain");
    assert_eq!(merge(chain.clone()).status(), 201);
    let version = cloud.vault("contoso").newest("generated").expect("a version");
    assert_eq!(version.certificates, chain);
    assert_eq!(merge(chain).status(), 404, "it is pending no more");
}

#[test]
fn a_pending_operation_can_be_cancelled_and_forgotten() {
    let (cloud, caller) = start();
    caller.vault("POST", "/certificates/generated/create", Some(&policy("Self", "EmailContacts")));
    let cancel = json!({ "cancellation_requested": true });
    let answer = caller.vault("PATCH", "/certificates/generated/pending", Some(&cancel));
    assert_eq!(answer.body_json()["status"], "inProgress");
    assert_eq!(answer.body_json()["cancellation_requested"], true);
    cloud.clock().advance(Duration::from_secs(20));
    let cancelled = caller.get("/certificates/generated/pending").body_json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled.get("status_details"), None);
    let again = caller.vault("PATCH", "/certificates/generated/pending", Some(&cancel));
    assert_eq!(codes(&again).1, "Forbidden");
    assert_eq!(caller.vault("DELETE", "/certificates/generated/pending", None).status(), 200);
    assert_eq!(
        codes(&caller.get("/certificates/generated/pending")).1,
        "PendingCertificateNotFound"
    );
    let wrong = json!({ "policy": { "issuer": { "name": "Self" } } });
    let answer = caller.vault("POST", "/certificates/generated/create", Some(&wrong));
    assert_eq!(codes(&answer).1, "BadParameter", "without a subject");
}

#[test]
fn invalid_policy_member_is_rejected_by_its_name() {
    let (_cloud, caller) = start();
    let longest = format!("CN={}", "x".repeat(197));
    let create = |name: usize, member: &str, value: &Value| {
        let mut body = policy("Unknown", "EmailContacts");
        body["policy"]["x509_props"][member] = value.clone();
        caller.vault("POST", &format!("/certificates/generated-{name}/create"), Some(&body))
    };
    for (name, (member, value)) in [
        ("subject", json!(format!("{longest}x"))),
        ("validity_months", json!(0)),
        ("validity_months", json!(1201)),
        ("validity_months", json!(u64::MAX)),
        ("ekus", json!(["serverAuth"])),
        ("ekus", json!(["1.3.6.1.5.5.7.3.1", ""])),
        ("ekus", json!(["1.3.6.1.5.5.7.3.1."])),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = create(name, member, &value);
        assert_eq!(codes(&answer).1, "BadParameter", "{member} {value}");
        let message = answer.body_json()["error"]["message"].to_string();
        assert!(message.contains(member), "{message}");
        let pending = caller.get(&format!("/certificates/generated-{name}/pending"));
        assert_eq!(pending.status(), 404, "{member} {value}");
    }
    for (name, (member, value)) in [
        ("subject", json!(longest)),
        ("validity_months", json!(1)),
        ("validity_months", json!(1200)),
        ("ekus", json!(["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"])),
        ("ekus", json!([])),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = create(100 + name, member, &value);
        assert_eq!(answer.status(), 202, "{member} {value}: {}", answer.body_json());
    }
}

#[test]
fn auto_renew_makes_a_version_without_a_request() {
    let (cloud, caller) = start();
    let vault = cloud.vault("contoso");
    let leaf = TestPki::new(cloud.clock().now()).leaf("www.contoso.com").issue();
    for (name, issuer) in [("renews", "Self"), ("stays", "Unknown")] {
        let mut body = policy(issuer, "AutoRenew");
        body["value"] = json!(STANDARD.encode(leaf.pfx()));
        body["policy"]["key_props"] = json!({});
        body["policy"]["secret_props"] = json!({ "contentType": "application/x-pkcs12" });
        let answer = caller.vault("POST", &format!("/certificates/{name}/import"), Some(&body));
        assert_eq!(answer.status(), 200, "{}", answer.body_json());
    }
    cloud.clock().advance(Duration::from_secs(300 * 86_400));
    let caller = Caller::of_vaults(&cloud);
    caller.get("/certificates");
    let minted = vault.newest("renews").expect("a version");
    assert_ne!(minted.thumbprint, leaf.thumbprint());
    assert_eq!(minted.certificates.len(), 1, "signed by itself");
    assert_eq!(vault.versions("stays").len(), 1);
}

#[test]
fn vaults_do_not_wait_for_each_others_keys() {
    let (cloud, caller) = start();
    cloud.vault("contoso").seed(1);
    let maker = std::thread::spawn(move || {
        let began = Instant::now();
        for number in 0..2 {
            let mut body = policy("Unknown", "EmailContacts");
            body["policy"]["key_props"] = json!({ "kty": "RSA", "key_size": 3072 });
            let path = format!("/certificates/generated-{number}/create");
            assert_eq!(caller.vault("POST", &path, Some(&body)).status(), 202);
        }
        began.elapsed()
    });
    let caller = Caller::of_vaults(&cloud);
    let mut longest = Duration::ZERO;
    while !maker.is_finished() {
        let began = Instant::now();
        assert_eq!(caller.get("/certificates/cert-000001").status(), 200);
        longest = longest.max(began.elapsed());
    }
    let all = maker.join().expect("two keys");
    // A request that waited for both keys would have waited for half of the time at least once.
    assert!(longest < all / 3, "{longest:?} of {all:?}");
}

#[test]
fn a_renewal_that_is_always_due_comes_once_a_day() {
    let (cloud, caller) = start();
    let mut body = policy("Self", "AutoRenew");
    body["policy"]["lifetime_actions"][0]["trigger"] = json!({ "days_before_expiry": 400 });
    assert_eq!(caller.vault("POST", "/certificates/generated/create", Some(&body)).status(), 202);
    cloud.clock().advance(Duration::from_secs(20));
    let versions = || {
        (0..5).for_each(|_| assert_eq!(caller.get("/certificates/generated").status(), 200));
        cloud.vault("contoso").versions("generated").len()
    };
    assert_eq!(versions(), 1);
    cloud.token_lifetime(Duration::from_secs(7 * 86_400));
    cloud.clock().advance(Duration::from_secs(86_400));
    let caller = Caller::of_vaults(&cloud);
    (0..5).for_each(|_| assert_eq!(caller.get("/certificates/generated").status(), 200));
    assert_eq!(cloud.vault("contoso").versions("generated").len(), 2);
}

#[test]
fn pending_operation_is_deleted_with_its_certificate() {
    let (cloud, caller) = start();
    let leaf = TestPki::new(cloud.clock().now()).leaf("www.contoso.com").issue();
    cloud.vault("contoso").import("generated", &leaf.pfx(), None).expect("a certificate");
    let body = policy("Unknown", "EmailContacts");
    assert_eq!(caller.vault("POST", "/certificates/generated/create", Some(&body)).status(), 202);
    cloud.vault("contoso").delete("generated");
    assert_eq!(
        codes(&caller.get("/certificates/generated/pending")).1,
        "PendingCertificateNotFound"
    );
    assert!(cloud.vault("contoso").names().is_empty());
}

#[test]
fn nothing_is_merged_that_would_not_be_imported() {
    let (cloud, caller) = start();
    let body = policy("Unknown", "EmailContacts");
    let operation = caller.vault("POST", "/certificates/generated/create", Some(&body)).body_json();
    let csr = STANDARD.decode(operation["csr"].as_str().expect("a request")).expect("base64");
    let chain = TestPki::new(cloud.clock().now()).sign(&csr).expect("a chain");
    let x5c = [STANDARD.encode(&chain[0]), "AQID".to_owned()];
    let answer =
        caller.vault("POST", "/certificates/generated/pending/merge", Some(&json!({ "x5c": x5c })));
    assert_eq!(codes(&answer).1, "BadParameter", "a chain entry that is not a certificate");
    let mut body = policy("Self", "EmailContacts");
    body["policy"]["key_props"] = json!({ "kty": "EC-HSM", "crv": "P-256" });
    let answer = caller.vault("POST", "/certificates/other/create", Some(&body));
    assert_eq!(codes(&answer).1, "BadParameter", "a standard vault has no HSM");
}

#[test]
fn each_creation_is_a_version_with_its_own_tags() {
    let (cloud, caller) = start();
    for tag in ["tag01", "tag02", "tag03"] {
        let mut body = policy("Self", "EmailContacts");
        body["tags"] = json!({ "tag": tag });
        let answer = caller.vault("POST", "/certificates/generated/create", Some(&body));
        assert_eq!(answer.status(), 202, "{}", answer.body_json());
        cloud.clock().advance(Duration::from_secs(20));
        assert_eq!(caller.get("/certificates/generated").body_json()["tags"], body["tags"]);
    }
    let list = caller.get("/certificates/generated/versions").body_json();
    let mut tags: Vec<String> = Vec::new();
    for item in list["value"].as_array().expect("a list") {
        let (_, path) = item["id"].as_str().and_then(|id| id.split_once(".net")).expect("an id");
        tags.push(caller.get(path).body_json()["tags"]["tag"].to_string());
    }
    tags.sort();
    assert_eq!(tags, ["\"tag01\"", "\"tag02\"", "\"tag03\""]);
}

#[test]
fn an_rsa_request_is_merged_with_any_chain() {
    let (cloud, caller) = start();
    let mut body = policy("Unknown", "EmailContacts");
    body["policy"]["key_props"] = json!({ "kty": "RSA", "key_size": 2048 });
    let operation = caller.vault("POST", "/certificates/generated/create", Some(&body)).body_json();
    let csr = STANDARD.decode(operation["csr"].as_str().expect("a request")).expect("base64");
    let chain = TestPki::elliptic(cloud.clock().now()).sign(&csr).expect("a chain");
    let x5c: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
    let answer =
        caller.vault("POST", "/certificates/generated/pending/merge", Some(&json!({ "x5c": x5c })));
    assert_eq!(answer.status(), 201, "{}", answer.body_json());
    let version = cloud.vault("contoso").newest("generated").expect("a version");
    assert_eq!(version.certificates, chain);
}

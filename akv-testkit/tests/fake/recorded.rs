//! The service's recorded behavior for generated certificates and for optional members.

use std::time::Duration;

use akv_testkit::pki::{Key, TestPki};
use akv_testkit::{FakeCloud, VaultPlan};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Caller, codes, import_body};

fn start() -> (FakeCloud, Caller) {
    let cloud =
        FakeCloud::builder().vault("contoso").issuance_takes(Duration::from_secs(20)).start();
    let caller = Caller::of_vaults(&cloud);
    (cloud, caller)
}

fn create(caller: &Caller, name: &str, policy: &Value) -> akv_testkit::Response {
    let body = json!({ "policy": policy });
    caller.vault("POST", &format!("/certificates/{name}/create"), Some(&body))
}

fn wanted(issuer: &str) -> Value {
    json!({
        "issuer": { "name": issuer },
        "key_props": { "kty": "EC" },
        "x509_props": { "subject": "cn=MyCert" },
    })
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn a_certificate_in_the_making_is_seen_everywhere_but_in_lists() {
    let (cloud, caller) = start();
    let answer = create(&caller, "generated", &wanted("Self"));
    assert_eq!(answer.body_json()["status"], "inProgress");
    let bundle = caller.get("/certificates/generated").body_json();
    assert_eq!(names(&bundle), ["attributes", "id", "pending", "policy"]);
    assert_eq!(
        names(&bundle["attributes"]),
        ["created", "enabled", "exp", "nbf", "recoverableDays", "recoveryLevel", "updated"]
    );
    assert_eq!(bundle["attributes"]["enabled"], false);
    assert_eq!(bundle["policy"]["x509_props"]["subject"], "cn=MyCert");
    let (_, version) = bundle["id"].as_str().and_then(|id| id.rsplit_once('/')).expect("an id");
    let answer = caller.get(&format!("/certificates/generated/{version}"));
    assert_eq!(answer.body_json()["id"], bundle["id"]);
    assert_eq!(caller.get("/certificates/generated/policy").status(), 200);
    let policy = json!({ "x509_props": { "subject": "cn=Other" } });
    let answer = caller.vault("PATCH", "/certificates/generated/policy", Some(&policy));
    assert_eq!(answer.status(), 200);
    let tags = json!({ "tags": { "customTag": "value" } });
    let updated = caller.vault("PATCH", "/certificates/generated", Some(&tags)).body_json();
    assert_eq!(updated["attributes"]["enabled"], false);
    let listed = |path: &str| caller.get(path).body_json()["value"].as_array().map(Vec::len);
    assert_eq!(listed("/certificates"), Some(0));
    assert_eq!(listed("/certificates?includePending=false"), Some(0));
    assert_eq!(listed("/certificates?includePending=true"), Some(1));
    assert_eq!(codes(&caller.get("/secrets/generated")).1, "SecretNotFound");
    let deleted = caller.vault("DELETE", "/certificates/generated", None).body_json();
    assert!(deleted["recoveryId"].is_string() && deleted.get("cer").is_none());
    assert_eq!(listed("/deletedcertificates"), Some(0));
    assert_eq!(listed("/deletedcertificates?includePending=true"), Some(1));
    let recovered =
        caller.vault("POST", "/deletedcertificates/generated/recover", None).body_json();
    assert_eq!(recovered["tags"], tags["tags"]);
    cloud.clock().advance(Duration::from_secs(20));
    let made = caller.get("/certificates/generated").body_json();
    assert_eq!((&made["id"], &made["attributes"]["enabled"]), (&bundle["id"], &json!(true)));
    assert_eq!(made["tags"], tags["tags"]);
}

#[test]
fn pending_version_keeps_the_older_one() {
    let (cloud, caller) = start();
    let leaf = TestPki::new(cloud.clock().now()).leaf("www.contoso.com").issue();
    cloud.vault("contoso").import("web", &leaf.pfx(), None).expect("a certificate");
    let before = caller.get("/certificates/web").body_json();
    create(&caller, "web", &wanted("Unknown"));
    let bundle = caller.get("/certificates/web").body_json();
    assert_eq!((&bundle["id"], &bundle["cer"]), (&before["id"], &before["cer"]));
    assert!(bundle["pending"]["id"].is_string());
    assert_eq!(caller.get("/secrets/web").status(), 200);
    for (path, body) in [
        ("/certificates/web/create", json!({ "policy": wanted("Self") })),
        ("/certificates/web/import", import_body(&leaf.pfx())),
    ] {
        let answer = caller.vault("POST", path, Some(&body));
        assert_eq!(answer.status(), 409, "{path}");
        let message = answer.body_json()["error"]["message"].to_string();
        assert!(message.contains("while a pending key vault certificate's status is inProgress"));
    }
    let forgotten = caller.vault("DELETE", "/certificates/web/pending", None);
    assert_eq!(forgotten.status(), 200);
    assert_eq!(caller.get("/certificates/web").body_json().get("pending"), None);
    let import = import_body(&leaf.pfx());
    let answer = caller.vault("POST", "/certificates/web/import", Some(&import));
    assert_eq!(answer.status(), 200, "a deleted request blocks nothing");
}

#[test]
fn progress_shows_the_wait_and_its_length() {
    let (cloud, caller) = start();
    for (issuer, details) in [
        ("Self", "Certificate request is in progress. This may take some time"),
        ("Unknown", "Please Perform Merge to complete the request."),
    ] {
        create(&caller, issuer, &wanted(issuer));
        let path = format!("/certificates/{issuer}/pending");
        let answer = caller.get(&path);
        assert_eq!(answer.find_header("retry-after"), Some("10"));
        let operation = answer.body_json();
        assert!(operation["status_details"].as_str().is_some_and(|it| it.contains(details)));
        assert_eq!(operation["issuer"], json!({ "name": issuer }));
        assert_eq!(operation.get("target"), None);
    }
    cloud.clock().advance(Duration::from_secs(20));
    let answer = caller.get("/certificates/Self/pending");
    assert_eq!(answer.find_header("retry-after"), None);
    let operation = answer.body_json();
    assert_eq!(
        (&operation["status"], operation.get("status_details")),
        (&json!("completed"), None)
    );
    let made = caller.get("/certificates/Self").body_json();
    assert!(made["pending"]["id"].is_string(), "until the operation is deleted");
    let cancel = json!({ "cancellation_requested": true });
    let answer = caller.vault("PATCH", "/certificates/Self/pending", Some(&cancel));
    let status_and_message = answer.body_json()["error"]["message"].clone();
    assert_eq!(status_and_message, "Pending status must be in progress to allow update. ");
    caller.vault("DELETE", "/certificates/Self/pending", None);
    assert_eq!(caller.get("/certificates/Self").body_json().get("pending"), None);
}

#[test]
fn created_certificate_has_server_usages() {
    let (cloud, caller) = start();
    let mut rsa = wanted("Self");
    rsa["key_props"] = json!({ "kty": "RSA" });
    let mut none = wanted("Unknown");
    none["x509_props"]["ekus"] = json!([]);
    none["x509_props"]["key_usage"] = json!(["keyAgreement", "decipherOnly"]);
    for (name, policy) in [("ec", wanted("Self")), ("rsa", rsa), ("none", none)] {
        assert_eq!(create(&caller, name, &policy).status(), 202, "{name}");
    }
    cloud.clock().advance(Duration::from_secs(20));
    let both = json!(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    for (name, usages, ekus, action) in [
        ("ec", json!(["digitalSignature"]), &both, "AutoRenew"),
        ("rsa", json!(["digitalSignature", "keyEncipherment"]), &both, "AutoRenew"),
        ("none", json!(["keyAgreement", "decipherOnly"]), &json!([]), "EmailContacts"),
    ] {
        let policy = caller.get(&format!("/certificates/{name}/policy")).body_json();
        assert_eq!(policy["x509_props"]["key_usage"], usages, "{name}");
        assert_eq!(&policy["x509_props"]["ekus"], ekus, "{name}");
        assert_eq!(policy["x509_props"].get("sans"), None, "{name}");
        let actions = json!([{
            "trigger": { "lifetime_percentage": 80 },
            "action": { "action_type": action },
        }]);
        assert_eq!(policy["lifetime_actions"], actions, "{name}");
    }
    // The generated certificate has the same properties when it is imported elsewhere.
    let secret = caller.get("/secrets/rsa").body_json();
    let again = caller.vault("POST", "/certificates/again/import", Some(&secret));
    let again = again.body_json();
    assert_eq!(again["policy"]["x509_props"]["ekus"], both, "{again}");
    assert_eq!(
        again["policy"]["x509_props"]["key_usage"],
        json!(["digitalSignature", "keyEncipherment"])
    );
    let der = STANDARD.decode(again["cer"].as_str().expect("a certificate")).expect("base64");
    // Authority and subject key identifier, and a critical key usage.
    for extension in
        [&[0x55_u8, 0x1d, 0x23][..], &[0x55, 0x1d, 0x0e], &[0x55, 0x1d, 0x0f, 1, 1, 0xff]]
    {
        assert!(der.windows(extension.len()).any(|part| part == extension), "{extension:x?}");
    }
    let (created, from) = (&again["attributes"]["created"], &again["attributes"]["nbf"]);
    assert_eq!(created, from.as_i64().map(|from| from + 600).as_ref().expect("a number"));
}

#[test]
fn the_base64_of_base64_is_merged_as_sdks_send_it() {
    let (cloud, caller) = start();
    let operation = create(&caller, "generated", &wanted("Unknown")).body_json();
    let csr = STANDARD.decode(operation["csr"].as_str().expect("a request")).expect("base64");
    let chain = TestPki::new(cloud.clock().now()).sign(&csr).expect("a chain");
    let x5c: Vec<String> = chain.iter().map(|der| STANDARD.encode(STANDARD.encode(der))).collect();
    let answer =
        caller.vault("POST", "/certificates/generated/pending/merge", Some(&json!({ "x5c": x5c })));
    assert_eq!(answer.status(), 201, "{}", answer.body_json());
    assert!(
        answer.find_header("location").is_some_and(|it| it.contains("/certificates/generated?"))
    );
    assert_eq!(answer.body_json()["cer"], STANDARD.encode(&chain[0]));
    assert_eq!(answer.body_json()["policy"]["x509_props"]["subject"], "cn=MyCert");
}

#[test]
fn an_import_is_described_by_its_certificate() {
    let (cloud, caller) = start();
    let leaf = TestPki::new(cloud.clock().now()).leaf("www.contoso.com").key(Key::P256).issue();
    let mut body = import_body(&leaf.pfx());
    body["policy"] = json!({
        "secret_props": { "contentType": "application/x-pkcs12" },
        "issuer": { "name": "Self", "nonsense": 1 },
        "x509_props": { "subject": "CN=NotThis", "ekus": ["1.2.3"], "validity_months": 99 },
        "nonsense": { "a": 1 },
    });
    let policy = |answer: akv_testkit::Response| answer.body_json()["policy"].clone();
    let first = policy(caller.vault("POST", "/certificates/web/import", Some(&body)));
    assert_eq!(first["x509_props"]["subject"], "CN=www.contoso.com, O=Fake Cloud");
    assert_eq!(first["x509_props"]["validity_months"], 13, "a month that has begun counts");
    assert_eq!(first["lifetime_actions"][0]["action"]["action_type"], "AutoRenew");
    assert_eq!((first.get("nonsense"), first["issuer"].get("nonsense")), (None, None));
    cloud.clock().advance(Duration::from_secs(100));
    let second = policy(caller.vault("POST", "/certificates/web/import", Some(&body)));
    assert_eq!(second["attributes"]["created"], first["attributes"]["created"]);
    assert_ne!(second["attributes"]["updated"], first["attributes"]["updated"]);
}

#[test]
fn members_without_a_value_are_omitted() {
    let (cloud, caller) = start();
    let leaf = TestPki::new(cloud.clock().now()).leaf("www.contoso.com").issue();
    let vault = cloud.vault("contoso");
    let version = vault.import("web", &leaf.pfx(), None).expect("a certificate").id;
    vault.import("gone", &leaf.pfx(), None).expect("a certificate");
    vault.delete("gone");
    for path in [
        "/certificates/web".to_owned(),
        format!("/certificates/web/{version}"),
        "/certificates".to_owned(),
        "/certificates/web/versions".to_owned(),
        "/deletedcertificates".to_owned(),
        "/deletedcertificates/gone".to_owned(),
        "/secrets/web".to_owned(),
        "/keys/web".to_owned(),
    ] {
        let text = caller.get(&path).body_json().to_string();
        assert!(!text.contains("\"tags\""), "{path}: {text}");
    }
    let clear = json!({ "tags": {} });
    let answer = caller.vault("PATCH", "/certificates/web", Some(&clear)).body_json();
    assert_eq!(answer["tags"], json!({}), "what was given is kept");
    let by_version = format!("/certificates/web/{version}");
    let updated = caller.vault("PATCH", &by_version, Some(&json!({}))).body_json();
    assert_eq!(updated.get("serialnumber"), None, "only GET returns it");
    assert!(caller.get(&by_version).body_json()["serialnumber"].is_string());
    let items = caller.get("/deletedcertificates").body_json();
    let item = &items["value"][0];
    assert_eq!(item.get("subject"), None);
    assert_eq!(item["attributes"]["recoveryLevel"], "Recoverable+Purgeable");
    assert_eq!(item["attributes"]["recoverableDays"], 90);
    let old = caller.send(
        "GET",
        "https://contoso.vault.azure.net/certificates/web?api-version=7.0",
        None,
    );
    assert_eq!(old.body_json()["attributes"].get("recoverableDays"), None);
}

#[test]
fn issuer_shows_its_settings() {
    let (_cloud, caller) = start();
    let path = "/certificates/issuers/ca";
    let set = |body: &Value| caller.vault("PUT", path, Some(body)).body_json();
    let bare = set(&json!({ "provider": "Test" }));
    assert_eq!(names(&bare), ["attributes", "id", "provider"]);
    let account = json!({ "credentials": { "account_id": "a" } });
    let with = caller.vault("PATCH", path, Some(&account)).body_json();
    assert_eq!(with["credentials"], json!({ "account_id": "a" }));
    let empty = json!({ "credentials": { "account_id": "" } });
    let without = caller.vault("PATCH", path, Some(&empty)).body_json();
    assert_eq!(without.get("credentials"), None);
    let mut policy = wanted("ca");
    policy["issuer"]["cert_transparency"] = json!(true);
    let operation = create(&caller, "generated", &policy).body_json();
    assert_eq!(operation["issuer"], json!({ "name": "ca" }));
}

#[test]
fn absent_object_has_the_services_message() {
    let (_cloud, caller) = start();
    let status_and_message = |answer: akv_testkit::Response| {
        (answer.status(), answer.body_json()["error"]["message"].as_str().map(str::to_owned))
    };
    let message = "A certificate with (name/id) web was not found in this key vault. If you recently \
                deleted this certificate you may be able to recover it using the correct recovery \
                command. For help resolving this issue, please see \
                https://go.microsoft.com/fwlink/?linkid=2125182";
    assert_eq!(
        status_and_message(caller.get("/certificates/web")),
        (404, Some(message.to_owned()))
    );
    let gone = Some("Deleted Certificate not found: web".to_owned());
    assert_eq!(status_and_message(caller.get("/deletedcertificates/web")), (404, gone));
    let nameless = caller.vault("POST", "/certificates//create", Some(&json!({})));
    assert_eq!(nameless.status(), 405);
}

#[test]
fn pending_request_is_returned_as_text_on_request() {
    let (cloud, caller) = start();
    let operation = create(&caller, "generated", &wanted("Unknown")).body_json();
    let url = "https://contoso.vault.azure.net/certificates/generated/pending?api-version=7.0";
    let request = akv_testkit::Request::new("GET", &url.parse().expect("a URL"))
        .header("Authorization", &format!("Bearer {}", caller.token()))
        .header("Accept", "application/pkcs10");
    let answer = cloud.handle(&request);
    assert_eq!(answer.find_header("content-type"), Some("application/pkcs10; charset=utf-8"));
    assert_eq!(operation["csr"], String::from_utf8_lossy(answer.bytes()).into_owned());
}

#[test]
fn hsm_keys_require_a_premium_vault_and_stay_there() {
    let cloud = FakeCloud::builder().vault_with("contoso", VaultPlan::premium).start();
    let caller = Caller::of_vaults(&cloud);
    for (name, kty) in [("ec", "EC-HSM"), ("rsa", "RSA-HSM")] {
        let mut policy = wanted("Unknown");
        policy["key_props"] = json!({ "kty": kty });
        let operation = create(&caller, name, &policy).body_json();
        let csr = STANDARD.decode(operation["csr"].as_str().expect("a request")).expect("base64");
        let chain = TestPki::new(cloud.clock().now()).sign(&csr).expect("a chain");
        let x5c: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
        let path = format!("/certificates/{name}/pending/merge");
        let merged = caller.vault("POST", &path, Some(&json!({ "x5c": x5c }))).body_json();
        let key = &merged["policy"]["key_props"];
        assert_eq!((&key["kty"], &key["exportable"]), (&json!(kty), &json!(false)));
        policy["key_props"]["exportable"] = json!(true);
        let answer = create(&caller, &format!("{name}-out"), &policy);
        assert_eq!(codes(&answer).1, "BadParameter", "{kty}");
    }
}

#[test]
fn names_of_every_kind_are_in_the_certificate() {
    let (cloud, caller) = start();
    for (kind, value) in [
        ("dns_names", "www.contoso.com"),
        ("emails", "a@contoso.com"),
        ("upns", "b@contoso.com"),
        ("uris", "https://contoso.com/c"),
        ("ipAddresses", "2001:db8::1"),
    ] {
        let mut policy = wanted("Self");
        policy["x509_props"] = json!({ "sans": { kind: [value] } });
        let name = kind.replace('_', "-");
        let answer = create(&caller, &name, &policy);
        assert_eq!(answer.status(), 202, "{kind}: {}", answer.body_json());
        cloud.clock().advance(Duration::from_secs(20));
        let secret = caller.get(&format!("/secrets/{name}")).body_json();
        let path = format!("/certificates/{name}-again/import");
        let again = caller.vault("POST", &path, Some(&secret)).body_json();
        assert_eq!(again["policy"]["x509_props"]["sans"], json!({ kind: [value] }), "{kind}");
    }
    for (kind, value) in [("ipAddresses", "10.0.0"), ("dns_names", "münchen.example")] {
        let mut policy = wanted("Self");
        policy["x509_props"]["sans"] = json!({ kind: [value] });
        assert_eq!(codes(&create(&caller, "wrong", &policy)).1, "BadParameter", "{value}");
    }
}

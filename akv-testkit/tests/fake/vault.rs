//! The fake vault through `FakeCloud::handle`.

use std::time::Duration;

use crate::support::{Caller, PUBLIC, codes, import_body, token};
use akv_testkit::pki::{Key, TestPki, openssl_pfx};
use akv_testkit::{DenyRule, FakeCloud, Operation, Pages, Reason};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

fn cloud() -> FakeCloud {
    FakeCloud::builder().vault("contoso").start()
}

fn import(caller: &Caller, name: &str, body: &Value) -> akv_testkit::Response {
    caller.vault("POST", &format!("/certificates/{name}/import"), Some(body))
}

#[test]
fn without_a_token_there_is_a_challenge() {
    let cloud = cloud();
    let url = "https://contoso.vault.azure.net/certificates?api-version=7.4".parse().expect("URL");
    let answer = cloud.handle(&akv_testkit::Request::new("GET", &url));
    assert_eq!(codes(&answer), (401, "Unauthorized".into(), String::new()));
    let expected = format!(
        "Bearer authorization=\"https://login.microsoftonline.com/{}\", \
         resource=\"https://vault.azure.net\"",
        cloud.tenant_id()
    );
    assert_eq!(answer.find_header("www-authenticate"), Some(expected.as_str()));
}

#[test]
fn wrong_or_expired_token_gets_another_challenge() {
    let cloud = cloud();
    let other = Caller::with_audience(&cloud, PUBLIC.0, "https://management.azure.com");
    let answer = other.get("/certificates");
    assert_eq!(answer.status(), 401);
    assert!(answer.body_json().to_string().contains("AKV10022"));

    let caller = Caller::of_vaults(&cloud);
    assert_eq!(caller.get("/certificates").status(), 200);
    cloud.clock().advance(Duration::from_secs(3599));
    assert_eq!(caller.get("/certificates").status(), 401);
}

#[test]
fn a_token_of_another_tenant_is_sent_to_the_right_one() {
    let (tenant, subscription) = ("7e4a47e4-0000-4000-8000-000000000002", "other-subscription");
    let cloud = FakeCloud::builder()
        .tenant(tenant)
        .subscription_in(tenant, subscription, "Enabled")
        .vault_with("contoso", |vault| vault.placed(subscription, "group"))
        .start();
    let answer = Caller::of_vaults(&cloud).get("/certificates");
    assert_eq!(answer.status(), 401);
    assert!(answer.find_header("www-authenticate").is_some_and(|header| header.contains(tenant)));
}

#[test]
fn each_built_in_cloud_has_its_own_names() {
    let cloud = cloud();
    for (authority, vaults) in [
        PUBLIC,
        ("https://login.microsoftonline.us", "https://vault.usgovcloudapi.net"),
        ("https://login.chinacloudapi.cn", "https://vault.azure.cn"),
    ] {
        let caller = Caller::with_audience(&cloud, authority, vaults);
        let host = vaults.replace("https://", "https://contoso.");
        let answer = caller.send("GET", &format!("{host}/certificates?api-version=7.4"), None);
        assert_eq!(answer.status(), 200, "{vaults}");
    }
    let wrong = token(
        &cloud,
        PUBLIC.0,
        &cloud.tenant_id(),
        &cloud.client_secret(),
        "https://vault.azure.cn",
    );
    assert_eq!(wrong.body_json()["error_codes"], json!([500_011]));
}

#[test]
fn import_returns_the_content_of_the_file() {
    let cloud = cloud();
    let caller = Caller::of_vaults(&cloud);
    let leaf = TestPki::new(cloud.clock().now()).leaf("www.contoso.com").issue();
    let mut body = import_body(&leaf.pfx());
    body["tags"] = json!({ "owner": "pki" });
    let answer = import(&caller, "Web-01", &body);
    assert_eq!(answer.status(), 200, "{}", answer.body_json());
    let bundle = answer.body_json();
    assert_eq!(bundle["cer"], json!(STANDARD.encode(leaf.der())));
    assert_eq!(bundle["x5t"], json!(URL_SAFE_NO_PAD.encode(leaf.thumbprint().as_bytes())));
    assert_eq!(bundle["tags"], json!({ "owner": "pki" }));
    assert_eq!(bundle["policy"]["key_props"]["kty"], "RSA");
    assert_eq!(bundle["policy"]["key_props"]["key_size"], 2048);
    assert_eq!(bundle["policy"]["issuer"]["name"], "Unknown");
    assert_eq!(bundle["policy"]["x509_props"]["subject"], "CN=www.contoso.com, O=Fake Cloud");
    assert_eq!(bundle["policy"]["x509_props"]["sans"]["dns_names"], json!(["www.contoso.com"]));
    assert_eq!(bundle["attributes"]["recoveryLevel"], "Recoverable+Purgeable");
    let id = bundle["id"].as_str().expect("an id");
    assert!(id.starts_with("https://contoso.vault.azure.net/certificates/Web-01/"), "{id}");
    // In another case it is the same certificate, displayed in the case of its creation.
    let again = caller.get("/certificates/WEB-01/");
    assert_eq!(again.body_json()["id"], bundle["id"]);
    // Only the secret contains the chain.
    let version = cloud.vault("contoso").newest("web-01").expect("a version");
    assert_eq!(version.certificates.len(), 3);
    let secret = caller.get("/secrets/web-01").body_json();
    let pfx = STANDARD.decode(secret["value"].as_str().expect("a value")).expect("base64");
    let read = akv_core::bundle::pfx::read(&pfx, &akv_core::Password::default()).expect("a PFX");
    assert_eq!((read.keys.len(), read.certificates.len()), (1, 3));
    let by_version = caller.get(&format!("/certificates/web-01/{}", version.id)).body_json();
    assert_eq!(by_version.get("policy"), None);
    assert!(by_version["issuer"].as_str().expect("an issuer").contains("Test Issuing CA"));
}

#[test]
fn openssl_files_open_only_with_their_password() {
    let cloud = cloud();
    let vault = cloud.vault("contoso");
    for name in ["web-v1", "web-v1-legacy", "web-v2", "web-v2-legacy", "api-v1", "api-v1-legacy"] {
        let fixture = openssl_pfx(name).expect("a fixture");
        let version = vault.import(name, fixture.pfx, Some(fixture.password)).expect("imported");
        assert_eq!(version.certificates.len(), 3, "{name}");
        let refused = vault.import(name, fixture.pfx, Some("wrong")).expect_err("refused");
        assert_eq!(codes(&refused).1, "BadParameter", "{name}");
        assert_eq!(vault.versions(name).len(), 1);
    }
}

#[test]
fn rejected_input_of_the_service_is_rejected() {
    let cloud = cloud();
    let caller = Caller::of_vaults(&cloud);
    let now = cloud.clock().now();
    let pki = TestPki::new(now);
    let good = pki.leaf("www.contoso.com").issue();
    let pem_policy = json!({ "secret_props": { "contentType": "application/x-pem-file" } });
    let with_policy = |file: &[u8], policy: Value| {
        let mut body = import_body(file);
        body["policy"] = policy;
        body
    };
    let big = pki.leaf("big.contoso.com").key(Key::Rsa3072).issue();
    let many: serde_json::Map<_, _> = (0..16).map(|n| (format!("t{n}"), json!("v"))).collect();
    let mut tagged = import_body(&good.pfx());
    tagged["tags"] = Value::Object(many);
    let pkcs12 = "application/x-pkcs12";
    let cases = [
        ("no key", import_body(&good.pfx_without_key())),
        ("expired", import_body(&pki.leaf("old").until(now).issue().pfx())),
        ("garbage", import_body(b"not a file at all")),
        ("too long", import_body(&vec![0; 25_000])),
        ("no value", json!({})),
        ("16 tags", tagged),
        ("policy without a content type", with_policy(&good.pfx(), json!({ "key_props": {} }))),
        ("PFX under a PEM policy", with_policy(&good.pfx(), pem_policy.clone())),
        (
            "PEM under a PKCS#12 policy",
            with_policy(
                good.pem().as_bytes(),
                json!({ "secret_props": { "contentType": pkcs12 } }),
            ),
        ),
        (
            "another key type",
            with_policy(
                &good.pfx(),
                json!({ "key_props": { "kty": "EC" }, "secret_props": { "contentType": pkcs12 } }),
            ),
        ),
        (
            "RSA 3072 without a size",
            with_policy(
                &big.pfx(),
                json!({ "key_props": { "kty": "RSA" }, "secret_props": { "contentType": pkcs12 } }),
            ),
        ),
        (
            "PKCS#1 in PEM",
            import_body(good.pem().replace("PRIVATE KEY", "RSA PRIVATE KEY").as_bytes()),
        ),
        ("CRLF in PEM", import_body(good.pem().replace('\n', "\r\n").as_bytes())),
    ];
    for (what, body) in cases {
        let answer = import(&caller, "web", &body);
        assert_eq!(codes(&answer), (400, "BadParameter".into(), String::new()), "{what}");
    }
    assert_eq!(cloud.vault("contoso").names(), Vec::<String>::new());

    let under_ec = TestPki::elliptic(now).leaf("www.contoso.com").issue();
    let answer = import(&caller, "web", &import_body(&under_ec.pfx()));
    assert_eq!(codes(&answer).2, "KeySizeNotSupported");
    for key in [Key::Rsa2048, Key::Rsa4096, Key::P256, Key::P384, Key::P521] {
        let leaf = pki.leaf("www.contoso.com").key(key).issue();
        assert_eq!(import(&caller, "web", &import_body(&leaf.pfx())).status(), 200, "{key:?}");
    }
    let pem = import(&caller, "pem", &json!({ "value": good.pem(), "policy": pem_policy }));
    assert_eq!(pem.status(), 200, "{}", pem.body_json());
    // A name with a PEM policy rejects a PKCS#12 file without a content type.
    let answer = import(&caller, "pem", &import_body(&good.pfx()));
    assert_eq!(answer.status(), 400);
}

#[test]
fn a_new_version_drops_the_tags_of_the_one_before() {
    let cloud = cloud();
    let caller = Caller::of_vaults(&cloud);
    let pki = TestPki::new(cloud.clock().now());
    let mut body = import_body(&pki.leaf("a").issue().pfx());
    body["tags"] = json!({ "a": "1" });
    import(&caller, "web", &body);
    import(&caller, "WEB", &import_body(&pki.leaf("b").issue().pfx()));
    let versions = cloud.vault("contoso").versions("web");
    assert_eq!(versions.len(), 2);
    assert!(versions[1].tags.is_empty());
    let tags = json!({ "tags": { "b": "2" }, "attributes": { "enabled": false } });
    let answer = caller.vault("PATCH", "/certificates/web/", Some(&tags));
    assert_eq!(answer.body_json()["tags"], json!({ "b": "2" }));
    assert_eq!(answer.body_json()["attributes"]["enabled"], json!(false));
    assert_eq!(codes(&caller.get("/secrets/web")).2, "SecretDisabled");
    assert_eq!(caller.get("/certificates/web").status(), 200);
    let list = caller.get("/certificates/web/versions").body_json();
    assert_eq!(list["value"].as_array().map(Vec::len), Some(2));
}

#[test]
fn pages_are_complete_and_contain_only_list_data() {
    for (pages, expected) in [(Pages::default(), 5), (Pages::of(14).empty_every(3), 11)] {
        let cloud = FakeCloud::builder().vault("contoso").pages(pages).start();
        cloud.vault("contoso").seed(110);
        let caller = Caller::of_vaults(&cloud);
        let mut next = "https://contoso.vault.azure.net/certificates?api-version=7.4".to_owned();
        let (mut seen, mut count) = (Vec::new(), 0);
        loop {
            let page = caller.send("GET", &next, None).body_json();
            count += 1;
            for item in page["value"].as_array().expect("items") {
                for absent in ["cer", "policy", "kid", "sid"] {
                    assert_eq!(item.get(absent), None);
                }
                assert_eq!(item["attributes"].get("recoveryLevel"), None);
                assert_eq!(item["x5t"].as_str().map(str::len), Some(27));
                seen.push(item["id"].as_str().expect("an id").to_owned());
            }
            let Some(link) = page["nextLink"].as_str() else { break };
            assert!(link.starts_with("https://contoso.vault.azure.net:443/"), "{link}");
            link.clone_into(&mut next);
        }
        assert_eq!(seen.len(), 110);
        assert!(seen.is_sorted());
        assert_eq!(count, expected);
    }
}

#[test]
fn a_pending_certificate_has_no_thumbprint_and_breaks_nothing() {
    let cloud = cloud();
    let caller = Caller::of_vaults(&cloud);
    cloud.vault("contoso").seed(1);
    cloud.vault("contoso").add_pending("unfinished");
    let list = caller.get("/certificates").body_json();
    assert_eq!(list["value"].as_array().map(Vec::len), Some(1));
    let list = caller.get("/certificates?includePending=true").body_json();
    let item = &list["value"][1];
    assert_eq!(item["id"], "https://contoso.vault.azure.net/certificates/unfinished");
    assert_eq!(item.get("x5t"), None);
    let bundle = caller.get("/certificates/unfinished").body_json();
    assert!(bundle["pending"]["id"].as_str().is_some_and(|id| id.ends_with("/pending")));
    assert_eq!(bundle.get("cer"), None);
    assert_eq!(codes(&caller.get("/secrets/unfinished")).0, 404);
}

#[test]
fn each_seeded_certificate_is_another_one() {
    let cloud = cloud();
    let vault = cloud.vault("contoso");
    vault.seed(3);
    let prints: std::collections::BTreeSet<_> =
        vault.names().iter().filter_map(|name| vault.newest(name)).map(|v| v.thumbprint).collect();
    assert_eq!(prints.len(), 3);
}

#[test]
fn refusals_have_the_inner_codes_of_the_service() {
    let cloud = FakeCloud::builder()
        .vault("contoso")
        .vault_with("older", akv_testkit::VaultPlan::access_policies)
        .another_client("another", "another-secret")
        .start();
    cloud.vault("contoso").seed(2);
    let caller = Caller::of_vaults(&cloud);
    cloud.deny(Operation::GetCertificate);
    assert_eq!(caller.get("/certificates").status(), 200);
    let get = || codes(&caller.get("/certificates/cert-000001")).2;
    assert_eq!(get(), "ForbiddenByRbac");
    let url = "https://older.vault.azure.net/certificates/x?api-version=7.4";
    assert_eq!(codes(&caller.send("GET", url, None)).2, "AccessDenied");
    cloud.permit_all();
    for (reason, code) in [
        (Reason::Firewall, "ForbiddenByFirewall"),
        (Reason::PrivateLink, "ForbiddenByConnection"),
        (Reason::Policy, "ForbiddenByPolicy"),
    ] {
        cloud.deny(DenyRule::of(Operation::GetCertificate).because(reason).times(1));
        assert_eq!(get(), code);
        assert_eq!(get(), "", "it was only once");
    }
    cloud.deny(DenyRule::of_everything().named("CERT-000002"));
    assert_eq!(get(), "");
    assert_eq!(caller.get("/certificates/cert-000002").status(), 403);
    cloud.permit_all();
    cloud.permit_only(&cloud.client_id(), &[Operation::ListCertificates]);
    assert_eq!(get(), "ForbiddenByRbac");
    let other = Caller::with_client(&cloud, ("another", "another-secret"), PUBLIC.1);
    assert_eq!(other.get("/certificates/cert-000001").status(), 200);
    assert_eq!(caller.get("/certificates").status(), 200);
}

#[test]
fn a_vault_is_picky_about_form() {
    let cloud = cloud();
    let caller = Caller::of_vaults(&cloud);
    let base = "https://contoso.vault.azure.net";
    for path in [
        "/certificates",
        "/certificates?api-version=1.0",
        "/certificates?api-version=7.4&maxresults=26",
        "/certificates?api-version=7.4&maxresults=0",
        "/certificates?api-version=7.4&$skiptoken=nonsense",
        "/certificates/na_me?api-version=7.4",
        "/certificates/name/not-a-version?api-version=7.4",
    ] {
        let answer = caller.send("GET", &format!("{base}{path}"), None);
        assert_eq!(codes(&answer).1, "BadParameter", "{path}");
    }
    assert_eq!(codes(&caller.get("/certificates/absent")).1, "CertificateNotFound");
    let answer = caller.send("GET", "https://nowhere.vault.azure.net/x?api-version=7.4", None);
    assert_eq!(*answer.delivery(), akv_testkit::Delivery::Unreachable);
    let secret = json!({ "value": "x" });
    assert_eq!(caller.vault("PUT", "/secrets/alone", Some(&secret)).status(), 200);
    let leaf = TestPki::new(cloud.clock().now()).leaf("a").issue();
    assert_eq!(import(&caller, "alone", &import_body(&leaf.pfx())).status(), 409);
    import(&caller, "web", &import_body(&leaf.pfx()));
    let answer = caller.vault("PUT", "/secrets/web", Some(&secret));
    assert_eq!(codes(&answer).2, "SecretManagedByKeyVault");
}

#[test]
fn every_answer_has_the_services_headers() {
    for is_rbac in [true, false] {
        let cloud = FakeCloud::builder()
            .vault_with("contoso", |vault| if is_rbac { vault } else { vault.access_policies() });
        let answer = Caller::of_vaults(&cloud.start()).get("/certificates");
        for header in ["x-ms-request-id", "x-ms-keyvault-region", "x-ms-keyvault-network-info"] {
            assert!(answer.find_header(header).is_some_and(|value| !value.is_empty()), "{header}");
        }
        for header in ["x-ms-keyvault-rbac-assignment-id", "x-ms-keyvault-rbac-cache"] {
            assert_eq!(answer.find_header(header).is_some(), is_rbac, "{header}");
        }
    }
}

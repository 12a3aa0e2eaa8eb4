//! Edge cases of the service that no other file covers: certificates generated in the vault, and
//! the secret behind a certificate. `docs/azure.md` names the tests of all edge cases.

use akv_core::{Bundle, CertificateStore, Denial, ErrorKind, Password};
use akv_testkit::pki::{TestPki, openssl_pfx};
use akv_testkit::{Fault, Operation, Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::world::{World, importing, name};

/// Calls the vault as another client would, with a version of the interface.
fn ask(world: &World, method: &str, path: &str, version: &str, body: &Value) -> Response {
    let token = format!("Bearer {}", world.cloud.token("https://vault.azure.net"));
    let url = format!("{}{path}?api-version={version}", world.cloud.vault("contoso").url());
    let request = Request::new(method, &url.parse().expect("a URL"))
        .header("Authorization", &token)
        .body(if body.is_null() { String::new() } else { body.to_string() });
    world.cloud.handle(&request)
}

/// Has the vault generate a key and a request for another CA to sign.
fn ordered(world: &World) -> Vec<u8> {
    let policy = json!({ "policy": {
        "issuer": { "name": "Unknown" },
        "key_props": { "kty": "EC", "crv": "P-256" },
        "x509_props": { "subject": "CN=www.contoso.com" },
    } });
    let answer = ask(world, "POST", "/certificates/web/create", "7.4", &policy).body_json();
    STANDARD.decode(answer["csr"].as_str().expect("a request")).expect("base64")
}

#[tokio::test(start_paused = true)]
async fn a_request_in_the_vault_stops_an_import_until_forgotten() {
    let world = World::new();
    ordered(&world);
    let leaf = world.leaf("www.contoso.com");
    let store = world.store();
    let found = store.certificate(&name("web")).await.expect("a look").expect("a pending one");
    assert_eq!((found.der, found.thumbprint, found.attributes.enabled), (None, None, false));
    store.import(&importing("web", &leaf)).await.expect_err("one operation a name");
    let path = "/certificates/web/pending";
    assert_eq!(ask(&world, "DELETE", path, "7.4", &Value::Null).status(), 200);
    let imported = store.import(&importing("web", &leaf)).await.expect("an import");
    assert_eq!(imported.thumbprint, Some(leaf.thumbprint()));
    assert_eq!(world.cloud.vault("contoso").versions("web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_was_merged_is_read_whole() {
    let world = World::new();
    let pki = TestPki::new(world.cloud.clock().now());
    let chain = pki.sign(&ordered(&world)).expect("a chain");
    let x5c: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
    let merge = |version| {
        let path = "/certificates/web/pending/merge";
        ask(&world, "POST", path, version, &json!({ "x5c": x5c }))
    };
    assert_eq!(merge("7.0").status(), 400, "that version takes a without the chain");
    assert_eq!(merge("7.4").status(), 201);
    let store = world.store();
    let merged = store.certificate(&name("web")).await.expect("a look").expect("a certificate");
    let read = store.chain(&name("web"), &merged.version).await.expect("a chain");
    assert_eq!(read.into_iter().map(Vec::from).collect::<Vec<_>>(), chain);
}

#[tokio::test(start_paused = true)]
async fn the_secret_behind_a_certificate_is_read_and_never_written() {
    let world = World::new();
    let store = world.store();
    for host in ["old.contoso.com", "new.contoso.com"] {
        let imported = store.import(&importing("web", &world.leaf(host))).await.expect("imported");
        store.chain(&name("web"), &imported.version).await.expect("a chain");
    }
    assert_eq!(world.cloud.journal().count(Operation::SetSecret), 0);
    let answer = ask(&world, "PUT", "/secrets/web", "7.4", &json!({ "value": "mine" }));
    let inner = answer.body_json()["error"]["innererror"]["code"].clone();
    assert_eq!((answer.status(), inner), (403, json!("SecretManagedByKeyVault")));

    let refusal = Fault::on(Operation::GetSecret);
    world.cloud.fault(refusal.error(403, "Forbidden", Some("SecretManagedByKeyVault")));
    let version = store.certificate(&name("web")).await.expect("a look").expect("there").version;
    let error = store.chain(&name("web"), &version).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Denied(Denial::ObjectState), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_password_of_a_file_does_not_get_into_the_vault() {
    let world = World::new();
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let vault = world.cloud.vault("contoso");
    vault.import("theirs", fixture.pfx, Some(fixture.password)).expect("the service takes it");
    let bundle = Bundle::from_pfx(fixture.pfx, &fixture.password.into(), OffsetDateTime::now_utc())
        .expect("a bundle");
    let ours = importing("ours", &world.leaf("www.contoso.com")).with_bundle(bundle);
    world.store().import(&ours).await.expect("an import");
    for name in ["theirs", "ours"] {
        let secret = behind(&world, name);
        assert!(
            Bundle::from_pfx(&secret, &Password::default(), OffsetDateTime::now_utc()).is_ok(),
            "{name} needs none"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn gateway_reads_the_key_and_the_full_chain() {
    let world = World::new();
    let leaf = world.leaf("www.contoso.com");
    world.store().import(&importing("web", &leaf)).await.expect("an import");
    let bundle =
        Bundle::from_pfx(&behind(&world, "web"), &Password::default(), OffsetDateTime::now_utc())
            .expect("a bundle");
    assert_eq!(bundle.thumbprint(), leaf.thumbprint());
    assert_eq!(bundle.chain().len(), leaf.chain().len());
}

#[tokio::test(start_paused = true)]
async fn rsa_leaf_under_an_ec_ca_is_rejected_with_the_reason() {
    let world = World::new();
    let leaf = TestPki::elliptic(world.cloud.clock().now()).leaf("www.contoso.com").issue();
    let refused = world.store().import(&importing("web", &leaf)).await.expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused}");
    assert!(refused.to_string().contains("EC issuer"), "{refused}");
}

/// The secret as another reader, such as a gateway, gets it.
fn behind(world: &World, name: &str) -> Vec<u8> {
    let answer = ask(world, "GET", &format!("/secrets/{name}"), "7.4", &Value::Null).body_json();
    STANDARD.decode(answer["value"].as_str().expect("a value")).expect("base64")
}

//! Entra ID with a service principal that signs in with its certificate.

use std::time::Duration;

use akv_testkit::pki::{Key, Leaf, TestPki};
use akv_testkit::{ClientCertificateError, FakeCloud, Request, Response};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::support::{PUBLIC, numbers};

/// A service principal with a certificate, and the faults of its assertions.
struct World {
    cloud: FakeCloud,
    leaf: Leaf,
}

struct Assertion {
    header: Value,
    claims: Value,
    key: KeyPair,
    padding: &'static dyn RsaEncoding,
    kind: Option<&'static str>,
}

impl World {
    fn new() -> Self {
        let cloud = FakeCloud::builder().start();
        let leaf = TestPki::new(cloud.clock().now()).leaf("client.contoso.com").issue();
        cloud.add_client_certificate(leaf.der()).expect("a certificate");
        Self { cloud, leaf }
    }

    fn endpoint(&self) -> String {
        format!("{}/{}/oauth2/v2.0/token", PUBLIC.0, self.cloud.tenant_id())
    }

    /// A valid assertion, for the test to change.
    fn assertion(&self) -> Assertion {
        let now = self.cloud.clock().now().unix_timestamp();
        let client = self.cloud.client_id();
        Assertion {
            header: json!({ "typ": "JWT", "alg": "PS256", "x5t#S256": x5t_s256(&self.leaf) }),
            claims: json!({
                "aud": self.endpoint(), "iss": client, "sub": client, "jti": "7c1f",
                "nbf": now, "exp": now + 600,
            }),
            key: KeyPair::from_pkcs8(self.leaf.key_pkcs8()).expect("a key"),
            padding: &RSA_PSS_SHA256,
            kind: Some(TYPE),
        }
    }

    fn send(&self, assertion: &Assertion) -> Response {
        self.present(&assertion.signed(), assertion.kind)
    }

    fn present(&self, assertion: &str, kind: Option<&str>) -> Response {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.cloud.client_id())
            .append_pair("client_assertion", assertion)
            .extend_pairs(kind.map(|kind| ("client_assertion_type", kind)))
            .append_pair("scope", "https://vault.azure.net/.default")
            .finish();
        let url = self.endpoint().parse().expect("a URL");
        self.cloud.handle(&Request::new("POST", &url).body(form))
    }

    /// Status and number of the response to a changed assertion.
    fn changed(&self, how: impl FnOnce(&mut Assertion)) -> (u16, u64) {
        let mut assertion = self.assertion();
        how(&mut assertion);
        numbers(&self.send(&assertion))
    }
}

impl Assertion {
    fn signed(&self) -> String {
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", part(&self.header), part(&self.claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(self.padding, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

#[test]
fn registered_certificate_signs_in_with_either_algorithm() {
    let world = World::new();
    assert_eq!(world.changed(|_| ()), (200, 0));
    assert_eq!(world.changed(|one| one.header["x5t"] = json!(x5t(&world.leaf))), (200, 0));
    let older = |one: &mut Assertion| {
        one.header = json!({ "alg": "RS256", "x5t": x5t(&world.leaf) });
        one.padding = &RSA_PKCS1_SHA256;
    };
    assert_eq!(world.changed(older), (200, 0));
    let fractions = |one: &mut Assertion| {
        let claims = one.claims.as_object_mut().expect("claims");
        let end = claims["exp"].as_f64().expect("a number") + 0.5;
        claims.insert("exp".into(), json!(end));
        claims.remove("nbf");
    };
    assert_eq!(world.changed(fractions), (200, 0));
    let padded = URL_SAFE.encode(digest(&SHA256, world.leaf.der()));
    assert_eq!(world.changed(|one| one.header["x5t#S256"] = json!(padded)), (200, 0));
}

#[test]
fn a_signature_that_the_certificate_did_not_make_is_rejected() {
    let world = World::new();
    let other = TestPki::new(world.cloud.clock().now())
        .leaf("client.contoso.com")
        .key(Key::OtherRsa2048)
        .issue();
    let foreign = KeyPair::from_pkcs8(other.key_pkcs8()).expect("a key");
    assert_eq!(world.changed(|one| one.key = foreign), (401, 700_027));
    assert_eq!(world.changed(|one| one.padding = &RSA_PKCS1_SHA256), (401, 700_027));
    let unknown = |one: &mut Assertion| one.header["x5t#S256"] = json!(x5t_s256(&other));
    assert_eq!(world.changed(unknown), (401, 700_027));
    let two_at_once = |one: &mut Assertion| one.header["x5t"] = json!(x5t(&other));
    assert_eq!(world.changed(two_at_once), (401, 700_027));
    let nameless = |one: &mut Assertion| one.header = json!({ "alg": "PS256" });
    assert_eq!(world.changed(nameless), (401, 700_027));
    let unregistered = World { cloud: FakeCloud::builder().start(), leaf: world.leaf.clone() };
    assert_eq!(unregistered.changed(|_| ()), (401, 700_027));
}

#[test]
fn unsupported_algorithm_is_rejected() {
    let world = World::new();
    for algorithm in ["none", "RS512", "ES256", "ps256"] {
        let named = |one: &mut Assertion| one.header["alg"] = json!(algorithm);
        assert_eq!(world.changed(named), (400, 50_027), "{algorithm}");
    }
    // The fake's own algorithm, but another signature.
    assert_eq!(world.changed(|one| one.header["alg"] = json!("HS256")), (401, 700_027));
}

#[test]
fn an_extension_that_has_to_be_understood_is_rejected() {
    let world = World::new();
    let critical = |one: &mut Assertion| one.header["crit"] = json!(["exp"]);
    assert_eq!(world.changed(critical), (400, 50_027));
    assert_eq!(world.changed(|one| one.header["kid"] = json!("any")), (200, 0), "only named");
}

#[test]
fn an_assertion_is_for_this_tenants_token_endpoint() {
    let world = World::new();
    let tenant = world.cloud.tenant_id();
    for audience in [
        format!("{}/{tenant}/v2.0", PUBLIC.0),
        format!("{}/contoso.onmicrosoft.com/oauth2/v2.0/token", PUBLIC.0),
    ] {
        assert_eq!(world.changed(|one| one.claims["aud"] = json!(audience)), (200, 0));
    }
    for audience in [
        "api://AzureADTokenExchange".to_owned(),
        format!("{}/7e4a47e4-0000-4000-8000-000000000002/oauth2/v2.0/token", PUBLIC.0),
        format!("https://login.microsoftonline.us/{tenant}/oauth2/v2.0/token"),
    ] {
        let named = |one: &mut Assertion| one.claims["aud"] = json!(audience);
        assert_eq!(world.changed(named), (401, 700_023), "{audience}");
    }
    let list = |one: &mut Assertion| one.claims["aud"] = json!([world.endpoint()]);
    assert_eq!(world.changed(list), (400, 50_027));
}

#[test]
fn assertion_has_issuer_and_id() {
    let world = World::new();
    assert_eq!(world.changed(|one| one.claims["iss"] = json!("other")), (400, 50_048));
    let of_another = |one: &mut Assertion| {
        one.claims["iss"] = json!("other");
        one.claims["sub"] = json!("other");
    };
    assert_eq!(world.changed(of_another), (401, 700_021));
    for missing in ["jti", "exp", "aud", "iss", "sub"] {
        let without = |one: &mut Assertion| {
            one.claims.as_object_mut().expect("claims").remove(missing);
        };
        assert_eq!(world.changed(without), (400, 50_027), "{missing}");
    }
    assert_eq!(world.changed(|one| one.claims["jti"] = json!("")), (400, 50_027));
    assert_eq!(world.changed(|one| one.kind = Some("jwt-bearer")), (400, 90_011));
    assert_eq!(world.changed(|one| one.kind = None), (400, 900_144));
}

#[test]
fn assertions_and_certificates_follow_the_fakes_clock() {
    let world = World::new();
    let now = world.cloud.clock().now().unix_timestamp();
    assert_eq!(world.changed(|one| one.claims["exp"] = json!(now)), (401, 700_024));
    assert_eq!(world.changed(|one| one.claims["nbf"] = json!(now + 301)), (401, 700_024));
    assert_eq!(world.changed(|one| one.claims["nbf"] = json!(now + 300)), (200, 0));
    let early = world.assertion();
    world.cloud.clock().advance(Duration::from_secs(600));
    assert_eq!(numbers(&world.send(&early)), (401, 700_024));

    world.cloud.clock().advance(Duration::from_secs(366 * 24 * 3600));
    assert_eq!(world.changed(|_| ()), (401, 700_027), "the certificate has expired");

    let earlier = world.cloud.clock().now() - time::Duration::days(1000);
    let earlier = FakeCloud::builder().start_at(earlier).client_certificate(world.leaf.der());
    let earlier = World { cloud: earlier.expect("DER").start(), leaf: world.leaf };
    assert_eq!(earlier.changed(|_| ()), (401, 700_027), "the certificate is not valid yet");
}

#[test]
fn a_federated_token_has_its_time_too() {
    let world = World::new();
    let token = world.cloud.federated_assertion();
    world.cloud.clock().advance(Duration::from_secs(3600));
    assert_eq!(numbers(&world.present(&token, Some(TYPE))), (401, 700_024));
}

#[test]
fn certificate_is_printed_as_pem_or_der_and_persists() {
    let world = World::new();
    let pem = world.leaf.pem();
    let first = FakeCloud::builder().client_certificate(pem.as_bytes()).expect("PEM").start();
    let first = World { cloud: first, leaf: world.leaf.clone() };
    assert_eq!(first.changed(|_| ()), (200, 0));

    let saved = first.cloud.save();
    let again = FakeCloud::builder().restore(&saved).expect("a state");
    let again = again.client_certificate(world.leaf.der()).expect("the same again").start();
    assert_eq!(again.save(), saved);
    let again = World { cloud: again, leaf: world.leaf };
    assert_eq!(again.changed(|_| ()), (200, 0));
}

#[test]
fn of_a_pem_file_with_a_chain_the_first_is_the_clients() {
    let leaf = World::new().leaf;
    let now = FakeCloud::builder().start().clock().now();
    let authority = TestPki::new(now).leaf("authority").key(Key::OtherRsa2048).issue();
    let takes = |file: String| {
        let cloud = FakeCloud::builder().client_certificate(file.as_bytes()).expect("PEM").start();
        World { cloud, leaf: leaf.clone() }.changed(|_| ())
    };
    assert_eq!(takes(leaf.pem() + &authority.pem()), (200, 0));
    assert_eq!(takes(authority.pem() + &leaf.pem()), (401, 700_027), "the chain is not the client");
}

#[test]
fn a_state_from_before_there_were_client_certificates_is_read() {
    let mut saved: Value =
        serde_json::from_str(&FakeCloud::builder().start().save()).expect("JSON");
    saved["principals"][0].as_object_mut().expect("a principal").remove("certificates");
    assert!(FakeCloud::builder().restore(&saved.to_string()).is_ok());
}

#[test]
fn non_signing_key_is_rejected_as_client_certificate() {
    let cloud = FakeCloud::builder().start();
    let pki = TestPki::new(cloud.clock().now());
    let curve = pki.leaf("client.contoso.com").key(Key::P256).issue();
    assert_eq!(cloud.add_client_certificate(curve.der()), Err(ClientCertificateError::NotRsa));
    for file in [&b"nonsense"[..], b"", curve.key_pkcs8()] {
        let message = cloud.add_client_certificate(file);
        assert_eq!(message, Err(ClientCertificateError::Unreadable));
    }
}

fn x5t(leaf: &Leaf) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, leaf.der()))
}

fn x5t_s256(leaf: &Leaf) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, leaf.der()))
}

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

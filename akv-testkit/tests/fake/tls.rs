//! The fake over TLS, with an independent client.

use std::time::Duration;

use akv_testkit::{FakeCloud, Fault, Operation, TlsServer};
use reqwest::{Certificate, Client, Version};
use serde_json::{Value, json};

/// A client that trusts the server's CA and resolves its hosts.
pub(crate) fn client(ca_pem: &str, address: std::net::SocketAddr) -> Client {
    let root = Certificate::from_pem(ca_pem.as_bytes()).expect("a certificate");
    let hosts = ["login", "management", "imds", "arc", "contoso.vault", "fake-vault.vault"];
    hosts
        .iter()
        .fold(Client::builder().tls_certs_only([root]), |builder, host| {
            builder.resolve(&format!("{host}.localhost"), address)
        })
        .build()
        .expect("a client")
}

pub(crate) async fn json_of(answer: reqwest::Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
}

pub(crate) async fn token(
    client: &Client,
    authority: &str,
    tenant: &str,
    (id, secret): (&str, &str),
    audience: &str,
) -> String {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", id)
        .append_pair("client_secret", secret)
        .append_pair("scope", &format!("{audience}/.default"))
        .finish();
    let url = format!("{authority}/{tenant}/oauth2/v2.0/token");
    let answer = client.post(url).body(form).send().await.expect("an answer");
    json_of(answer).await["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_walks_through_everything_over_http_2() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    cloud.vault("contoso").seed(30);
    let listen = "127.0.0.1:0".parse().expect("an address");
    let server = TlsServer::start(cloud.clone(), listen).await.expect("a server");
    let client = client(server.ca_pem(), server.address());
    let names = server.cloud();
    let secret = cloud.client_secret();
    let who = (cloud.client_id(), secret);
    let token = token(
        &client,
        &names.authority,
        &cloud.tenant_id(),
        (&who.0, &who.1),
        &names.vault_audience,
    )
    .await;

    let base = server.vault_url("contoso");
    let get = |url: String| client.get(url).bearer_auth(&token).send();
    let first = get(format!("{base}/certificates?api-version=7.4")).await.expect("an answer");
    assert_eq!((first.status().as_u16(), first.version()), (200, Version::HTTP_2));
    let page = json_of(first).await;
    let next = page["nextLink"].as_str().expect("a link").to_owned();
    assert!(next.starts_with(&format!("{base}/certificates?")), "{next}");
    let page = json_of(get(next).await.expect("an answer")).await;
    assert_eq!(page["value"].as_array().map(Vec::len), Some(5));

    let one = format!("{base}/certificates/cert-000001?api-version=7.4");
    cloud.fault(Fault::on(Operation::GetCertificate).nth(1).close_connection());
    cloud.fault(Fault::on(Operation::GetCertificate).nth(2).torn_body());
    assert!(get(one.clone()).await.is_err());
    assert!(get(one.clone()).await.expect("a head").bytes().await.is_err());
    assert_eq!(get(one).await.expect("an answer").status(), 200);
    let nowhere = format!("https://nowhere.vault.localhost:{}/", server.address().port());
    assert!(get(nowhere).await.is_err());
    server.stop().await;
    assert!(get(base).await.is_err(), "no server listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_arc_and_the_metadata_service_have_two_hosts() {
    let keys = tempfile::tempdir().expect("a folder");
    let cloud = FakeCloud::builder().start();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let server = TlsServer::start(cloud.clone(), listen).await.expect("a server");
    let client = client(server.ca_pem(), server.address());
    let audience = server.cloud().vault_audience;
    let ask = |host: &str| {
        let port = server.address().port();
        let path = "metadata/identity/oauth2/token?api-version=2021-02-01";
        client
            .get(format!("https://{host}.localhost:{port}/{path}&resource={audience}"))
            .header("Metadata", "true")
    };
    assert_eq!(ask("imds").send().await.expect("an answer").status(), 200);
    assert!(ask("arc").send().await.is_err(), "there is no agent");
    cloud.arc_agent(keys.path()).expect("a folder of keys");
    let challenge = ask("arc").send().await.expect("an answer");
    assert_eq!(challenge.status(), 401);
    let header = challenge.headers()["www-authenticate"].to_str().expect("text");
    let file = header.strip_prefix("Basic realm=").expect("a file");
    let key = std::fs::read_to_string(file).expect("a key");
    let answer = ask("arc").header("Authorization", format!("Basic {key}")).send().await;
    let token = json_of(answer.expect("an answer")).await;
    assert_eq!(token["resource"].as_str(), Some(audience.as_str()));
    assert_eq!(cloud.journal().count(Operation::ArcToken), 2);
    assert_eq!(cloud.journal().count(Operation::ImdsToken), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_endpoint_turns_the_clock_and_sets_faults() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let server = TlsServer::start(cloud.clone(), listen).await.expect("a server");
    let client = client(server.ca_pem(), server.address());
    let control = |path: &str| format!("{}{path}", server.control_url());
    let post = |path: &str, body: Value| client.post(control(path)).body(body.to_string()).send();

    let before = cloud.clock().now();
    post("/clock", json!({ "advance_seconds": 90 })).await.expect("an answer");
    assert_eq!(cloud.clock().now() - before, time::Duration::seconds(90));
    let faults = json!([{ "operation": "Token", "effect": { "error": { "status": 503 } } }]);
    assert_eq!(post("/faults", faults).await.expect("an answer").status(), 200);
    assert_eq!(cloud.faults().len(), 1);
    let wrong = post("/faults", json!({ "operation": "Nonsense" })).await.expect("an answer");
    assert_eq!(wrong.status(), 400);
    client.delete(control("/faults")).send().await.expect("an answer");
    assert!(cloud.faults().is_empty());
    post("/budget", json!({ "transactions": 1, "window_seconds": 10 })).await.expect("an answer");
    post("/latency", json!({ "milliseconds": 1 })).await.expect("an answer");
    assert_eq!(cloud.handle(&request(&cloud)).delay(), Duration::from_millis(1));
    let counts = json_of(client.get(control("/counts")).send().await.expect("an answer")).await;
    assert_eq!(counts["operations"]["ListCertificates"], 1);
    let journal = client.get(control("/journal")).send().await.expect("an answer");
    assert_eq!(journal.text().await.expect("a body").lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_leads_to_every_clouds_own_names_and_nowhere_else() {
    let cloud = FakeCloud::builder().vault("contoso").vault_suffix("vaults.internal").start();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let server = TlsServer::start(cloud.clone(), listen).await.expect("a server");
    let root = Certificate::from_pem(server.ca_pem().as_bytes()).expect("a certificate");
    let proxy = reqwest::Proxy::all(server.proxy_url()).expect("a proxy");
    let client = Client::builder().tls_certs_only([root]).proxy(proxy).build().expect("a client");

    for (suffix, authority) in [
        ("vault.azure.net", "login.microsoftonline.com"),
        ("vault.usgovcloudapi.net", "login.microsoftonline.us"),
        ("vault.azure.cn", "login.chinacloudapi.cn"),
        ("vaults.internal", "login.microsoftonline.com"),
    ] {
        let url = format!("https://contoso.{suffix}/certificates?api-version=7.4");
        let answer = client.get(&url).send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.version()), (401, Version::HTTP_2));
        let challenge = answer.headers()["www-authenticate"].to_str().expect("text");
        assert!(challenge.contains(authority), "{challenge}");
    }
    for nowhere in [
        "https://nobody.vault.azure.net/",
        "https://example.com/",
        "https://contoso.vault.azure.net:8443/",
        "https://127.0.0.1/",
        "https://localhost/",
    ] {
        let error = client.get(nowhere).send().await.expect_err("no tunnel");
        assert!(error.is_connect(), "{nowhere}: {error:?}");
    }
    let plain = client.get("http://contoso.vault.azure.net/").send().await.expect("an answer");
    assert_eq!(plain.status(), 405, "a proxy for HTTPS alone");
    assert_eq!(cloud.journal().total(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_body_and_head_request_are_answered() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let server = TlsServer::start(cloud.clone(), listen).await.expect("a server");
    let root = || Certificate::from_pem(server.ca_pem().as_bytes()).expect("a certificate");
    let url = format!("{}/certificates/web/import?api-version=7.4", server.vault_url("contoso"));
    let newer = client(server.ca_pem(), server.address());
    let older = Client::builder().tls_certs_only([root()]).http1_only();
    let older = older.resolve("contoso.vault.localhost", server.address()).build();
    for client in [newer, older.expect("a client")] {
        let answer = client.post(&url).body(vec![b' '; 30 << 20]).send().await.expect("an answer");
        assert_eq!(answer.status(), 413);
        let answer = client.head(&url).send().await.expect("an answer");
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.bytes().await.expect("no body").len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn control_endpoint_names_the_fault_of_a_request() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let server = TlsServer::start(cloud.clone(), listen).await.expect("a server");
    let client = client(server.ca_pem(), server.address());
    let before = cloud.clock().now();
    for (path, body, part) in [
        ("/faults", r#"[{ "effect": "close" }, { "effect": "burst" }]"#, "fault 2: effect: "),
        ("/faults", r#"{ "effect": "close", "calls": { "nth": 0 } }"#, "counted from 1"),
        ("/faults", r#"{ "effect": "unreachable", "stage": "after_change" }"#, "stage: "),
        (
            "/faults",
            r#"{ "effect": { "challenge": { "key_file": "a\nb" } } }"#,
            "cannot be the value",
        ),
        ("/clock", r#"{ "advance_seconds": 18446744073709551615 }"#, "advance_seconds: "),
        ("/clock", r#"{ "advance_seconds": "1" }"#, "advance_seconds: "),
        ("/clock", r#"{ "advance_seconds": 1, "by": 2 }"#, "by: there is no such member"),
        ("/clock", "", "not JSON"),
        ("/latency", r#"{ "milliseconds": 3600001 }"#, "from 0 to 3600000"),
        ("/latency", r#"{ "milliseconds": -1 }"#, "milliseconds: "),
        ("/latency", "{}", "milliseconds: it is missing"),
        ("/budget", r#"{ "transactions": 0, "window_seconds": 1 }"#, "at least 1"),
        ("/budget", r#"{ "transactions": 1, "window_seconds": 0 }"#, "from a millisecond to a day"),
        ("/budget", r#"{ "transactions": 1, "window_seconds": 86401 }"#, "to a day"),
        ("/budget", r#"{ "transactions": 1, "window_seconds": 1, "others": 2 }"#, "others: 2"),
        ("/budget", r#"{ "transactions": 1, "window_seconds": 1, "others": -0.1 }"#, "others: "),
    ] {
        let url = format!("{}{path}", server.control_url());
        let answer = client.post(url).body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), 400, "{body}");
        let message = json_of(answer).await["error"].as_str().expect("a message").to_owned();
        assert!(message.contains(part), "{body}: {message}");
    }
    assert!(cloud.faults().is_empty(), "not even the good one of a list");
    assert_eq!(cloud.clock().now(), before);
    assert_eq!(cloud.handle(&request(&cloud)).delay(), Duration::ZERO);
}

fn request(cloud: &FakeCloud) -> akv_testkit::Request {
    let url = format!("{}/certificates?api-version=7.4", cloud.vault("contoso").url());
    akv_testkit::Request::new("GET", &url.parse().expect("a URL"))
}

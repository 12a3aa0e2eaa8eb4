//! The fake on a wiremock server.

use akv_testkit::{FakeCloud, Fault, Operation};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::Caller;

struct Asker {
    token: String,
    client: Client,
}

impl Asker {
    async fn get(&self, url: &str) -> reqwest::Result<(StatusCode, Value)> {
        let answer = self.client.get(url).bearer_auth(&self.token).send().await?;
        let status = answer.status();
        Ok((status, serde_json::from_slice(&answer.bytes().await?).unwrap_or_default()))
    }
}

async fn start() -> (FakeCloud, MockServer, Asker) {
    let cloud = FakeCloud::builder().vault("contoso").start();
    cloud.vault("contoso").seed(30);
    let server = MockServer::start().await;
    cloud.mount(&server).await;
    let asker = Asker { token: Caller::of_vaults(&cloud).token(), client: Client::new() };
    (cloud, server, asker)
}

#[tokio::test]
async fn pages_are_followed_through_the_path() {
    let (_cloud, server, asker) = start().await;
    let base = format!("{}/contoso.vault.azure.net", server.uri());
    let (status, page) =
        asker.get(&format!("{base}/certificates?api-version=7.4")).await.expect("an answer");
    assert_eq!(status, 200);
    let id = page["value"][0]["id"].as_str().expect("an id");
    assert_eq!(id, format!("{base}/certificates/cert-000001"));
    let next = page["nextLink"].as_str().expect("a link");
    let (_, page) = asker.get(next).await.expect("an answer");
    assert_eq!(page["value"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn host_header_selects_the_host() {
    let (_cloud, server, asker) = start().await;
    let url = format!("{}/certificates/cert-000001?api-version=7.4", server.uri());
    let request = asker.client.get(url).header("host", "contoso.vault.azure.net");
    let answer = request.bearer_auth(&asker.token).send().await.expect("an answer");
    let body: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    let id = body["id"].as_str().expect("an id");
    assert!(id.starts_with("https://contoso.vault.azure.net/certificates/cert-000001/"), "{id}");
}

#[tokio::test]
async fn test_mocks_have_priority_and_connections_break() {
    let (cloud, server, asker) = start().await;
    let base = format!("{}/contoso.vault.azure.net", server.uri());
    Mock::given(method("GET"))
        .and(path("/contoso.vault.azure.net/certificates/mine"))
        .respond_with(ResponseTemplate::new(418))
        .expect(1)
        .mount(&server)
        .await;
    let mine = asker.get(&format!("{base}/certificates/mine?api-version=7.4")).await;
    assert_eq!(mine.expect("an answer").0, 418);
    cloud.fault(Fault::on(Operation::GetCertificate).nth(1).close_connection());
    let url = format!("{base}/certificates/cert-000001?api-version=7.4");
    assert!(asker.get(&url).await.is_err());
    assert_eq!(asker.get(&url).await.expect("an answer").0, 200);
    assert!(asker.get(&server.uri()).await.is_err(), "no host of the fake");
    assert_eq!(cloud.journal().count(Operation::GetCertificate), 2);
}

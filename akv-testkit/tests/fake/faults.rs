//! Faults, budgets and the journal, through the in-process transport.

use std::time::Duration;

use crate::support::{Caller, codes, import_body};
use akv_testkit::pki::TestPki;
use akv_testkit::{Budget, Challenge, ClockMode, FakeCloud, Fault, Operation};
use azure_core::error::ErrorKind;
use azure_core::http::{AsyncRawResponse, Method, Request};
use serde_json::{Value, json};

struct Client {
    cloud: FakeCloud,
    token: String,
}

impl Client {
    fn of(cloud: &FakeCloud) -> Self {
        Self { cloud: cloud.clone(), token: Caller::of_vaults(cloud).token() }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &str,
    ) -> azure_core::Result<AsyncRawResponse> {
        let url = format!("https://contoso.vault.azure.net{path}?api-version=7.4");
        let mut request = Request::new(url.parse().expect("a URL"), method);
        request.insert_header("authorization", format!("Bearer {}", self.token));
        request.set_body(body.to_owned());
        self.cloud.transport().execute_request(&request).await
    }

    async fn get(&self, path: &str) -> azure_core::Result<AsyncRawResponse> {
        self.send(Method::Get, path, "").await
    }
}

fn cloud() -> FakeCloud {
    let cloud = FakeCloud::builder().vault("contoso").clock_mode(ClockMode::Tokio).start();
    cloud.vault("contoso").seed(60);
    cloud
}

async fn json_of(answer: AsyncRawResponse) -> Value {
    let raw = answer.try_into_raw_response().await.expect("a whole body");
    serde_json::from_slice(raw.body()).expect("JSON")
}

#[tokio::test]
async fn the_reply_to_an_import_is_lost_but_the_version_is_there() {
    let cloud = cloud();
    let client = Client::of(&cloud);
    let import = Fault::on(Operation::ImportCertificate);
    let closed = cloud.fault(import.clone().nth(2).after_change().close_connection());
    let never = cloud.fault(import.nth(3).close_connection());
    let file = TestPki::new(cloud.clock().now()).leaf("a").issue().pfx();
    let body = import_body(&file).to_string();
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let answer = client.send(Method::Post, "/certificates/web/import", &body).await;
        kinds.push(answer.err().map(|error| matches!(error.kind(), ErrorKind::Io)));
    }
    assert_eq!(kinds, [None, Some(true), Some(true)]);
    assert_eq!(cloud.vault("contoso").versions("web").len(), 2);
    assert_eq!((closed.hits(), never.hits()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn responses_are_torn_late_slow_or_missing() {
    let cloud = cloud();
    let client = Client::of(&cloud);
    let get = |nth| Fault::on(Operation::GetCertificate).nth(nth);
    cloud.fault(get(1).torn_body());
    cloud.fault(get(2).delay(Duration::from_secs(30)));
    cloud.fault(get(3).slow_drip(100, Duration::from_secs(1)));
    cloud.fault(get(4).unreachable());
    cloud.fault(get(5).html(502));
    let path = "/certificates/cert-000001";
    let torn = client.get(path).await.expect("a head");
    assert!(torn.try_into_raw_response().await.is_err());

    let before = tokio::time::Instant::now();
    let whole = client.get(path).await.expect("an answer");
    assert_eq!(before.elapsed(), Duration::from_secs(30));
    let length = whole.try_into_raw_response().await.expect("a body").body().len();
    let before = tokio::time::Instant::now();
    let slow = client.get(path).await.expect("a head").try_into_raw_response().await;
    assert_eq!(slow.expect("a body").body().len(), length);
    let pieces = u64::try_from(length.div_ceil(100)).expect("a number");
    assert_eq!(before.elapsed(), Duration::from_secs(pieces));
    // An unreachable host comes before authentication, so its calls are counted separately.
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(client.get(path).await.map(|answer| u16::from(answer.status())));
    }
    assert!(seen.iter().any(|answer| matches!(answer, Ok(502))), "{seen:?}");
}

#[tokio::test]
async fn lists_can_lead_astray() {
    let cloud = cloud();
    let client = Client::of(&cloud);
    let list = |nth| Fault::on(Operation::ListCertificates).nth(nth);
    cloud.fault(list(1).next_link("https://attacker.example/certificates"));
    cloud.fault(list(2).huge_body(5_000_000));
    let page = json_of(client.get("/certificates").await.expect("a page")).await;
    assert_eq!(page["nextLink"], "https://attacker.example/certificates");
    let huge = client.get("/certificates").await.expect("a page").try_into_raw_response().await;
    assert_eq!(huge.expect("a body").body().len(), 5_000_000);

    cloud.clear_faults();
    cloud.fault(Fault::on(Operation::ListCertificates).endless_pages());
    let caller = Caller::of_vaults(&cloud);
    let mut next = "https://contoso.vault.azure.net/certificates?api-version=7.4".to_owned();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let page = caller.send("GET", &next, None).body_json();
        page["nextLink"].as_str().expect("a link").clone_into(&mut next);
        assert!(seen.insert(next.clone()), "each has an address of its own");
    }
    let elsewhere = caller.send("GET", "https://attacker.example/", None);
    assert_eq!(*elsewhere.delivery(), akv_testkit::Delivery::Unreachable);
}

#[tokio::test]
async fn hostile_challenges_ignore_the_token() {
    let cloud = cloud();
    let caller = Caller::of_vaults(&cloud);
    for (challenge, part) in [
        (Challenge::Resource("https://graph.microsoft.com".into()), "resource=\"https://graph"),
        (Challenge::Authority("https://login.attacker.example".into()), "login.attacker.example"),
        (Challenge::Claims, "insufficient_claims"),
        (Challenge::Plain, "resource=\"https://vault.azure.net\""),
    ] {
        cloud.clear_faults();
        cloud.fault(Fault::on(Operation::GetCertificate).nth(1).challenge(challenge));
        let answer = caller.get("/certificates/cert-000001");
        assert_eq!(answer.status(), 401);
        assert!(answer.find_header("www-authenticate").is_some_and(|h| h.contains(part)), "{part}");
        assert_eq!(caller.get("/certificates/cert-000001").status(), 200);
    }
}

#[tokio::test]
async fn throttling_with_and_without_retry_after() {
    let cloud = cloud();
    let caller = Caller::of_vaults(&cloud);
    let get = || caller.get("/certificates/cert-000001");
    cloud.fault(Fault::on(Operation::GetCertificate).nth(1).throttled());
    cloud.fault(Fault::on(Operation::GetCertificate).nth(2).throttled_for(Duration::from_secs(7)));
    let bare = Fault::on(Operation::GetCertificate).nth(3).status(429);
    cloud.fault(bare.with_header("retry-after-ms", "150"));
    let first = get();
    assert_eq!(codes(&first), (429, "Throttled".into(), String::new()));
    assert_eq!(first.find_header("retry-after"), None);
    assert_eq!(get().find_header("retry-after"), Some("7"));
    assert_eq!(get().find_header("retry-after-ms"), Some("150"));
    cloud.fault(Fault::on(Operation::GetCertificate).error(409, "Conflict", Some("Odd")));
    assert_eq!(codes(&get()), (409, "Conflict".into(), "Odd".into()));
}

#[tokio::test(start_paused = true)]
async fn budget_throttles_excess_requests_and_refills() {
    let cloud = cloud();
    let caller = Caller::of_vaults(&cloud);
    cloud.budget(Budget::new(10, Duration::from_secs(10)).with_others_taking(0.5));
    let burst = || (0..8).filter(|_| caller.get("/certificates").status() == 200).count();
    assert_eq!(burst(), 5);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(burst(), 5);
    cloud.budget(None);
    assert_eq!(burst(), 8);
    assert_eq!(cloud.journal().answered(429), 6);
}

#[test]
fn journal_has_everything_but_secrets() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let caller = Caller::of_vaults(&cloud);
    let file = TestPki::new(cloud.clock().now()).leaf("a").issue().pfx();
    let mut body = import_body(&file);
    body["pwd"] = json!("a-password");
    caller.vault("POST", "/certificates/Web/import", Some(&body));
    caller.get("/certificates/absent");
    let import = &cloud.journal().of(Operation::ImportCertificate)[0];
    assert_eq!((import.vault.as_deref(), import.name.as_deref()), (Some("contoso"), Some("Web")));
    assert_eq!((import.status, import.bearer), (200, true));
    assert_eq!(import.principal, Some(cloud.client_id()));
    let absent = &cloud.journal().of(Operation::GetCertificate)[0];
    assert_eq!(absent.code.as_deref(), Some("CertificateNotFound"));
    let lines = cloud.journal().json_lines();
    assert_eq!(lines.lines().count(), 3);
    for secret in [cloud.client_secret(), caller.token(), "a-password".to_owned()] {
        assert!(!lines.contains(&secret));
    }
    assert_eq!(cloud.journal().total(), 3);
}

#[test]
fn a_fault_that_makes_no_sense_is_rejected_by_its_member() {
    let effect = |effect: &str| format!(r#"{{ "effect": {effect} }}"#);
    let calls = |calls: &str| format!(r#"{{ "effect": "close", "calls": {calls} }}"#);
    for (text, parts) in [
        ("nonsense".to_owned(), vec!["not JSON"]),
        ("5".to_owned(), vec!["not a JSON object"]),
        ("{}".to_owned(), vec!["effect: it is missing"]),
        (effect(r#"{ "error": { "status": 99 } }"#), vec!["effect: ", "99", "200 to 599"]),
        (effect(r#"{ "body": { "status": 1000 } }"#), vec!["effect: ", "1000", "200 to 599"]),
        (effect(r#"{ "error": { "status": 70000 } }"#), vec!["effect: ", "70000", "u16"]),
        (effect(r#"{ "error": { "status": 500, "inner": "x" } }"#), vec!["effect: ", "`inner`"]),
        (effect(r#"{ "explode": 1 }"#), vec!["effect: ", "`explode`", "`torn_body`"]),
        (
            effect(r#"{ "error": { "status": 503, "headers": [["bad name", "x"]] } }"#),
            vec!["\"bad name\" is not the name of a header"],
        ),
        (
            effect(r#"{ "body": { "status": 200, "headers": [["x-a", "b\nc"]] } }"#),
            vec!["the value of the header x-a"],
        ),
        (
            effect(r#"{ "body": { "status": 200, "headers": [["Content-Length", "3"]] } }"#),
            vec!["the server's own"],
        ),
        (effect(r#"{ "redirect": { "to": "a\nb" } }"#), vec!["location"]),
        (effect(r#"{ "challenge": { "resource": "a\nb" } }"#), vec!["www-authenticate"]),
        (effect(r#"{ "delay": { "milliseconds": 3600001 } }"#), vec!["more than an hour"]),
        (effect(r#"{ "drip": { "piece": 0, "pause_milliseconds": 1 } }"#), vec!["at least 1 byte"]),
        (calls(r#"{ "nth": 0 }"#), vec!["calls: ", "counted from 1"]),
        (calls(r#"{ "first": 0 }"#), vec!["calls: ", "counted from 1"]),
        (calls(r#"{ "every": 0 }"#), vec!["calls: ", "counted from 1"]),
        (calls(r#"{ "nth": -1 }"#), vec!["calls: ", "-1"]),
        (calls(r#"{ "chance": { "probability": 1.5, "seed": 1 } }"#), vec!["calls: ", "0 to 1"]),
        (
            r#"{ "operation": "Nonsense", "effect": "close" }"#.to_owned(),
            vec!["operation: ", "\"Nonsense\"", "GetCertificate"],
        ),
        (r#"{ "effect": "close", "vaults": "x" }"#.to_owned(), vec!["vaults: ", "subscription"]),
        (r#"[{ "effect": "close" }, { "effect": "burst" }]"#.to_owned(), vec!["fault 2: effect: "]),
    ] {
        let error = Fault::from_json(&text).expect_err(&text).to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    }
    let fine = r#"{ "operation": "getsecret", "calls": "all", "effect": "close", "name": null }"#;
    assert_eq!(Fault::from_json(fine).expect("a fault").len(), 1);
    assert!(
        serde_json::from_str::<Fault>(r#"{ "effect": { "error": { "status": 99 } } }"#).is_err()
    );
}

#[test]
fn a_fault_of_the_test_itself_that_cannot_be_played_says_so() {
    let cloud = cloud();
    let caller = Caller::of_vaults(&cloud);
    let get = |nth| Fault::on(Operation::GetCertificate).nth(nth);
    cloud.fault(get(1).status(99));
    cloud.fault(get(2).throttled().with_header("x\n", "y"));
    for part in ["status 99", "name of a header"] {
        let answer = caller.get("/certificates/cert-000001");
        let text = String::from_utf8_lossy(answer.bytes()).into_owned();
        assert_eq!(answer.status(), 500);
        assert!(text.contains("cannot be applied") && text.contains(part), "{text}");
    }
}

#[test]
fn unlimited_durations_do_not_overflow() {
    let forever = Duration::MAX;
    let cloud = FakeCloud::builder()
        .vault("contoso")
        .deletion_takes(forever)
        .recovery_takes(forever)
        .issuance_takes(forever)
        .creation_takes(forever)
        .latency(forever)
        .token_lifetime(forever)
        .budget(Budget::new(1000, forever))
        .start();
    cloud.vault("contoso").seed(1);
    let caller = Caller::of_vaults(&cloud);
    cloud.fault(Fault::on(Operation::DeleteCertificate).delay(Duration::from_secs(1)));
    let years = Duration::from_secs(900 * 365 * 86_400);
    assert!(caller.vault("DELETE", "/certificates/cert-000001", None).delay() > years);
    assert_eq!(caller.get("/deletedcertificates/cert-000001").status(), 404);
    cloud.clock().advance(forever);
    assert_eq!(Caller::of_vaults(&cloud).get("/certificates").status(), 200);
}

//! A hostile service: no token leaves, memory and time stay bounded.

use akv_core::{CertificateStore, Error, ErrorKind, ListOptions, VaultDirectory};
use akv_testkit::{Challenge, Fault, Operation};
use futures::{StreamExt, TryStreamExt};
use tokio::time::Instant;

use crate::world::{World, importing, name, seconds};

/// Everything that was sent went to the vault and to the token authority.
fn nothing_left(world: &World) {
    for entry in world.cloud.journal().entries() {
        assert!(
            ["contoso.vault.azure.net", "login.microsoftonline.com"].contains(&entry.host.as_str()),
            "{} was asked",
            entry.host
        );
    }
}

async fn listing(world: &World) -> Error {
    let store = world.store();
    let mut list = store.list(ListOptions::default());
    loop {
        match list.next().await.expect("an error before the end") {
            Ok(_) => {}
            Err(error) => {
                assert!(list.next().await.is_none(), "after an error the list ends");
                return error;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_challenge_moves_neither_audience_nor_authority() {
    for (challenge, tokens, says) in [
        // Only the same audience is requested, so a new token cannot help.
        (Challenge::Resource("https://management.azure.com".into()), 1, "not the vault audience"),
        (Challenge::Resource("https://managedhsm.azure.net".into()), 1, "managedhsm.azure.net"),
        (Challenge::Resource("https://vault.azure.net/".into()), 2, "also a new one"),
        (Challenge::Authority("https://login.evil.example/common".into()), 2, "also a new one"),
        (Challenge::Claims, 2, "continuous access evaluation"),
    ] {
        let world = World::new();
        world.cloud.vault("contoso").seed(1);
        world.cloud.fault(Fault::on(Operation::GetCertificate).challenge(challenge.clone()));
        let error = world.store().certificate(&name("cert-000001")).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{challenge:?}: {error}");
        assert!(error.to_string().contains(says), "{challenge:?}: {error}");
        assert_eq!(world.cloud.journal().count(Operation::Token), tokens, "{challenge:?}");
        nothing_left(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_to_another_host_is_not_followed() {
    for link in [
        "https://evil.example/certificates?api-version=7.4",
        "https://fabrikam.vault.azure.net/certificates?api-version=7.4",
        "http://contoso.vault.azure.net/certificates?api-version=7.4",
        "https://contoso.vault.azure.net:8443/certificates?api-version=7.4",
        "https://contoso.vault.azure.net.evil.example/certificates?api-version=7.4",
    ] {
        let world = World::with(|cloud| cloud.vault("contoso").vault("fabrikam"));
        world.cloud.vault("contoso").seed(60);
        world.cloud.fault(Fault::on(Operation::ListCertificates).next_link(link));
        let error = listing(&world).await;
        assert_eq!(error.kind(), ErrorKind::UntrustedHost, "{link}: {error}");
        assert_eq!(world.cloud.journal().count(Operation::ListCertificates), 1);
        nothing_left(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed() {
    let world = World::new();
    world.cloud.vault("contoso").seed(1);
    let fault = Fault::on(Operation::GetCertificate).redirect("https://evil.example/login");
    world.cloud.fault(fault);
    let error = world.store().certificate(&name("cert-000001")).await.expect_err("redirected");
    assert_eq!(error.kind(), ErrorKind::UntrustedHost);
    assert!(error.to_string().contains("evil.example"), "{error}");
    nothing_left(&world);
}

#[tokio::test(start_paused = true)]
async fn a_body_of_a_hundred_megabytes_is_given_up() {
    let world = World::new();
    world.cloud.vault("contoso").seed(30);
    world.cloud.fault(Fault::on(Operation::ListCertificates).huge_body(100 << 20));
    assert_eq!(listing(&world).await.kind(), ErrorKind::Protocol);
    world.cloud.fault(Fault::on(Operation::GetCertificate).huge_body(100 << 20));
    let error = world.store().certificate(&name("cert-000001")).await.expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("exceeds the limit"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn endless_lists_are_ended() {
    let itself = "https://contoso.vault.azure.net:443/certificates?api-version=7.4&maxresults=25";
    let on_lists = || Fault::on(Operation::ListCertificates);
    for (certificates, fault, most_requests) in [
        // Empty pages, each under another address.
        (0, on_lists().endless_pages(), 202),
        // The same page again and again, each time under another address.
        (10, on_lists().endless_pages(), 2),
        // A page that links to itself.
        (0, on_lists().next_link(itself), 2),
    ] {
        let world = World::new();
        world.cloud.vault("contoso").seed(certificates);
        world.cloud.fault(fault.clone());
        let error = listing(&world).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{fault:?}: {error}");
        assert!(error.to_string().contains("does not end"), "{error}");
        let requests = world.cloud.journal().count(Operation::ListCertificates);
        assert!(requests <= most_requests, "{fault:?}: {requests} requests");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_response_times_out_at_the_deadline() {
    let world = World::new();
    world.cloud.vault("contoso").seed(1);
    world.cloud.fault(Fault::on(Operation::GetCertificate).slow_drip(1, seconds(3)));
    let start = Instant::now();
    let error = world.store().certificate(&name("cert-000001")).await.expect_err("too slow");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!(start.elapsed() <= seconds(121), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn foreign_response_is_never_absence() {
    for (status, page) in [(404, "text/html"), (404, "application/json"), (200, "text/html")] {
        let world = World::new();
        let fault = Fault::on(Operation::GetCertificate);
        world.cloud.fault(fault.body(status, page, "<html><title>Portal</title>"));
        let error =
            world.store().certificate(&name("web")).await.expect_err("did not come from Azure");
        assert_eq!(error.kind(), ErrorKind::Protocol, "{status} {page}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn answer_without_a_list_is_not_an_empty_list() {
    for body in ["{}", r#"{"nextLink":null}"#, r#"{"value":null}"#, "[]"] {
        let world = World::new();
        let answer = |operation| Fault::on(operation).body(200, "application/json", body);
        world.cloud.fault(answer(Operation::ListCertificates));
        world.cloud.fault(answer(Operation::ListSubscriptions));
        assert_eq!(listing(&world).await.kind(), ErrorKind::Protocol, "{body}");
        let error = world.directory().subscriptions(&world.tenant()).await.expect_err(body);
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn item_without_a_name_fails_the_list() {
    let world = World::new();
    let page = r#"{"value":[{"id":"https://contoso.vault.azure.net/certificates/a","x":1},{"id":"https://contoso.vault.azure.net/keys/b"}]}"#;
    let fault = Fault::on(Operation::ListCertificates).body(200, "application/json", page);
    world.cloud.fault(fault);
    let error = listing(&world).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("keys/b"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_item_of_another_form_is_listed_by_its_name() {
    let world = World::new();
    let page = r#"{"value":[{"id":"https://contoso.vault.azure.net/certificates/a","x5t":5,"tags":[]},{"id":"https://contoso.vault.azure.net/certificates/b"}]}"#;
    let fault = Fault::on(Operation::ListCertificates).body(200, "application/json", page);
    world.cloud.fault(fault);
    let listed: Vec<_> =
        world.store().list(ListOptions::default()).try_collect().await.expect("a list");
    let names: Vec<_> = listed.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn repeated_import_body_is_not_shown() {
    for status in [400, 403, 404, 409, 413, 503] {
        let world = World::new();
        let echo = "request was: {\"value\":\"MIIKsAIBAzCC\"}";
        world.cloud.fault(Fault::on(Operation::ImportCertificate).body(status, "text/plain", echo));
        let import = importing("web", &world.leaf("www.contoso.com"));
        let error = world.store().import(&import).await.expect_err("refused");
        assert!(!format!("{error} {error:?}").contains("MIIKsAIBAzCC"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_any_error() {
    let world = World::new();
    world.cloud.vault("contoso").seed(1);
    world.cloud.fault(Fault::anywhere().status(503));
    let store = world.store();
    let import = importing("web", &world.leaf("www.contoso.com"));
    let error = store.import(&import).await.expect_err("nothing works");
    let mut message = format!("{error} {error:?} {store:?} {:?} {import:?}", world.azure);
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        message.push_str(&error.to_string());
        cause = error.source();
    }
    assert!(!message.contains(&world.cloud.client_secret()), "{message}");
    assert!(!message.contains("Bearer"), "{message}");
}

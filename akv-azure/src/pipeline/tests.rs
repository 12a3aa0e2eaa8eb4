//! The pipeline against a scripted transport.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use akv_core::{Denial, Error, ErrorKind};
use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, HttpClient, Method, Request};
use bytes::Bytes;
use futures::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::rate_limiter::RateLimiter;
use super::send::ATTEMPT;
use super::*;
use crate::api::ApiOperation;
use crate::auth::{CredentialMint, SignIn, TokenCache};
use crate::exchange::{Answer, Deadline, Origin, Retry};
use crate::options::RateLimit;
use crate::page::{Bounds, Pages};
use crate::wire;

/// Answers token requests itself and all other requests from the script.
#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<(String, Option<String>)>>,
    tokens: AtomicU32,
}

enum Step {
    Answer(u16, Vec<(&'static str, &'static str)>, Vec<u8>),
    Connection,
    Io,
    Silence,
    Drip,
    Flood,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

#[async_trait]
impl HttpClient for Script {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        use azure_core::error::ErrorKind as Kind;
        if request.url().path().ends_with("/oauth2/v2.0/token") {
            let number = self.tokens.fetch_add(1, Ordering::SeqCst);
            let body = format!(
                r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"t{number}"}}"#
            );
            return Ok(AsyncRawResponse::from_bytes(200.into(), Headers::new(), body.into_bytes()));
        }
        let sent = request.headers().get_optional_string(&"authorization".into());
        self.seen.lock().expect("no panic").push((request.url().to_string(), sent));
        let step = self.steps.lock().expect("no panic").pop_front().expect("another step");
        let error = |kind| Err(azure_core::Error::with_message(kind, "scripted"));
        let chunk = || Ok(Bytes::from(vec![b'x'; 1 << 16]));
        let mut headers = Headers::new();
        match step {
            Step::Answer(status, named, body) => {
                for (name, value) in named {
                    headers.insert(name, value);
                }
                Ok(AsyncRawResponse::from_bytes(status.into(), headers, body))
            }
            Step::Connection => error(Kind::Connection),
            Step::Io => error(Kind::Io),
            Step::Silence => futures::future::pending().await,
            Step::Flood => {
                let endless = futures::stream::repeat_with(chunk);
                Ok(AsyncRawResponse::new(200.into(), headers, endless.boxed()))
            }
            Step::Drip => {
                let drip = futures::stream::unfold((), |()| async {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    Some((Ok(Bytes::from_static(b" ")), ()))
                });
                Ok(AsyncRawResponse::new(200.into(), headers, drip.boxed()))
            }
        }
    }
}

impl Script {
    fn new(steps: Vec<Step>) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps.into()), ..Self::default() })
    }

    fn sent(&self) -> usize {
        self.seen.lock().expect("no panic").len()
    }

    fn authorizations(&self) -> Vec<Option<String>> {
        self.seen.lock().expect("no panic").iter().map(|(_, sent)| sent.clone()).collect()
    }

    fn hosts(&self) -> Vec<String> {
        let seen = self.seen.lock().expect("no panic");
        seen.iter().filter_map(|(url, _)| Some(url.split('/').nth(2)?.to_owned())).collect()
    }
}

fn pipeline(script: &Arc<Script>) -> Pipeline {
    let transport: Arc<dyn HttpClient> = Arc::clone(script) as _;
    let credential = akv_core::Credential::ClientSecret {
        client_id: "11111111-2222-3333-4444-555555555555".parse().expect("an id"),
        secret: "hush".into(),
    };
    let tenant = "contoso.example".parse().expect("a tenant");
    let sign_in =
        SignIn::new(&akv_core::Cloud::public(), &credential.into(), Some(&tenant), "test")
            .expect("a sign-in");
    let mint = CredentialMint::new(sign_in, "https://vault.azure.net", Arc::clone(&transport));
    Pipeline {
        transport,
        origin: Origin::new("vault", "https://contoso.vault.azure.net").expect("an origin"),
        tokens: Some(TokenCache::new(mint)),
        audience: Some("https://vault.azure.net".to_owned()),
        pacing: Pacing::Free,
        cancellation: CancellationToken::new(),
    }
}

fn call(api: ApiOperation) -> Call {
    let url = Url::parse("https://contoso.vault.azure.net/certificates/web").expect("a URL");
    Call::new(api, Method::Get, url, "get certificate web in vault contoso".to_owned())
}

fn retry() -> Retry {
    Retry::new(Deadline::after(Duration::from_secs(120)))
}

fn ok() -> Step {
    Step::Answer(200, vec![], b"{}".to_vec())
}

fn status(status: u16) -> Step {
    Step::Answer(status, vec![], br#"{"error":{"code":"Whatever","message":"no"}}"#.to_vec())
}

async fn send(script: &Arc<Script>, api: ApiOperation) -> Result<Answer, Failed> {
    pipeline(script).send(&call(api), &mut retry()).await
}

async fn fails(steps: Vec<Step>) -> (Error, usize) {
    let script = Script::new(steps);
    let Err(failed) = send(&script, ApiOperation::GetCertificate).await else {
        panic!("succeeded")
    };
    (failed.into(), script.sent())
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_after_whatever_may_pass() {
    for step in [status(500), status(503), status(429), status(408), Step::Io, Step::Connection] {
        let script = Script::new(vec![step, ok()]);
        assert!(send(&script, ApiOperation::GetCertificate).await.is_ok());
        assert_eq!(script.sent(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn read_is_not_retried_after_permanent_failures() {
    for code in [400, 403, 404, 409] {
        let (_, sent) = fails(vec![status(code)]).await;
        assert_eq!(sent, 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_unexecuted_changes_are_retried() {
    for step in [Step::Connection, status(429)] {
        let script = Script::new(vec![step, ok()]);
        assert!(send(&script, ApiOperation::ImportCertificate).await.is_ok());
    }
    for step in [Step::Io, Step::Silence, status(500), status(503)] {
        let script = Script::new(vec![step]);
        let failed = send(&script, ApiOperation::ImportCertificate).await;
        assert!(matches!(failed, Err(Failed::Uncertain(..))));
        assert_eq!(script.sent(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn rejected_token_is_replaced_once_then_reported() {
    let script = Script::new(vec![status(401), ok()]);
    assert!(send(&script, ApiOperation::ImportCertificate).await.is_ok(), "a change too");
    let bearers: Vec<_> = script.authorizations().into_iter().flatten().collect();
    assert_eq!(bearers, ["Bearer t0", "Bearer t1"]);

    let challenge = r#"Bearer authorization="https://login.windows.net/elsewhere.example", resource="https://vault.azure.net""#;
    let refused = || Step::Answer(401, vec![("www-authenticate", challenge)], Vec::new());
    let script = Script::new(vec![refused(), refused()]);
    let Err(failed) = send(&script, ApiOperation::GetCertificate).await else {
        panic!("succeeded")
    };
    let error = Error::from(failed);
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("tenant elsewhere.example"), "{error}");
    assert_eq!(script.tokens.load(Ordering::SeqCst), 2);
    assert!(script.hosts().iter().all(|host| host == "contoso.vault.azure.net"));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_within_the_deadline() {
    let throttled = |seconds| Step::Answer(429, vec![("retry-after", seconds)], b"{}".to_vec());
    let script = Script::new(vec![throttled("40"), ok()]);
    let start = Instant::now();
    assert!(send(&script, ApiOperation::GetCertificate).await.is_ok());
    assert!(start.elapsed() >= Duration::from_secs(40));

    let start = Instant::now();
    let (error, sent) = fails(vec![throttled("400")]).await;
    assert_eq!((error.kind(), sent), (ErrorKind::Throttled, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(400)));
    assert_eq!(start.elapsed(), Duration::ZERO, "a wait that cannot help is not begun");
}

#[tokio::test(start_paused = true)]
async fn endless_list_of_different_pages_is_rejected() {
    let page = |number: usize| {
        let next = format!("https://contoso.vault.azure.net/vaults?page={}", number + 1);
        let body = format!(r#"{{"value":[{{"id":"v{number}"}}],"nextLink":"{next}"}}"#);
        Step::Answer(200, vec![], body.into_bytes())
    };
    let script = Script::new((0..2000).map(page).collect());
    let Call { api, operation, url, .. } = call(ApiOperation::ListVaults);
    let bounds = Bounds::RESOURCE_MANAGER;
    let deadline = Duration::from_secs(120);
    let pages = Pages::new(pipeline(&script), api, operation, bounds, deadline, url);
    let listing = pages.listing(|vault: wire::vault::ListedVault| Ok(vault.id));
    let error = listing.await.expect_err("endless");
    assert_eq!((error.kind(), script.sent()), (ErrorKind::Protocol, 1000), "{error}");
}

fn paced(script: &Arc<Script>, vault: &Arc<RateLimiter>, all: &Arc<RateLimiter>) -> Pipeline {
    let pacing = Pacing::Vault { vault: Arc::clone(vault), all: Arc::clone(all) };
    Pipeline { pacing, ..pipeline(script) }
}

#[tokio::test(start_paused = true)]
async fn wait_beyond_the_deadline_is_reported_at_once() {
    let refused = Step::Answer(429, vec![("retry-after", "400")], b"{}".to_vec());
    let script = Script::new(vec![refused]);
    let (vault, all) =
        (RateLimiter::new(RateLimit::default()), RateLimiter::new(RateLimit::default()));
    let pipeline = paced(&script, &vault, &all);
    let start = Instant::now();
    for expected in ["retry after 400 seconds", "asked to wait 400 seconds"] {
        let outcome = pipeline.send(&call(ApiOperation::GetCertificate), &mut retry()).await;
        let error = Error::from(outcome.err().expect("throttled"));
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains("waiting"), "no wait: {error}");
    }
    assert_eq!((script.sent(), start.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn unused_slot_is_released() {
    let one = RateLimit::new(1, Duration::from_secs(10_000));
    let (vault, all) = (RateLimiter::new(one), RateLimiter::new(one));
    let far = Deadline::after(Duration::MAX);
    // The limit of all vaults is used up, so the vault's own slot is granted but not used.
    let busy = all.permit(far).await.expect("a place");
    let script = Script::new(vec![ok()]);
    let pipeline = paced(&script, &vault, &all);
    let outcome = pipeline.send(&call(ApiOperation::GetCertificate), &mut retry()).await;
    assert_eq!(Error::from(outcome.err().expect("no place")).kind(), ErrorKind::Throttled);
    drop(busy);
    let outcome = pipeline.send(&call(ApiOperation::GetCertificate), &mut retry()).await;
    assert!(outcome.is_ok(), "both places were given back");
    assert_eq!(script.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn retry_after_beyond_the_clock_does_not_panic() {
    let throttled = |seconds| Step::Answer(429, vec![("retry-after", seconds)], b"{}".to_vec());
    for seconds in ["9999999999999999999", "18446744073709551615"] {
        let (error, sent) = fails(vec![throttled(seconds)]).await;
        assert_eq!((error.kind(), sent), (ErrorKind::Throttled, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn silence_and_slow_drips_end() {
    let start = Instant::now();
    let (error, _) = fails((0..6).map(|_| Step::Drip).collect()).await;
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!(start.elapsed() <= Duration::from_secs(121), "{:?}", start.elapsed());
    let (error, _) = fails((0..6).map(|_| Step::Silence).collect()).await;
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_given_up_and_not_kept() {
    let (error, sent) = fails(vec![Step::Flood]).await;
    assert_eq!((error.kind(), sent), (ErrorKind::Protocol, 1), "{error}");
    let announced = Step::Answer(200, vec![("content-length", "104857600")], b"{".to_vec());
    let (error, _) = fails(vec![announced]).await;
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_reported_and_not_followed() {
    let redirect = Step::Answer(302, vec![("location", "https://evil.example/x")], Vec::new());
    let script = Script::new(vec![redirect]);
    let Err(failed) = send(&script, ApiOperation::GetCertificate).await else {
        panic!("succeeded")
    };
    let error = Error::from(failed);
    assert_eq!(error.kind(), ErrorKind::UntrustedHost);
    assert!(error.to_string().contains("evil.example"), "{error}");
    assert_eq!(script.hosts(), ["contoso.vault.azure.net"]);
}

#[tokio::test(start_paused = true)]
async fn no_request_leaves_for_another_host() {
    let script = Script::new(vec![]);
    let url = Url::parse("https://contoso.vault.azure.net.evil.example/x").expect("a URL");
    let call = Call { url, ..call(ApiOperation::GetCertificate) };
    let Err(failed) = pipeline(&script).send(&call, &mut retry()).await else { panic!("sent") };
    assert_eq!(Error::from(failed).kind(), ErrorKind::UntrustedHost);
    assert_eq!((script.sent(), script.tokens.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn proxy_message_is_not_the_services_message() {
    let html = |status| {
        let page = b"<html><head><title>Blocked by Zscreen</title></head></html>".to_vec();
        Step::Answer(status, vec![("content-type", "text/html")], page)
    };
    let (error, _) = fails(vec![html(404)]).await;
    assert_eq!(error.kind(), ErrorKind::Protocol, "a proxy's 404 is not absence: {error}");
    assert!(error.to_string().contains("Blocked by Zscreen"), "{error}");
    let (error, _) = fails(vec![html(403)]).await;
    assert_eq!(error.kind(), ErrorKind::Denied(Denial::Unspecified));
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_read_but_not_a_started_change() {
    let slowly = |operation| async move {
        let script = Script::new(vec![Step::Silence]);
        let pipeline = pipeline(&script);
        let token = pipeline.cancellation.clone();
        let start = Instant::now();
        let (call, mut retry) = (call(operation), retry());
        let sending = pipeline.send(&call, &mut retry);
        let cancelling = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            token.cancel();
        };
        let (outcome, ()) = futures::future::join(sending, cancelling).await;
        (outcome.err().expect("no answer"), start.elapsed())
    };
    let (failed, took) = slowly(ApiOperation::GetCertificate).await;
    assert_eq!(Error::from(failed).kind(), ErrorKind::Cancelled);
    assert_eq!(took, Duration::from_secs(1));
    let (failed, took) = slowly(ApiOperation::ImportCertificate).await;
    assert!(matches!(failed, Failed::Uncertain(..)), "it may have happened");
    assert_eq!(took, ATTEMPT, "bounded by the attempt");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_cancelling() {
    let script = Script::new(vec![]);
    let pipeline = pipeline(&script);
    pipeline.cancellation.cancel();
    let outcome = pipeline.send(&call(ApiOperation::ImportCertificate), &mut retry()).await;
    let Err(Failed::NoEffect(error)) = outcome else { panic!("not known") };
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(script.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_an_error() {
    let (error, _) = fails((0..6).map(|_| Step::Io).collect()).await;
    let message = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
    assert!(!message.contains("hush") && !message.contains("t0"), "{message}");
}

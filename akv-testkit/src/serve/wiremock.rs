//! On a wiremock server: the fake answers the requests that no mock of the test matches.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;
use wiremock::matchers::any;
use wiremock::{Match, Mock, MockServer, Respond, ResponseTemplate};

use crate::cloud::FakeCloud;
use crate::endpoints::{Endpoints, Service};
use crate::exchange::{Delivery, Request, Response};

impl FakeCloud {
    /// Mounts the cloud on a wiremock server, beside the test's own expectations: the cloud answers
    /// every request that no other mock matches.
    ///
    /// wiremock has one host and no TLS. A client that sends the real host name in its `Host`
    /// header (through a proxy setting or a transport that rewrites addresses) reaches that host.
    /// Any other client names the host in the first path segment:
    /// `http://127.0.0.1:PORT/contoso.vault.azure.net/certificates?…`, and the links in the
    /// response begin in the same way.
    ///
    /// Its mocks have the lowest priorities. wiremock sends complete bodies: a torn body becomes a
    /// closed connection, and bodies are neither slow nor flooded.
    ///
    /// ```
    /// use akv_testkit::{FakeCloud, Operation};
    /// use wiremock::MockServer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = MockServer::start().await;
    /// let cloud = FakeCloud::builder().vault("contoso").start();
    /// cloud.mount(&server).await;
    /// // A client can now call `{server.uri()}/contoso.vault.azure.net/certificates?api-version=7.4`.
    /// assert_eq!(cloud.journal().count(Operation::ListCertificates), 0);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn mount(&self, server: &MockServer) {
        let door = Door { cloud: self.clone(), answer: Arc::default() };
        // In wiremock the mock decides whether a connection breaks, so there are two mocks. The
        // first one asks the fake, and matches if the connection breaks; otherwise the second one
        // sends the same response. The server handles one request at a time, so both see the same
        // request.
        Mock::given(door.clone())
            .respond_with_err(|_: &wiremock::Request| {
                io::Error::new(io::ErrorKind::ConnectionReset, "the fake closed the connection")
            })
            .with_priority(u8::MAX - 1)
            .mount(server)
            .await;
        Mock::given(any()).respond_with(door).with_priority(u8::MAX).mount(server).await;
    }
}

#[derive(Clone)]
struct Door {
    cloud: FakeCloud,
    answer: Arc<Mutex<Option<Response>>>,
}

impl Match for Door {
    fn matches(&self, request: &wiremock::Request) -> bool {
        let answer =
            received(request).map_or_else(Response::unreachable, |r| self.cloud.handle(&r));
        let breaks =
            matches!(answer.delivery(), Delivery::Closed | Delivery::Unreachable | Delivery::Torn);
        let mut kept = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = (!breaks).then_some(answer);
        breaks
    }
}

impl Respond for Door {
    fn respond(&self, _: &wiremock::Request) -> ResponseTemplate {
        let kept = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let answer = kept.unwrap_or_default();
        let template = ResponseTemplate::new(answer.status())
            .set_body_bytes(answer.bytes().to_vec())
            .set_delay(answer.delay());
        answer
            .headers()
            .fold(template, |template, (name, value)| template.append_header(name, value))
    }
}

/// The fake's host in the request: the `Host` header, if it names one, or else the first path
/// segment.
fn received(request: &wiremock::Request) -> Option<Request> {
    let header = request.headers.get("host").and_then(|host| host.to_str().ok());
    let header = header.or_else(|| request.url.host_str()).unwrap_or_default();
    let mut url = Url::parse(&format!("https://{header}")).ok()?;
    url.set_path(request.url.path());
    url.set_query(request.url.query());
    let mut seen = Request::new(request.method.as_str(), &url).body(request.body.clone());
    if !is_of_the_fake(&seen) {
        let (host, path) = request.url.path().trim_start_matches('/').split_once('/')?;
        let base = Url::parse(&format!("http://{header}/{host}")).ok()?;
        seen = seen.behind(base, host, &format!("/{path}"));
    }
    Some(request.headers.iter().fold(seen, |seen, (name, value)| {
        seen.header(name.as_str(), value.to_str().unwrap_or_default())
    }))
}

fn is_of_the_fake(request: &Request) -> bool {
    let (_, service) = Endpoints::locate(request, &[]);
    request.host() != "127.0.0.1" && service != Service::Nothing
}

//! A request to the fake and its response, independent of the transport.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use url::Url;

/// A request to the fake.
#[derive(Clone)]
pub struct Request {
    method: String,
    base: Url,
    host: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Bytes,
}

/// Shows method, host and path: headers and body can contain secrets.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.host)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request for `url`.
    ///
    /// ```
    /// use akv_testkit::{FakeCloud, Request};
    /// let cloud = FakeCloud::builder().vault("contoso").start();
    /// let url = "https://contoso.vault.azure.net/certificates?api-version=7.4".parse()?;
    /// assert_eq!(cloud.handle(&Request::new("GET", &url)).status(), 401);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn new(method: &str, url: &Url) -> Self {
        let mut base = url.clone();
        base.set_path("/");
        base.set_query(None);
        base.set_fragment(None);
        Self {
            method: method.to_ascii_uppercase(),
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            base,
            path: url.path().to_owned(),
            query: url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// Addresses a host of the fake through a server with another name: the links in the response
    /// begin with `base`, so that they lead to the same server.
    #[must_use]
    pub fn behind(mut self, base: Url, host: &str, path: &str) -> Self {
        self.base = base;
        host.to_ascii_lowercase().clone_into(&mut self.host);
        path.clone_into(&mut self.path);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// Adds a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn method(&self) -> &str {
        // Key Vault: a client that can only use GET and POST names the method in a header.
        self.find_header("x-http-method").unwrap_or(&self.method)
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The port, if it is not the scheme's default.
    pub(crate) fn port(&self) -> Option<u16> {
        self.base.port()
    }

    pub(crate) fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The first value of that query parameter; names ignore case, as in the services.
    pub(crate) fn find_query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub(crate) fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.body
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The parameters of a form; empty if the content type is not a form.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        let media_type = self.find_header("content-type").and_then(|kind| kind.split(';').next());
        if media_type.is_some_and(|kind| !kind.trim().eq_ignore_ascii_case(FORM)) {
            return Vec::new();
        }
        url::form_urlencoded::parse(&self.body)
            .map(|(k, v)| (k.into_owned(), v.into_owned()))
            .collect()
    }

    /// `https://contoso.vault.azure.net/certificates/web`: an identifier, without a default port.
    pub(crate) fn link(&self, path: &str) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        format!("{base}{path}")
    }

    /// A link to a next page: with the port even if it is the default, as in the service.
    pub(crate) fn next_link(&self, query: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish()
            .replace("%24", "$");
        let base = &self.base;
        let host = base.host_str().unwrap_or_default();
        let port = base.port_or_known_default().unwrap_or(443);
        let prefix = base.path().trim_end_matches('/');
        format!("{}://{host}:{port}{prefix}{}?{query}", base.scheme(), self.path)
    }
}

/// How a response reaches the client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Delivery {
    /// Unchanged.
    #[default]
    Whole,
    /// The name does not resolve or no server listens: there is no connection.
    Unreachable,
    /// The connection is closed before the response.
    Closed,
    /// The connection breaks after half of the body.
    Torn,
    /// The body is sent in small pieces with a pause before each.
    Drip {
        /// The size of a piece in bytes.
        piece: usize,
        /// The pause before each piece.
        pause: Duration,
    },
    /// Spaces follow the body until the total size is reached.
    Flood {
        /// The total size of the body in bytes.
        bytes: u64,
    },
}

/// The fake's response.
#[derive(Debug, Clone, Default)]
pub struct Response(Box<Parts>);

#[derive(Debug, Clone, Default)]
struct Parts {
    status: u16,
    headers: Vec<(Cow<'static, str>, String)>,
    body: Bytes,
    delay: Duration,
    delivery: Delivery,
    code: Option<String>,
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self(Box::new(Parts { status, ..Parts::default() }))
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::empty(status)
            .with_header("Content-Type", "application/json; charset=utf-8")
            .with_body(body.to_string())
    }

    pub(crate) fn unreachable() -> Self {
        Self::empty(502).delivered(Delivery::Unreachable)
    }

    #[must_use]
    pub(crate) fn with_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        self.0.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.0.headers.retain(|(k, _)| !k.eq_ignore_ascii_case(name));
        self
    }

    #[must_use]
    pub(crate) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.0.body = body.into();
        self
    }

    /// Sets the error code for the journal.
    #[must_use]
    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    #[must_use]
    pub(crate) fn delayed(mut self, by: Duration) -> Self {
        self.0.delay += by;
        self
    }

    #[must_use]
    pub(crate) fn delivered(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    /// The HTTP status; undefined if the [`Delivery`] is `Unreachable` or `Closed`.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// Name and value of each header; `WWW-Authenticate` can occur twice.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.headers.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// The first value of that header.
    pub fn find_header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// The complete body.
    pub fn bytes(&self) -> &Bytes {
        &self.0.body
    }

    /// The body as JSON; `Null` if it is not JSON.
    pub fn body_json(&self) -> Value {
        serde_json::from_slice(&self.0.body).unwrap_or(Value::Null)
    }

    /// The delay of the response.
    pub fn delay(&self) -> Duration {
        self.0.delay
    }

    /// How it reaches the client.
    pub fn delivery(&self) -> &Delivery {
        &self.0.delivery
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }
}

/// The content type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

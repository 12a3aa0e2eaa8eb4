//! One request, ready to be sent.

use akv_core::{Error, ErrorKind};
use azure_core::http::headers::HeaderValue;
use azure_core::http::{Method, Request};
use bytes::Bytes;
use url::Url;

use crate::api::ApiOperation;
use crate::auth::Token;
use crate::redact::Redactor;

/// One request, and its description for error messages.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) api: ApiOperation,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Bytes>,
    /// `import certificate web-01 into vault contoso`.
    pub(crate) operation: String,
    /// The largest plausible answer, in bytes.
    pub(crate) limit: usize,
}

impl Call {
    /// A request without a body whose answer has the size of a certificate.
    pub(crate) fn new(api: ApiOperation, method: Method, url: Url, operation: String) -> Self {
        Self { api, method, url, body: None, operation, limit: ONE_OBJECT }
    }

    #[must_use]
    pub(crate) fn with_body(self, body: Bytes) -> Self {
        Self { body: Some(body), ..self }
    }

    #[must_use]
    pub(crate) fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    pub(super) fn error(&self, kind: ErrorKind, problem: impl Into<String>) -> Error {
        Error::new(kind, &self.operation, problem)
    }

    pub(super) fn redactor(&self, token: Option<&Token>) -> Redactor {
        let body = self.body.as_deref().filter(|_| self.api.carries_a_key());
        match (body.and_then(|body| std::str::from_utf8(body).ok()), token) {
            (None, Some(token)) => token.redactor(),
            (body, token) => Redactor::new(token.map(Token::secret).into_iter().chain(body)),
        }
    }

    pub(super) fn request(&self, token: Option<&Token>) -> Request {
        let mut request = Request::new(self.url.clone(), self.method);
        request.insert_header("accept", "application/json");
        request.insert_header("user-agent", USER_AGENT);
        if let Some(token) = token {
            request.insert_header("authorization", HeaderValue::from(token.bearer()));
        }
        match &self.body {
            Some(body) => {
                request.insert_header("content-type", "application/json");
                request.set_body(body.clone());
            }
            None if self.method == Method::Post => request.insert_header("content-length", "0"),
            None => {}
        }
        request
    }
}

/// A certificate of at most 64 KiB in base64 with its policy and tags, or a secret of 25 KB.
const ONE_OBJECT: usize = 256 << 10;
const USER_AGENT: &str = concat!("akv/", env!("CARGO_PKG_VERSION"));

//! The body of an answer that is not a success (Key Vault data plane 7.4 `KeyVaultError`, Resource
//! Manager `ErrorResponse`), or of another server's answer in its place.

use std::time::{Duration, SystemTime};

use akv_core::Reply;
use serde::Deserialize;
use url::Url;

use super::answer::Answer;
use super::challenge::Challenge;
use super::retry_after::retry_after;
use crate::redact::Redactor;

/// A service's answer that is not a success.
#[derive(Debug, Clone, Default)]
pub(crate) struct ErrorResponse {
    pub(crate) reply: Reply,
    /// Whether the sender does not speak the service's JSON, such as a proxy.
    pub(crate) not_from_service: bool,
    /// The host of a redirect's target.
    pub(crate) location: Option<String>,
    /// The tenant that a 401 names.
    pub(crate) tenant: Option<String>,
    /// The audience that a 401 requests, if it differs from the cloud's.
    pub(crate) other_audience: Option<String>,
    /// Whether a 401 says that continuous access evaluation revoked the token.
    pub(crate) insufficient_claims: bool,
    /// The pause that the service requires.
    pub(crate) retry_after: Option<Duration>,
}

impl ErrorResponse {
    /// Reads the answer. A 401 may name only `audience`; if that is `None`, any audience. Nothing
    /// of an answer to a request that contains a key (`carries_a_key`) is kept as text.
    pub(crate) fn read(answer: &Answer, audience: Option<&str>, carries_a_key: bool) -> Self {
        let (mut reply, not_from_service) = reply(answer);
        if carries_a_key {
            // The sender could repeat the key in any encoding.
            reply.message = None;
        }
        let redactor = answer.redactor();
        let challenge = answer.header("www-authenticate").map(Challenge::read).unwrap_or_default();
        Self {
            reply,
            not_from_service,
            location: answer.header("location").and_then(|it| redirect_host(it, redactor)),
            tenant: challenge.tenant.filter(|tenant| redactor.identifier(tenant) == *tenant),
            other_audience: challenge
                .audience
                .filter(|named| is_other_audience(named, audience))
                .map(|named| redactor.line(&named)),
            insufficient_claims: challenge.insufficient_claims,
            retry_after: retry_after(answer.headers(), SystemTime::now()),
        }
    }
}

fn is_other_audience(named: &str, own: Option<&str>) -> bool {
    own.is_some_and(|own| !own.trim_end_matches('/').eq_ignore_ascii_case(named))
}

/// The host of a redirect's target.
fn redirect_host(location: &str, redactor: &Redactor) -> Option<String> {
    let url = Url::parse(location).ok()?;
    Some(redactor.line(url.host_str()?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Option<Detail>,
    // Some of Resource Manager's providers omit the envelope.
    code: Option<String>,
    message: Option<String>,
    #[serde(alias = "innerError")]
    innererror: Option<Box<Detail>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    code: Option<String>,
    message: Option<String>,
    #[serde(alias = "innerError")]
    innererror: Option<Box<Detail>>,
}

impl Body {
    fn detail(self) -> Detail {
        let Self { error, code, message, innererror } = self;
        error.unwrap_or(Detail { code, message, innererror })
    }
}

/// The error reply, and whether another server such as a proxy or a gateway sent it.
fn reply(answer: &Answer) -> (Reply, bool) {
    let redactor = answer.redactor();
    let detail = serde_json::from_slice::<Body>(answer.body())
        .ok()
        .map(Body::detail)
        .filter(|detail| detail.code.is_some());
    let mut reply = Reply::new(answer.status()).with_request_id(answer.request_id());
    let Some(detail) = detail else {
        reply.message = described(answer.body(), redactor);
        return (reply, true);
    };
    let inner = detail.innererror.as_deref().and_then(innermost);
    reply.inner_code = inner.map(|code| redactor.identifier(&code));
    reply.code = detail.code.map(|code| redactor.identifier(&code));
    reply.message = detail.message.map(|message| redactor.line(&message));
    (reply, false)
}

/// Key Vault names the reason in the first level; Resource Manager may nest deeper.
fn innermost(detail: &Detail) -> Option<String> {
    detail.code.clone().or_else(|| innermost(detail.innererror.as_deref()?))
}

/// A short description of a body that is not the service's: the title of an HTML page or its
/// beginning.
fn described(body: &[u8], redactor: &Redactor) -> Option<String> {
    let text = String::from_utf8_lossy(body.get(..BEGINNING.min(body.len())).unwrap_or_default());
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if !lower.starts_with('<') {
        return Some(redactor.line(text));
    }
    let title = lower.find("<title>").map(|at| at + "<title>".len()).and_then(|from| {
        let to = from + lower.get(from..)?.find("</title>")?;
        text.get(from..to)
    });
    Some(match title {
        Some(title) => format!("an HTML page titled {:?}", redactor.line(title)),
        None => "an HTML page".to_owned(),
    })
}

const BEGINNING: usize = 4096;

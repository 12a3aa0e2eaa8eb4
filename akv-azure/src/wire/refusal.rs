//! The body of an answer that is not a success (Key Vault data plane 7.4 `KeyVaultError`, Resource
//! Manager `ErrorResponse`), and what else may be in its place.

use akv_core::Reply;
use serde::Deserialize;

use crate::pipeline::Answer;
use crate::redact::Redactor;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Option<Detail>,
    // Some of Resource Manager's providers leave the envelope out.
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

/// What the service said, and whether it was somebody else who said it: a proxy, a gateway.
pub(crate) fn read(answer: &Answer) -> (Reply, bool) {
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

/// What a body that is not the service's tells a person: the title of an HTML page or its beginning.
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

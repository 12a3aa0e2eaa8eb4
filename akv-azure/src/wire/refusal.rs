//! The body of an answer that is not a success (Key Vault data plane 7.4 `KeyVaultError`, Resource
//! Manager `ErrorResponse`), and what else may be in its place.

use akv_core::Reply;
use serde::Deserialize;

use crate::pipeline::Answer;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Option<Detail>,
    // Some of Resource Manager's providers leave the envelope out.
    #[serde(flatten)]
    bare: Detail,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    code: Option<String>,
    message: Option<String>,
    #[serde(alias = "innerError")]
    innererror: Option<Box<Detail>>,
}

/// What the service said, and whether it was somebody else who said it: a proxy, a gateway.
pub(crate) fn read(answer: &Answer) -> (Reply, bool) {
    let detail = serde_json::from_slice::<Body>(answer.body())
        .ok()
        .map(|body| body.error.unwrap_or(body.bare))
        .filter(|detail| detail.code.is_some());
    let mut reply = Reply {
        status: answer.status(),
        request_id: answer.header("x-ms-request-id").map(str::to_owned),
        ..Reply::default()
    };
    let Some(detail) = detail else {
        reply.message = described(answer.body());
        return (reply, true);
    };
    reply.inner_code = detail.innererror.as_deref().and_then(innermost);
    reply.code = detail.code;
    reply.message = detail.message.map(|message| shortened(&message));
    (reply, false)
}

/// Key Vault names the reason in the first level; Resource Manager may nest deeper.
fn innermost(detail: &Detail) -> Option<String> {
    detail.code.clone().or_else(|| innermost(detail.innererror.as_deref()?))
}

/// What a body that is not the service's tells a person: the title of an HTML page or its beginning.
pub(crate) fn described(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body.get(..BEGINNING.min(body.len())).unwrap_or_default());
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if !lower.starts_with('<') {
        return Some(shortened(text));
    }
    let title = lower.find("<title>").map(|at| at + "<title>".len()).and_then(|from| {
        let to = from + lower.get(from..)?.find("</title>")?;
        text.get(from..to)
    });
    Some(match title {
        Some(title) => format!("an HTML page titled {:?}", shortened(title.trim())),
        None => "an HTML page".to_owned(),
    })
}

/// One line of at most 400 characters: the message is for a person.
pub(crate) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

const BEGINNING: usize = 4096;
const SHOWN: usize = 400;

//! Resource Manager's pages: an opaque `$skiptoken` that continues after a key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::exchange::{Request, Response};
use crate::problem;

/// One page of items in the order of their keys; `usual` many unless `$top` is smaller.
pub(super) fn answer<'k>(
    request: &Request,
    usual: usize,
    items: impl Iterator<Item = (&'k str, Value)>,
) -> Response {
    page(request, usual, items, false)
}

/// The same as in Key Vault: a full page always has a next one, which may be empty.
pub(super) fn answer_and_more<'k>(
    request: &Request,
    usual: usize,
    items: impl Iterator<Item = (&'k str, Value)>,
) -> Response {
    page(request, usual, items, true)
}

fn page<'k>(
    request: &Request,
    usual: usize,
    items: impl Iterator<Item = (&'k str, Value)>,
    more_after_full: bool,
) -> Response {
    let size = match request.find_query("$top").map(str::parse::<usize>) {
        None => usual,
        Some(Ok(top @ 1..)) => top.min(usual),
        Some(_) => {
            return problem::resource_manager(400, "BadRequest", "The value of $top is not valid.");
        }
    };
    let token = request.find_query("$skiptoken").map(|token| {
        URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok())
    });
    let after = match token {
        None => None,
        Some(Some(after)) => Some(after),
        Some(None) => {
            return problem::resource_manager(400, "BadRequest", "The $skiptoken is not valid.");
        }
    };
    let mut rest = items.filter(|(key, _)| after.as_deref().is_none_or(|after| *key > after));
    let page: Vec<(&str, Value)> = rest.by_ref().take(size).collect();
    let last = page.last().map(|(key, _)| (*key).to_owned());
    let is_full = more_after_full && page.len() == size;
    let next = last.filter(|_| is_full || rest.next().is_some()).map(|last| {
        let token = URL_SAFE_NO_PAD.encode(last);
        let kept = request.query().iter().filter(|(name, _)| name != "$skiptoken");
        let mut query: Vec<_> = kept.map(|(k, v)| (k.as_str(), v.as_str())).collect();
        query.push(("$skiptoken", &token));
        request.next_link(&query)
    });
    let values: Vec<Value> = page.into_iter().map(|(_, value)| value).collect();
    let mut body = json!({ "value": values });
    if let (Some(body), Some(next)) = (body.as_object_mut(), next) {
        body.insert("nextLink".to_owned(), json!(next));
    }
    Response::json(200, &body)
}

//! Pages: at most 25 items, and a `nextLink` that continues after a name, not a number.

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::exchange::{Request, Response};
use crate::problem;

/// How lists are split into pages.
///
/// The service's pages have at most 25 items. It also sends shorter ones, and a client must accept
/// an empty page with a `nextLink`.
///
/// ```
/// use akv_testkit::{FakeCloud, Pages};
/// let cloud = FakeCloud::builder().vault("contoso").pages(Pages::of(14).empty_every(3)).start();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages {
    size: usize,
    empty_every: usize,
}

impl Default for Pages {
    fn default() -> Self {
        Self { size: LARGEST, empty_every: 0 }
    }
}

impl Pages {
    /// Pages of at most this many items, from 1 to 25.
    pub fn of(size: usize) -> Self {
        Self { size: size.clamp(1, LARGEST), empty_every: 0 }
    }

    /// Every nth page is empty and has a next one.
    #[must_use]
    pub fn empty_every(self, nth: usize) -> Self {
        Self { empty_every: nth, ..self }
    }

    fn is_empty_page(self, number: usize) -> bool {
        self.empty_every > 1 && (number + 1).is_multiple_of(self.empty_every)
    }
}

/// The start of a page: opaque to clients, base64url of JSON as in the service.
#[derive(Debug, Default, Serialize, Deserialize)]
struct SkipToken {
    #[serde(rename = "NextMarker")]
    after: String,
    #[serde(rename = "TargetLocation")]
    page: usize,
}

/// Returns one page of the items in `all` for which `render` returns a value, in the order of their
/// keys. The cost depends only on the page.
pub(crate) fn answer<T>(
    request: &Request,
    pages: Pages,
    all: &BTreeMap<String, T>,
    mut render: impl FnMut(&T) -> Option<Value>,
) -> Response {
    let wanted = match request.find_query("maxresults").map(str::parse::<usize>) {
        None => LARGEST,
        Some(Ok(wanted @ 1..=LARGEST)) => wanted,
        Some(_) => {
            return problem::bad_parameter("Property maxresults has invalid value: 1 to 25");
        }
    };
    let token = match request.find_query("$skiptoken").map(decode) {
        None => SkipToken::default(),
        Some(Some(token)) => token,
        Some(None) => return problem::bad_parameter("Property $skiptoken has invalid value"),
    };
    let size = if pages.is_empty_page(token.page) { 0 } else { wanted.min(pages.size) };
    let start = match token.after.as_str() {
        "" => Bound::Unbounded,
        after => Bound::Excluded(after),
    };
    let mut rest = all
        .range::<str, _>((start, Bound::Unbounded))
        .filter_map(|(key, value)| render(value).map(|item| (key.as_str(), item)));
    let (mut items, mut last) = (Vec::with_capacity(size), token.after.as_str());
    while items.len() < size {
        let Some((key, item)) = rest.next() else { break };
        items.push(item);
        last = key;
    }
    let next = rest.next().map(|_| {
        let token = SkipToken { after: last.to_owned(), page: token.page + 1 };
        next_link(request, &token)
    });
    Response::json(200, &json!({ "value": items, "nextLink": next }))
}

fn next_link(request: &Request, token: &SkipToken) -> String {
    let token = URL_SAFE_NO_PAD.encode(serde_json::to_vec(token).unwrap_or_default());
    let mut query: Vec<(&str, &str)> = Vec::new();
    for name in ["api-version", "maxresults", "includePending"] {
        query.extend(request.find_query(name).map(|value| (name, value)));
    }
    query.insert(query.len().min(1), ("$skiptoken", &token));
    request.next_link(&query)
}

fn decode(text: &str) -> Option<SkipToken> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// The service's maximum and default.
const LARGEST: usize = 25;

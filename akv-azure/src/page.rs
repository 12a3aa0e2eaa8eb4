//! Reads lists page by page, within bounds that a genuine service never reaches.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use akv_core::{Error, ErrorKind, InvalidValue, Listing};
use azure_core::http::Method;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use crate::api::ApiOperation;
use crate::exchange::{Answer, Deadline, Retry};
use crate::pipeline::{Call, Pipeline};
use crate::redact::Redactor;
use crate::wire::page::{Item, Page};

/// The limits of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The bytes of a page, decompressed.
    page_bytes: usize,
    /// The items of a page.
    page_items: usize,
    pages: usize,
    items: usize,
}

impl Bounds {
    /// A vault's page has the 25 requested certificates, each below 20 KB including tags; some
    /// emulators return more. Only a hash of each name is kept in memory.
    pub(crate) const VAULT: Self =
        Self { page_bytes: 1 << 20, page_items: 250, pages: 100_000, items: 1_000_000 };
    /// A certificate gets a few versions a year.
    pub(crate) const VERSIONS: Self =
        Self { page_bytes: 1 << 20, page_items: 250, pages: 1_000, items: 25_000 };
    /// Resource Manager's pages have some hundreds of items. A list holds the subscriptions of a
    /// tenant or the vaults of a subscription: some thousands at most.
    pub(crate) const RESOURCE_MANAGER: Self =
        Self { page_bytes: 8 << 20, page_items: 5_000, pages: 1_000, items: 50_000 };
}

/// The pages of a list that have not been read yet.
pub(crate) struct Pages {
    pipeline: Pipeline,
    api: ApiOperation,
    operation: String,
    bounds: Bounds,
    /// The deadline of each page: the list itself may be of any length.
    deadline: Duration,
    next: Option<Url>,
    followed: HashSet<u64>,
    empty_in_a_row: usize,
    items: usize,
    /// The total time spent waiting for pages.
    waited: Duration,
    /// The redactor of the last page.
    redactor: Redactor,
}

impl Pages {
    pub(crate) fn new(
        pipeline: Pipeline,
        api: ApiOperation,
        operation: String,
        bounds: Bounds,
        deadline: Duration,
        first: Url,
    ) -> Self {
        Self {
            pipeline,
            api,
            operation,
            bounds,
            deadline,
            next: Some(first),
            followed: HashSet::new(),
            empty_in_a_row: 0,
            items: 0,
            waited: Duration::ZERO,
            redactor: Redactor::default(),
        }
    }

    /// The next page; `None` after the last.
    pub(crate) async fn next<T: DeserializeOwned>(
        &mut self,
    ) -> Result<Option<Vec<Item<T>>>, Error> {
        let Some(url) = self.next.take() else { return Ok(None) };
        if !self.followed.insert(fingerprint(url.as_str())) {
            return Err(self.endless(
                "the link to the next page points to a page that was already \
                                     read",
            ));
        }
        if self.followed.len() > self.bounds.pages {
            return Err(self.endless("it exceeds the limit of pages"));
        }
        let call = Call::new(self.api, Method::Get, url, self.operation.clone())
            .with_limit(self.bounds.page_bytes);
        let started = Instant::now();
        let mut retry = Retry::new(Deadline::after(self.deadline));
        let answer = self.pipeline.send(&call, &mut retry).await?;
        self.waited += started.elapsed();
        self.redactor = answer.redactor().clone();
        let page: Page<T> = Page::read(answer.body(), self.bounds.page_items)
            .map_err(|error| unreadable(&self.operation, &error))?;
        self.items += page.value.len();
        self.empty_in_a_row = if page.value.is_empty() { self.empty_in_a_row + 1 } else { 0 };
        if let Some(how) = self.endlessness() {
            return Err(self.endless(how));
        }
        self.next = match page.next_link.as_deref() {
            None | Some("") => None,
            Some(link) => {
                Some(self.pipeline.origin.follow(&self.operation, link, &self.redactor)?)
            }
        };
        Ok(Some(page.value))
    }

    fn endlessness(&self) -> Option<&'static str> {
        let pages = u32::try_from(self.followed.len()).unwrap_or(u32::MAX);
        let patience = self.deadline.saturating_mul(SLOW_PAGES) + USUAL_PAGE.saturating_mul(pages);
        if self.empty_in_a_row > MOST_EMPTY_PAGES {
            Some("too many pages in a row are empty")
        } else if self.items > self.bounds.items {
            Some("it exceeds the limit of items")
        } else if self.waited > patience {
            Some("too many pages in a row are slow")
        } else {
            None
        }
    }

    /// Reads the complete list, which is short enough for memory. The gap counts the items that
    /// cannot be read, with the last reason.
    pub(crate) async fn listing<W: DeserializeOwned + Hash, T>(
        mut self,
        read: impl Fn(W) -> Result<T, InvalidValue>,
    ) -> Result<Listing<T>, Error> {
        let (mut items, mut last) = (Vec::new(), None);
        let mut seen = HashSet::new();
        while let Some(page) = self.next::<W>().await? {
            if !page.is_empty() && !seen.insert(fingerprint(&page)) {
                return Err(self.endless("a page contains only items that were already listed"));
            }
            for item in page {
                let item = match item {
                    Item::Read(item) => read(item),
                    Item::Other(id) => Err(InvalidValue::new("item", &id, "an object of the list")),
                };
                match item {
                    Ok(item) => items.push(item),
                    Err(invalid) => last = Some(self.redactor.line(&invalid.to_string())),
                }
            }
        }
        let (all, missing) = (self.items, self.items - items.len());
        let gap = last.map(|invalid| {
            let problem = format!("{missing} of {all} listed cannot be read: {invalid}");
            Error::new(ErrorKind::Protocol, &self.operation, problem)
        });
        Ok(Listing::from(items).with_gap(gap))
    }

    /// An ID of the last page, for a message.
    pub(crate) fn shown(&self, id: &str) -> String {
        let short: String = id.chars().take(LONGEST_ID).collect();
        self.redactor.line(&short)
    }

    fn endless(&self, how: &str) -> Error {
        Error::new(ErrorKind::Protocol, &self.operation, format!("the listing does not end: {how}"))
            .with_advice("check for an intercepting proxy, a gateway or a wrong DNS record")
    }
}

/// A hash that identifies a value.
pub(crate) fn fingerprint(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Parses a successful answer.
pub(crate) fn read<T: DeserializeOwned>(answer: &Answer, operation: &str) -> Result<T, Error> {
    serde_json::from_slice(answer.body()).map_err(|error| unreadable(operation, &error))
}

/// serde's message could repeat a value, so only the position of the error is shown.
pub(crate) fn unreadable(operation: &str, error: &serde_json::Error) -> Error {
    let place = format!("line {} column {}", error.line(), error.column());
    Error::new(ErrorKind::Protocol, operation, format!("the response is not valid at {place}"))
        .with_advice("check for an intercepting proxy, a gateway or a wrong DNS record")
}

/// The service sends short pages and may send empty ones.
const MOST_EMPTY_PAGES: usize = 200;
/// All pages of a list together may take this many deadlines, plus [`USUAL_PAGE`] each.
const SLOW_PAGES: u32 = 10;
const USUAL_PAGE: Duration = Duration::from_secs(2);
/// The longest ID that is shown, in characters.
const LONGEST_ID: usize = 200;

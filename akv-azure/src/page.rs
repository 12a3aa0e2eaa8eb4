//! Lists, page by page, within bounds that no honest service meets.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use akv_core::{Error, ErrorKind};
use azure_core::http::Method;
use serde::de::DeserializeOwned;
use url::Url;

use crate::operation::Operation;
use crate::pipeline::{Answer, Call, Deadline, Pipeline, Retry};
use crate::wire::page::{Item, Page};

/// The pages of a list that were not read yet.
pub(crate) struct Pages {
    pipeline: Pipeline,
    operation: Operation,
    tried: String,
    /// The bound of each page: a list is as long as it is.
    deadline: Duration,
    next: Option<Url>,
    followed: HashSet<u64>,
    empty_in_a_row: usize,
    /// Bytes that were read.
    read: usize,
}

impl Pages {
    pub(crate) fn new(
        pipeline: Pipeline,
        operation: Operation,
        tried: String,
        deadline: Duration,
        first: Url,
    ) -> Self {
        Self {
            pipeline,
            operation,
            tried,
            deadline,
            next: Some(first),
            followed: HashSet::new(),
            empty_in_a_row: 0,
            read: 0,
        }
    }

    /// The next page; `None` after the last.
    pub(crate) async fn next<T: DeserializeOwned>(
        &mut self,
    ) -> Result<Option<Vec<Item<T>>>, Error> {
        let Some(url) = self.next.take() else { return Ok(None) };
        if !self.followed.insert(fingerprint(url.as_str())) {
            return Err(self.endless("a page's link leads back to a page that was read"));
        }
        if self.followed.len() > MOST_PAGES {
            return Err(self.endless("it has more pages than a list can have"));
        }
        let call = Call::new(self.operation, Method::Get, url, self.tried.clone())
            .with_limit(LARGEST_PAGE);
        let mut retry = Retry::new(Deadline::after(self.deadline));
        let answer = self.pipeline.send(&call, &mut retry).await?;
        self.read += answer.body().len();
        let page: Page<T> = read(&answer, &self.tried)?;
        self.empty_in_a_row = if page.value.is_empty() { self.empty_in_a_row + 1 } else { 0 };
        if self.empty_in_a_row > MOST_EMPTY_PAGES {
            return Err(self.endless("page after page is empty"));
        }
        self.next = match page.next_link.as_deref() {
            None | Some("") => None,
            Some(link) => Some(self.pipeline.origin.follow(&self.tried, link)?),
        };
        Ok(Some(page.value))
    }

    /// Everything there is, of a list that is short enough to be kept.
    pub(crate) async fn all<T: DeserializeOwned + Hash>(mut self) -> Result<Vec<Item<T>>, Error> {
        let mut all = Vec::new();
        let mut seen = HashSet::new();
        while let Some(page) = self.next::<T>().await? {
            if !page.is_empty() && !seen.insert(fingerprint(&page)) {
                return Err(self.endless("a whole page was there before"));
            }
            let more = self.next.is_some();
            if more && (self.followed.len() >= MOST_PAGES_KEPT || self.read > MOST_KEPT) {
                return Err(self.endless("it is longer than Resource Manager can make one"));
            }
            all.extend(page);
        }
        Ok(all)
    }

    fn endless(&self, how: &str) -> Error {
        Error::new(ErrorKind::Protocol, &self.tried, format!("the list does not end: {how}"))
            .with_advice("find out who answers in the service's place")
    }
}

/// Enough of a value to know it again.
pub(crate) fn fingerprint(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Reads an answer that is a success.
pub(crate) fn read<T: DeserializeOwned>(answer: &Answer, tried: &str) -> Result<T, Error> {
    serde_json::from_slice(answer.body()).map_err(|error| unreadable(tried, &error))
}

/// What serde says could repeat a value, so only the place of the error is told.
pub(crate) fn unreadable(tried: &str, error: &serde_json::Error) -> Error {
    let place = format!("line {} column {}", error.line(), error.column());
    Error::new(
        ErrorKind::Protocol,
        tried,
        format!("the answer is not what it should be, at {place}"),
    )
    .with_advice("find out who answers in the service's place")
}

/// A vault's page has 25 items, Resource Manager's up to some hundreds.
const LARGEST_PAGE: usize = 8 << 20;
/// Two and a half million certificates.
const MOST_PAGES: usize = 100_000;
/// Resource Manager's pages have some hundreds of items, and a list of it is the subscriptions of a
/// tenant or the vaults of a subscription, of which there are some thousands at most.
const MOST_PAGES_KEPT: usize = 1000;
/// In bytes: some hundred thousand vaults.
const MOST_KEPT: usize = 256 << 20;
/// The service sends short pages and may send empty ones.
const MOST_EMPTY_PAGES: usize = 200;

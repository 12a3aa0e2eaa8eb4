//! A record of every request to the fake, for assertions and as JSON lines.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use time::OffsetDateTime;

use crate::operation::Operation;

/// One request and its result, without body, token and secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The time of its arrival by the fake's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Its operation.
    pub operation: Operation,
    /// The HTTP method.
    pub method: String,
    /// Its target host.
    pub host: String,
    /// Its path, without the query.
    pub path: String,
    /// Its vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault: Option<String>,
    /// Its certificate, secret or key, as spelled in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// The client ID of its token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Whether it had an `Authorization` header.
    pub bearer: bool,
    /// The status of the response.
    pub status: u16,
    /// The error code of the response, with the inner code after a slash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The request's `x-ms-client-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// Whether a fault affected it.
    pub fault: bool,
}

/// The record of all requests. Clones share it.
///
/// It keeps the newest 200,000 entries; [`count`](Self::count) also includes dropped ones.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    entries: VecDeque<Entry>,
    counts: BTreeMap<Operation, u64>,
    statuses: BTreeMap<u16, u64>,
    in_flight: usize,
    most_in_flight: usize,
}

impl Journal {
    /// All entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.pages().entries.iter().cloned().collect()
    }

    /// The entries of one operation, oldest first.
    pub fn of(&self, operation: Operation) -> Vec<Entry> {
        let pages = self.pages();
        pages.entries.iter().filter(|entry| entry.operation == operation).cloned().collect()
    }

    /// The number of calls of an operation, including rejected ones.
    pub fn count(&self, operation: Operation) -> u64 {
        self.pages().counts.get(&operation).copied().unwrap_or_default()
    }

    /// The number of requests.
    pub fn total(&self) -> u64 {
        self.pages().counts.values().sum()
    }

    /// The number of responses with that status.
    pub fn answered(&self, status: u16) -> u64 {
        self.pages().statuses.get(&status).copied().unwrap_or_default()
    }

    /// The highest number of concurrent requests.
    pub fn most_in_flight(&self) -> usize {
        self.pages().most_in_flight
    }

    /// Removes all entries.
    pub fn clear(&self) {
        let mut pages = self.pages();
        let in_flight = pages.in_flight;
        *pages = Pages { in_flight, most_in_flight: in_flight, ..Pages::default() };
    }

    /// The entries as JSON, one per line.
    pub fn json_lines(&self) -> String {
        let pages = self.pages();
        let lines = pages.entries.iter().filter_map(|entry| serde_json::to_string(entry).ok());
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }

    pub(crate) fn record(&self, entry: Entry) {
        let mut pages = self.pages();
        *pages.counts.entry(entry.operation).or_default() += 1;
        *pages.statuses.entry(entry.status).or_default() += 1;
        if pages.entries.len() == KEPT {
            pages.entries.pop_front();
        }
        pages.entries.push_back(entry);
    }

    /// Counts a request as concurrent until the guard is dropped.
    pub(crate) fn depart(&self) -> UnderWay {
        let mut pages = self.pages();
        pages.in_flight += 1;
        pages.most_in_flight = pages.most_in_flight.max(pages.in_flight);
        UnderWay(self.clone())
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // Every method leaves the pages consistent, so a panic elsewhere does no damage.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in progress.
#[derive(Debug)]
pub(crate) struct UnderWay(Journal);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.pages().in_flight -= 1;
    }
}

const KEPT: usize = 200_000;

//! Every request that the fake has seen, for assertions and as JSON lines.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use time::OffsetDateTime;

use crate::operation::Operation;

/// One request and what became of it. There is no body, no token and no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// When it came, by the fake's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What it asked for.
    pub operation: Operation,
    /// The HTTP method.
    pub method: String,
    /// The host it was sent to.
    pub host: String,
    /// Its path, without the query.
    pub path: String,
    /// The vault it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault: Option<String>,
    /// The certificate, secret or key it was about, as the request wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The subscription it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// The client id whose token came with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Whether an `Authorization` header came with it.
    pub bearer: bool,
    /// The status of the answer.
    pub status: u16,
    /// The error code of the answer, with the inner code after a slash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The request's `x-ms-client-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// Whether a fault was played.
    pub fault: bool,
}

/// The list of all requests. Clones are one list.
///
/// It keeps the newest 200,000 entries; [`count`](Self::count) counts those that fell out, too.
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

    /// How often an operation was asked for, refused requests included.
    pub fn count(&self, operation: Operation) -> u64 {
        self.pages().counts.get(&operation).copied().unwrap_or_default()
    }

    /// How many requests there were.
    pub fn total(&self) -> u64 {
        self.pages().counts.values().sum()
    }

    /// How many answers had that status.
    pub fn answered(&self, status: u16) -> u64 {
        self.pages().statuses.get(&status).copied().unwrap_or_default()
    }

    /// How many requests were under way at once at the worst moment.
    pub fn most_in_flight(&self) -> usize {
        self.pages().most_in_flight
    }

    /// Forgets everything up to now.
    pub fn clear(&self) {
        let mut pages = self.pages();
        let in_flight = pages.in_flight;
        *pages = Pages { in_flight, most_in_flight: in_flight, ..Pages::default() };
    }

    /// The entries as JSON, one a line.
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

    /// Counts a request as under way until the guard is dropped.
    pub(crate) fn depart(&self) -> UnderWay {
        let mut pages = self.pages();
        pages.in_flight += 1;
        pages.most_in_flight = pages.most_in_flight.max(pages.in_flight);
        UnderWay(self.clone())
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // Every method leaves the pages whole, so a panic elsewhere does not spoil them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct UnderWay(Journal);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.pages().in_flight -= 1;
    }
}

const KEPT: usize = 200_000;

//! Resource Graph: the port [`VaultQuery`].
//!
//! One query finds the vaults of thousands of subscriptions, a thousand on a page. The service can
//! return partial results without an error, so completeness is checked: a partial answer is an
//! error and never a shorter list.

use std::collections::HashSet;

use akv_core::{Error, ErrorKind, InvalidValue, Listing, Result, StorePath, TenantId, VaultQuery};
use async_trait::async_trait;
use azure_core::http::Method;
use bytes::Bytes;
use url::Url;

use crate::api::{ApiOperation, version};
use crate::directory::ResourceManager;
use crate::exchange::{Answer, Deadline, Retry};
use crate::page::{fingerprint, unreadable};
use crate::pipeline::{Call, Pacing, Pipeline};
use crate::redact::Redactor;
use crate::wire::graph::{Flag, Options, Page, Query, Row};

#[async_trait]
impl VaultQuery for ResourceManager {
    async fn all_vaults(&self, tenant: &TenantId) -> Result<Listing<StorePath>> {
        let operation = format!("query Resource Graph for the vaults of tenant {tenant}");
        let mut pipeline = self.pipeline(tenant, None, &operation)?;
        if let Pacing::ResourceManager { budget, .. } = &mut pipeline.pacing {
            // Resource Graph has a quota of its own.
            *budget = format!("graph {budget}");
        }
        let path = ["providers", "Microsoft.ResourceGraph", "resources"];
        let url = self.url(&path, version::RESOURCE_GRAPH);
        for _ in 1..READINGS {
            match Reading::new(&pipeline, &url, &operation).all(self).await {
                Err(Broken::Moved) => {}
                Err(Broken::Failed(error)) => return Err(error),
                Ok(listing) => return Ok(listing),
            }
        }
        Reading::new(&pipeline, &url, &operation).all(self).await.map_err(|broken| match broken {
            Broken::Moved => partial(&operation, "the vaults changed during the query"),
            Broken::Failed(error) => error,
        })
    }
}

/// Why a reading failed.
enum Broken {
    /// The data changed between two pages, so the pages do not fit together.
    Moved,
    Failed(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Reads all pages of one query in order.
struct Reading<'a> {
    pipeline: &'a Pipeline,
    url: &'a Url,
    operation: &'a str,
    stores: Vec<StorePath>,
    ids: HashSet<u64>,
    rows: usize,
    total: Option<u64>,
    tokens: HashSet<u64>,
    redactor: Redactor,
    unreadable: Option<String>,
}

impl<'a> Reading<'a> {
    fn new(pipeline: &'a Pipeline, url: &'a Url, operation: &'a str) -> Self {
        Self {
            pipeline,
            url,
            operation,
            stores: Vec::new(),
            ids: HashSet::new(),
            rows: 0,
            total: None,
            tokens: HashSet::new(),
            redactor: Redactor::default(),
            unreadable: None,
        }
    }

    async fn all(
        mut self,
        manager: &ResourceManager,
    ) -> std::result::Result<Listing<StorePath>, Broken> {
        let mut token = None;
        loop {
            let answer = self.page(manager, token.as_deref()).await?;
            token = self.take(&answer)?;
            let Some(token) = &token else { break };
            if !self.tokens.insert(fingerprint(token)) || self.rows > MOST_ROWS {
                return Err(self.partial("the number of pages exceeds the limit").into());
            }
        }
        if self.total != u64::try_from(self.rows).ok() {
            return Err(Broken::Moved);
        }
        let gap = self.unreadable.map(|why| {
            let missing = self.rows - self.stores.len();
            let problem = format!("{missing} of {} rows cannot be read: {why}", self.rows);
            Error::new(ErrorKind::Protocol, self.operation, problem)
        });
        Ok(Listing::from(self.stores).with_gap(gap))
    }

    async fn page(&self, manager: &ResourceManager, skip_token: Option<&str>) -> Result<Answer> {
        let options = Options {
            skip_token,
            top: ROWS_ON_A_PAGE,
            result_format: "objectArray",
            allow_partial_scopes: false,
        };
        let body = serde_json::to_vec(&Query { query: QUERY, options })
            .map_err(|error| unreadable(self.operation, &error))?;
        let call = Call::new(
            ApiOperation::QueryVaults,
            Method::Post,
            self.url.clone(),
            self.operation.to_owned(),
        )
        .with_body(Bytes::from(body))
        .with_limit(PAGE_BYTES);
        let mut retry = Retry::new(Deadline::after(manager.deadline()));
        Ok(self.pipeline.send(&call, &mut retry).await?)
    }

    /// Adds the rows of a page and returns the token of the next page.
    fn take(&mut self, answer: &Answer) -> std::result::Result<Option<String>, Broken> {
        let limit_hit = answer.header("x-ms-tenant-subscription-limit-hit");
        if limit_hit.is_some_and(|hit| !hit.trim().eq_ignore_ascii_case("false")) {
            return Err(self
                .partial(
                    "Resource Graph covers 10,000 subscriptions, and the tenant \
                                     has more",
                )
                .into());
        }
        let page: Page<'_> = serde_json::from_slice(answer.body())
            .map_err(|error| unreadable(self.operation, &error))?;
        if page.result_truncated.as_ref().is_some_and(Flag::is_raised) {
            return Err(self.partial("the service truncated the result").into());
        }
        if page.data.len() > ROWS_ON_A_PAGE {
            return Err(self.partial("a page has more rows than requested").into());
        }
        if *self.total.get_or_insert(page.total_records) != page.total_records {
            return Err(Broken::Moved);
        }
        self.redactor = answer.redactor().clone();
        for row in &page.data {
            self.rows += 1;
            self.row(row.get())?;
        }
        let token = page.skip_token.filter(|token| !token.is_empty());
        if token.is_some() && page.data.is_empty() {
            return Err(self.partial("a page before the last one is empty").into());
        }
        Ok(token)
    }

    fn row(&mut self, row: &str) -> std::result::Result<(), Broken> {
        let path = match serde_json::from_str::<Row>(row) {
            // A store path may be a bare name, which does not locate the vault.
            Ok(Row { id }) if id.starts_with('/') => id.parse::<StorePath>(),
            Ok(Row { id }) => Err(InvalidValue::new("vault's id", &id, "the id of a resource")),
            Err(_) => Err(InvalidValue::new("row", "", "an object with an id")),
        };
        match path {
            Ok(path) => {
                if !self.ids.insert(fingerprint(path.to_string().to_ascii_lowercase())) {
                    // A duplicate means that another row is missing.
                    return Err(Broken::Moved);
                }
                self.stores.push(path);
            }
            Err(invalid) => self.unreadable = Some(self.redactor.line(&invalid.to_string())),
        }
        Ok(())
    }

    fn partial(&self, why: &str) -> Error {
        partial(self.operation, why)
    }
}

fn partial(operation: &str, why: &str) -> Error {
    Error::new(ErrorKind::Protocol, operation, format!("the response is incomplete: {why}"))
}

/// Paging needs the ID and a stable order.
const QUERY: &str =
    "resources | where type =~ 'microsoft.keyvault/vaults' | project id | order by id asc";
/// The service's maximum.
const ROWS_ON_A_PAGE: usize = 1000;
/// A row has about 200 bytes.
const PAGE_BYTES: usize = 2 << 20;
const MOST_ROWS: usize = 500_000;
/// How often the query is restarted before the result counts as partial.
const READINGS: usize = 3;

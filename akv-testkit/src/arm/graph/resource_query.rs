//! A query of Resource Graph: its permissions and its answer.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::arm::Call;
use crate::arm::Resources;
use crate::arm::graph::asked::{Asked, Format, Options};
use crate::arm::graph::query::{Failure, Query};
use crate::arm::graph::quota::Quotas;
use crate::arm::graph::table::Table;
use crate::arm::vault::resource_id;
use crate::entra::Claims;
use crate::exchange::Response;
use crate::operation::Operation;
use crate::permission::Subject;

/// The state of Resource Graph itself.
#[derive(Debug, Default)]
pub(in crate::arm) struct Graph {
    quotas: Quotas,
    /// Vaults, by lower-case name, with the time when Resource Graph learns of them.
    unseen: BTreeMap<String, OffsetDateTime>,
}

impl Graph {
    /// Hides a new vault until that time.
    pub(in crate::arm) fn see_later(&mut self, vault: &str, at: OffsetDateTime) {
        self.unseen.insert(vault.to_owned(), at);
    }
}

/// The start and the size of the next page: opaque to clients.
#[derive(Default, Serialize, Deserialize)]
struct SkipToken {
    offset: usize,
    size: Option<usize>,
}

impl Call<'_> {
    pub(in crate::arm) fn query(&self, resources: &mut Resources<'_>, claims: &Claims) -> Response {
        resources.arm.graph.unseen.retain(|_, at| *at > self.now);
        let quota = resources.arm.graph.quotas.take(&claims.oid, self.now);
        let answer = if quota.granted {
            self.queried(resources, claims).unwrap_or_else(|refusal| refusal)
        } else {
            let message = "Client application has been throttled and should not attempt to repeat \
                           the request until an amount of time has elapsed.";
            error(429, "RateLimiting", &[detail("RateLimiting", message)], self.now)
        };
        answer
            .with_header("x-ms-user-quota-remaining", quota.remaining.to_string())
            .with_header("x-ms-user-quota-resets-after", quota.resets_after_text())
    }

    fn queried(
        &self,
        resources: &mut Resources<'_>,
        claims: &Claims,
    ) -> Result<Response, Response> {
        let version = self.request.find_query("api-version").unwrap_or_default();
        // Older versions of the interface return a table.
        let usual = if version == "2020-04-01-preview" || version < "2020" {
            Format::Table
        } else {
            Format::ObjectArray
        };
        let asked = Asked::read(self.request.bytes(), usual)
            .map_err(|wrong| self.bad_request("InvalidRequest", &wrong))?;
        let (offset, size) = self.place(&asked.options)?;
        if asked.query.len() > LONGEST_QUERY {
            return Err(self.bad_request("InvalidQuery", "the query is longer than 16 KiB"));
        }
        let query = Query::read(&asked.query).map_err(|failure| self.not_understood(failure))?;
        let scope = self.scope_of(resources, claims, &asked.subscriptions)?;
        let table = Table::new(&COLUMNS, self.rows(resources, &scope));
        let table = table.run(&query).map_err(|failure| self.not_understood(failure))?;

        let total = table.len();
        let can_be_paged = table.has_column("id") && !query.takes_a_part();
        let page = table.page(offset, size);
        let (count, end) = (page.len(), offset.saturating_add(page.len()));
        let rest_is_left = end < total && count > 0;
        let data = match asked.options.format {
            Format::Table => page.into_columns_and_rows(),
            Format::ObjectArray => page.into_objects(),
        };
        let mut body = json!({
            "totalRecords": total,
            "count": count,
            "data": data,
            "facets": [],
            "resultTruncated": if rest_is_left && !can_be_paged { "true" } else { "false" },
        });
        if let (true, Some(body)) = (rest_is_left && can_be_paged, body.as_object_mut()) {
            let token = SkipToken { offset: end, size: Some(size) };
            let token = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default());
            body.insert("$skipToken".to_owned(), json!(token));
        }
        Ok(Response::json(200, &body))
    }

    /// The first row and the number of rows. The options take precedence over the token.
    fn place(&self, options: &Options) -> Result<(usize, usize), Response> {
        let wrong = |what: &str| self.bad_request("InvalidRequest", what);
        let token = match &options.skip_token {
            None => SkipToken::default(),
            Some(token) => URL_SAFE_NO_PAD
                .decode(token)
                .ok()
                .and_then(|json| serde_json::from_slice(&json).ok())
                .ok_or_else(|| wrong("$skipToken is not one of this service"))?,
        };
        match options.top.or(token.size).unwrap_or(LARGEST_PAGE) {
            size @ 1..=LARGEST_PAGE => Ok((options.skip.unwrap_or(token.offset), size)),
            _ => Err(wrong("$top must be 1 to 1000")),
        }
    }

    /// The lower-case IDs of the searched subscriptions: the requested ones, or all, as far as the
    /// caller can read them. Others are skipped silently, as in the service.
    fn scope_of(
        &self,
        resources: &mut Resources<'_>,
        claims: &Claims,
        asked: &[String],
    ) -> Result<BTreeSet<String>, Response> {
        let known = &resources.arm.subscriptions;
        let keys: BTreeSet<String> = asked.iter().map(|id| id.to_ascii_lowercase()).collect();
        let is_one = |id: &String| known.contains_key(id) || uuid::Uuid::parse_str(id).is_ok();
        if let Some(wrong) = keys.iter().find(|id| !is_one(id)) {
            let message = format!("Subscription '{wrong}' is not a valid GUID.");
            return Err(self.bad_request("SubscriptionsContainInvalidGuids", &message));
        }
        let readable: BTreeSet<String> = known
            .iter()
            .filter(|(key, subscription)| {
                (keys.is_empty() || keys.contains(*key))
                    && subscription.tenant.eq_ignore_ascii_case(self.tenant)
                    && !["Disabled", "Deleted"].contains(&subscription.state.as_str())
                    && resources
                        .permissions
                        .check(Subject {
                            operation: Operation::QueryResources,
                            principal: &claims.appid,
                            vault: None,
                            name: None,
                            subscription: Some(key),
                        })
                        .is_none()
            })
            .map(|(key, _)| key.clone())
            .collect();
        if readable.is_empty() {
            let message = format!(
                "There must be at least one subscription that is eligible to contain resources. \
                 Given: '{}'.",
                asked.join(", ")
            );
            return Err(self.bad_request("NoValidSubscriptionsInQueryRequest", &message));
        }
        Ok(readable)
    }

    fn rows(&self, resources: &Resources<'_>, scope: &BTreeSet<String>) -> Vec<Vec<Value>> {
        let is_seen = |key: &String| !resources.arm.graph.unseen.contains_key(key);
        let vaults = resources.vaults.iter().filter(|(key, vault)| {
            is_seen(key) && scope.contains(&vault.subscription.to_ascii_lowercase())
        });
        let row = |vault| {
            let json = self.vault_json(vault);
            COLUMNS
                .iter()
                .map(|column| match *column {
                    "id" => json!(resource_id(vault)),
                    // Resource Graph writes types in lower case.
                    "type" => json!("microsoft.keyvault/vaults"),
                    "tenantId" => json!(vault.tenant),
                    "subscriptionId" => json!(vault.subscription),
                    "resourceGroup" => json!(vault.group),
                    "kind" | "managedBy" => json!(""),
                    other => json.get(other).cloned().unwrap_or_default(),
                })
                .collect()
        };
        vaults.map(|(_, vault)| row(vault)).collect()
    }

    fn bad_request(&self, code: &str, message: &str) -> Response {
        error(400, "BadRequest", &[detail(code, message)], self.now)
    }

    /// In the form that users report.
    fn not_understood(&self, failure: Failure) -> Response {
        let Failure { code, token } = failure;
        let shown = if token.text.is_empty() { "the end".to_owned() } else { token.text };
        let what = json!({
            "code": code,
            "message": format!("{code}: the fake Resource Graph does not understand {shown:?}"),
            "line": token.line,
            "characterPositionInLine": token.column,
            "token": shown,
        });
        let message = "Query is invalid. Please refer to the documentation for the Azure Resource \
                       Graph service and fix the error before retrying.";
        error(400, "BadRequest", &[detail("InvalidQuery", message), what], self.now)
    }
}

/// 403 for a principal that may not query at all.
pub(in crate::arm) fn access_denied(now: OffsetDateTime) -> Response {
    let message =
        "Access is denied to the requested resource. The user might not have enough permission.";
    error(403, "AccessDenied", &[detail("AccessDenied", message)], now)
}

fn detail(code: &str, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

/// Resource Graph's error: the details contain the cause.
fn error(status: u16, code: &str, details: &[Value], now: OffsetDateTime) -> Response {
    let message = format!(
        "Please provide below info when asking for support: timestamp = {}, correlationId = {}.",
        now.format(&Rfc3339).unwrap_or_default(),
        uuid::Uuid::new_v4(),
    );
    let body = json!({ "error": { "code": code, "message": message, "details": details } });
    Response::json(status, &body).with_code(code)
}

/// The columns of the table `resources`.
const COLUMNS: [&str; 16] = [
    "id",
    "name",
    "type",
    "tenantId",
    "kind",
    "location",
    "resourceGroup",
    "subscriptionId",
    "managedBy",
    "sku",
    "plan",
    "properties",
    "tags",
    "identity",
    "zones",
    "extendedLocation",
];

const LARGEST_PAGE: usize = 1000;

/// The service's limit is unknown; this is far more than any supported query.
const LONGEST_QUERY: usize = 16 * 1024;

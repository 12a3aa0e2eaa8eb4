//! Resource Graph: finding vaults by a query.

use std::time::Duration;

use akv_testkit::{DenyRule, FakeCloud, FakeCloudBuilder, Fault, Operation, Response};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Caller, PUBLIC};

const MANAGER: &str = "https://management.azure.com";
const SECOND: &str = "5b5c41b7-0000-4000-8000-000000000002";
const FOREIGN: &str = "5b5c41b7-0000-4000-8000-0000000000ff";
const OTHER_TENANT: &str = "7e4a47e4-0000-4000-8000-000000000002";
const ALL: &str = "resources | where type =~ 'Microsoft.KeyVault/vaults' | project id, name";

struct Graph {
    cloud: FakeCloud,
    caller: Caller,
}

impl Graph {
    fn start(builder: FakeCloudBuilder) -> Self {
        let cloud = builder.start();
        let caller = Caller::with_audience(&cloud, PUBLIC.0, MANAGER);
        Self { cloud, caller }
    }

    fn ask(&self, body: &Value) -> Response {
        let path = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
        self.caller.send("POST", &format!("{MANAGER}{path}"), Some(body))
    }

    fn query(&self, query: &str) -> Value {
        // Every query begins with a fresh quota, which these tests do not cover.
        self.cloud.clock().advance(Duration::from_secs(5));
        let answer = self.ask(&json!({ "query": query }));
        assert_eq!(answer.status(), 200, "{query}: {}", answer.body_json());
        answer.body_json()
    }

    /// `error.code`, and the code and the token of the last detail.
    fn refusal(&self, body: &Value) -> (u16, String, String, String) {
        self.cloud.clock().advance(Duration::from_secs(5));
        let answer = self.ask(body);
        let error = answer.body_json()["error"].clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let last = error["details"].as_array().and_then(|d| d.last().cloned()).unwrap_or_default();
        (answer.status(), text(&error["code"]), text(&last["code"]), text(&last["token"]))
    }
}

fn many(count: usize) -> FakeCloudBuilder {
    (0..count).fold(FakeCloud::builder(), |builder, n| builder.vault(&format!("vault-{n:04}")))
}

fn names(answer: &Value) -> Vec<&str> {
    let rows = answer["data"].as_array().expect("rows");
    rows.iter().map(|row| row["name"].as_str().expect("a name")).collect()
}

#[test]
fn a_vault_is_found_with_its_address() {
    let graph = Graph::start(
        FakeCloud::builder()
            .vault("contoso")
            .vault_with("older", |vault| vault.location("northeurope").purge_protection()),
    );
    let found = graph.query(
        "Resources\n| where type == 'microsoft.keyvault/vaults' and location =~ 'WESTEUROPE'\n\
         | project id, name, resourceGroup, address = properties.vaultUri, properties.sku.name",
    );
    let id = format!(
        "/subscriptions/{}/resourceGroups/certificates/providers/Microsoft.KeyVault/vaults/contoso",
        graph.cloud.subscription_id()
    );
    let row = json!({
        "id": id,
        "name": "contoso",
        "resourceGroup": "certificates",
        "address": "https://contoso.vault.azure.net/",
        "properties_sku_name": "standard",
    });
    assert_eq!(found["data"], json!([row]));
    assert_eq!((&found["totalRecords"], &found["count"]), (&json!(1), &json!(1)));
    assert_eq!(found["resultTruncated"], "false");

    let names_of = |query: &str| -> Vec<String> {
        names(&graph.query(query)).into_iter().map(str::to_owned).collect()
    };
    for (query, expected) in [
        ("resources", vec!["contoso", "older"]),
        ("resources | order by name", vec!["older", "contoso"]),
        ("sort by name asc", vec!["contoso", "older"]),
        ("resources | order by type asc, name desc | limit 1", vec!["older"]),
        ("where properties.enablePurgeProtection == true", vec!["older"]),
        ("where properties.softDeleteRetentionInDays != 90", vec![]),
        ("where properties.softDeleteRetentionInDays == 90 | take 1", vec!["contoso"]),
        ("where name == 'x' or name == 'Contoso' or name =~ \"CONTOSO\"", vec!["contoso"]),
        ("where name == 'x' and name == 'x' or name == 'older'", vec!["older"]),
        ("where name !~ 'OLDER'", vec!["contoso"]),
        ("where name == 'it\\'s'", vec![]),
        ("where type =~ 'microsoft.compute/virtualmachines'", vec![]),
        ("where properties.absent.deeper == 'x'", vec![]),
    ] {
        assert_eq!(names_of(query), expected, "{query}");
    }
    let counted = graph.query("resources | where type =~ 'microsoft.keyvault/vaults' | count");
    assert_eq!(counted["data"], json!([{ "Count": 2 }]));
}

#[test]
fn unknown_setting_is_named_with_its_place() {
    let graph = Graph::start(FakeCloud::builder().vault("contoso"));
    for (query, code, token) in [
        ("resources | summarize count() by location", "InvalidQueryLanguage", "summarize"),
        ("resources | where name contains 'a'", "ParserFailure", "contains"),
        ("resources | where (name == 'a')", "ParserFailure", "("),
        ("resources | where name == 'a", "ParserFailure", "'"),
        ("resources | where name = 'a'", "ParserFailure", "="),
        ("resources | project tostring(name)", "ParserFailure", "("),
        ("resources | order name", "ParserFailure", "name"),
        ("resources | take many", "ParserFailure", "many"),
        ("resources | take 99999999999999999999999", "ParserFailure", "99999999999999999999999"),
        ("resources |", "ParserFailure", "the end"),
        ("", "ParserFailure", "the end"),
        ("advisorresources | project id", "DisallowedLogicalTableName", "advisorresources"),
        ("nonsense at all", "InvalidQueryLanguage", "nonsense"),
        ("resources | project id | where name == 'a'", "InvalidColumnName", "name"),
        ("resources | project a = id, a = name", "InvalidColumnName", "a"),
        ("resources | project id, name, id", "InvalidColumnName", "id"),
        ("project sku.name, sku_name = id", "InvalidColumnName", "sku_name"),
    ] {
        let expected = (400, "BadRequest".to_owned(), code.to_owned(), token.to_owned());
        assert_eq!(graph.refusal(&json!({ "query": query })), expected, "{query}");
    }
    let answer = graph.ask(&json!({ "query": "resources\n| where ?" })).body_json();
    assert_eq!(answer["error"]["details"][0]["code"], "InvalidQuery");
    let place = &answer["error"]["details"][1];
    assert_eq!((&place["line"], &place["characterPositionInLine"]), (&json!(2), &json!(8)));

    for body in [
        json!({}),
        json!({ "query": 5 }),
        json!({ "query": ALL, "subscriptions": "all" }),
        json!({ "query": ALL, "facets": [{ "expression": "location" }] }),
        json!({ "query": ALL, "options": { "$top": 0 } }),
        json!({ "query": ALL, "options": { "$top": 1001 } }),
        json!({ "query": ALL, "options": { "$skip": -1 } }),
        json!({ "query": ALL, "options": { "$skipToken": "%" } }),
        json!({ "query": ALL, "options": { "resultFormat": "csv" } }),
        json!({ "query": ALL, "options": { "resultFormat": { "table": null } } }),
        json!({ "query": ALL, "options": [] }),
        json!({ "query": ALL, "managementGroups": ["one"] }),
        json!([ALL]),
        json!([ALL, [], [], [], {}]),
        json!(ALL),
    ] {
        assert_eq!(graph.refusal(&body).2, "InvalidRequest", "{body}");
        let shown = graph.ask(&body).body_json()["error"]["details"][0]["message"].to_string();
        for internal in ["struct", "usize", "sequence", "Asked", "Options"] {
            assert!(!shown.contains(internal), "{body}: {shown}");
        }
    }
    let long = format!("{ALL} | where name == '{}'", "x".repeat(20_000));
    assert_eq!(graph.refusal(&json!({ "query": long })).2, "InvalidQuery");
}

#[test]
fn it_has_versions_of_its_own() {
    let graph = Graph::start(FakeCloud::builder().vault("contoso"));
    let ask = |version: &str| {
        let path = format!("{MANAGER}/providers/Microsoft.ResourceGraph/resources{version}");
        let answer = graph.caller.send("POST", &path, Some(&json!({ "query": ALL })));
        let error = answer.body_json()["error"].clone();
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (answer.status(), text("code"), text("message"))
    };
    for version in ["2019-04-01", "2021-03-01", "2024-04-01", "2018-09-01-preview"] {
        assert_eq!(ask(&format!("?api-version={version}")).0, 200, "{version}");
    }
    for version in ["2015-01-01", "2026-02-01", "2021-03-01-preview", "latest"] {
        let (status, code, message) = ask(&format!("?api-version={version}"));
        assert_eq!((status, code.as_str()), (400, "InvalidApiVersionParameter"), "{version}");
        assert!(message.contains("2022-10-01") && !message.contains("2016-10-01"), "{message}");
    }
    assert_eq!(ask("").1, "MissingApiVersionParameter");
}

#[test]
fn pages_are_followed_by_their_token() {
    let graph = Graph::start(many(1005));
    let first = graph.query(ALL);
    assert_eq!((&first["totalRecords"], &first["count"]), (&json!(1005), &json!(1000)));
    assert_eq!(first["resultTruncated"], "false");

    let mut options = json!({ "$top": 400, "$skip": 2, "resultFormat": "objectArray" });
    let mut seen = Vec::new();
    loop {
        let answer = graph.ask(&json!({ "query": ALL, "options": options })).body_json();
        seen.extend(names(&answer).into_iter().map(str::to_owned));
        let Some(token) = answer["$skipToken"].as_str() else { break };
        options = json!({ "$skipToken": token });
    }
    assert_eq!(seen.len(), 1003);
    assert_eq!(seen.first().map(String::as_str), Some("vault-0002"));
    assert!(seen.is_sorted());

    // Without the ID, or with a limit, there are no further pages, and only a flag says so.
    for query in ["resources | project name", "resources | take 1001"] {
        let answer = graph.query(query);
        assert_eq!(answer["resultTruncated"], "true", "{query}");
        assert_eq!(answer["$skipToken"], Value::Null);
    }
    let beyond = json!({ "query": ALL, "options": { "$skip": u64::MAX } });
    assert_eq!(graph.ask(&beyond).body_json()["count"], 0);
}

#[test]
fn a_table_has_columns_and_rows() {
    let graph = Graph::start(FakeCloud::builder().vault("contoso"));
    let query = "resources | project name, properties.softDeleteRetentionInDays, tags";
    let options = json!({ "resultFormat": "table" });
    let body = json!({ "query": query, "options": options, "subscriptions": null });
    let answer = graph.ask(&body).body_json();
    let columns = json!([
        { "name": "name", "type": "string" },
        { "name": "properties_softDeleteRetentionInDays", "type": "integer" },
        { "name": "tags", "type": "object" },
    ]);
    assert_eq!(answer["data"], json!({ "columns": columns, "rows": [["contoso", 90, {}]] }));
}

#[test]
fn only_subscriptions_that_can_be_read_are_looked_into() {
    let builder = FakeCloud::builder()
        .tenant(OTHER_TENANT)
        .subscription(SECOND)
        .subscription_in(OTHER_TENANT, FOREIGN, "Enabled")
        .subscription_in("7e4a47e4-0000-4000-8000-000000000001", "disabled-one", "Disabled")
        .vault("first")
        .vault_with("second", |vault| vault.placed(SECOND, "group"))
        .vault_with("foreign", |vault| vault.placed(FOREIGN, "group"))
        .vault_with("disabled", |vault| vault.placed("disabled-one", "group"));
    let graph = Graph::start(builder);
    assert_eq!(names(&graph.query(ALL)), ["first", "second"]);
    let of = |ids: &[&str]| graph.ask(&json!({ "query": ALL, "subscriptions": ids })).body_json();
    assert_eq!(names(&of(&[SECOND])), ["second"]);
    assert_eq!(names(&of(&[&SECOND.to_ascii_uppercase(), FOREIGN])), ["second"], "without a word");
    let refused = |ids: &[&str]| graph.refusal(&json!({ "query": ALL, "subscriptions": ids })).2;
    for ids in [[FOREIGN], ["disabled-one"], ["5b5c41b7-0000-4000-8000-0000000000ee"]] {
        assert_eq!(refused(&ids), "NoValidSubscriptionsInQueryRequest", "{ids:?}");
    }
    assert_eq!(refused(&["mine"]), "SubscriptionsContainInvalidGuids");

    graph.cloud.deny(DenyRule::of(Operation::QueryResources).in_subscription(SECOND));
    assert_eq!(names(&graph.query(ALL)), ["first"]);
    graph.cloud.deny(Operation::QueryResources);
    let denied = graph.refusal(&json!({ "query": ALL }));
    assert_eq!((denied.0, denied.1.as_str()), (403, "AccessDenied"));
}

#[test]
fn fifteen_queries_in_five_seconds() {
    let graph = Graph::start(FakeCloud::builder().vault("contoso"));
    let ask = || graph.ask(&json!({ "query": ALL }));
    let quota = |answer: &Response| {
        let header = |name| answer.find_header(name).expect("a header").to_owned();
        (header("x-ms-user-quota-remaining"), header("x-ms-user-quota-resets-after"))
    };
    assert_eq!(quota(&ask()), ("14".to_owned(), "00:00:05".to_owned()));
    graph.cloud.clock().advance(Duration::from_millis(2500));
    for _ in 0..14 {
        assert_eq!(ask().status(), 200);
    }
    let refused = ask();
    assert_eq!((refused.status(), refused.find_header("retry-after")), (429, None));
    assert_eq!(refused.body_json()["error"]["code"], "RateLimiting");
    assert_eq!(quota(&refused), ("0".to_owned(), "00:00:03".to_owned()));
    graph.cloud.clock().advance(Duration::from_millis(2500));
    assert_eq!(quota(&ask()).0, "14");
    graph.cloud.fault(Fault::on(Operation::QueryResources).nth(1).status(503));
    assert_eq!(ask().status(), 503);
    assert_eq!(graph.cloud.journal().count(Operation::QueryResources), 18);
}

#[test]
fn a_new_vault_is_seen_late() {
    let builder = FakeCloud::builder().vault("there").graph_lags(Duration::from_secs(60));
    let graph = Graph::start(builder);
    let path = format!(
        "{MANAGER}/subscriptions/{}/resourceGroups/{}/providers/Microsoft.KeyVault/vaults/new\
         ?api-version=2026-02-01",
        graph.cloud.subscription_id(),
        graph.cloud.resource_group()
    );
    let vault = json!({ "location": "westeurope", "properties": {
        "tenantId": graph.cloud.tenant_id(),
        "sku": { "family": "A", "name": "standard" },
    } });
    assert_eq!(graph.caller.send("PUT", &path, Some(&vault)).status(), 200);
    assert_eq!(names(&graph.query(ALL)), ["there"]);
    graph.cloud.clock().advance(Duration::from_secs(60));
    assert_eq!(names(&graph.query(ALL)), ["new", "there"]);
}

#[test]
fn no_query_brings_it_down() {
    let graph = Graph::start(FakeCloud::builder().vault("contoso"));
    let piece = prop_oneof![
        Just("resources"),
        Just("|"),
        Just("where"),
        Just("and"),
        Just("project"),
        Just("order by"),
        Just("take"),
        Just("count"),
        Just("=="),
        Just("=~"),
        Just("="),
        Just(","),
        Just("."),
        Just("name"),
        Just("properties"),
        Just("'text'"),
        Just("'"),
        Just("\\"),
        Just("7"),
        Just("ä\u{0}\u{1F600}"),
    ];
    let of_pieces = proptest::collection::vec(piece, 0..14).prop_map(|words| words.join(" "));
    let query = prop_oneof![any::<String>(), of_pieces];
    let mut runner = proptest::test_runner::TestRunner::default();
    let result = runner.run(&(query, any::<bool>()), |(query, table)| {
        graph.cloud.clock().advance(Duration::from_secs(5));
        let format = if table { "table" } else { "objectArray" };
        let options = json!({ "resultFormat": format });
        let caller = Caller::with_audience(&graph.cloud, PUBLIC.0, MANAGER);
        let path = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
        let body = json!({ "query": query, "options": options });
        let answer = caller.send("POST", &format!("{MANAGER}{path}"), Some(&body));
        prop_assert!([200, 400].contains(&answer.status()), "{}", answer.status());
        Ok(())
    });
    assert!(result.is_ok(), "{result:?}");
}

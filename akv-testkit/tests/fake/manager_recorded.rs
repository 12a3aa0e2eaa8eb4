//! Vaults as in recordings of Resource Manager.

use std::time::Duration;

use akv_testkit::FakeCloud;
use serde_json::{Value, json};

use crate::support::{Caller, PUBLIC};

const MANAGER: &str = "https://management.azure.com";

fn caller(cloud: &FakeCloud) -> Caller {
    Caller::with_audience(cloud, PUBLIC.0, MANAGER)
}

fn send(caller: &Caller, method: &str, path: &str, body: Option<&Value>) -> akv_testkit::Response {
    let joint = if path.contains('?') { '&' } else { '?' };
    caller.send(method, &format!("{MANAGER}{path}{joint}api-version=2023-07-01"), body)
}

fn subscription(cloud: &FakeCloud) -> String {
    format!("/subscriptions/{}", cloud.subscription_id())
}

fn vault(cloud: &FakeCloud, name: &str) -> String {
    let (subscription, group) = (subscription(cloud), cloud.resource_group());
    format!("{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}")
}

fn wanted(cloud: &FakeCloud) -> Value {
    json!({
        "location": "westeurope",
        "properties": {
            "tenantId": cloud.tenant_id(),
            "sku": { "family": "A", "name": "standard" },
            "accessPolicies": [],
        },
    })
}

#[test]
fn new_vault_is_reported_with_its_creator() {
    let cloud = FakeCloud::builder().start();
    let caller = caller(&cloud);
    let made = send(&caller, "PUT", &vault(&cloud, "NewOne"), Some(&wanted(&cloud)));
    assert_eq!(made.status(), 200);
    let made = made.body_json();
    assert_eq!(made["properties"]["vaultUri"], "https://newone.vault.azure.net");
    assert_eq!(made["systemData"]["createdBy"], cloud.client_id());
    assert_eq!(made["systemData"]["lastModifiedBy"], cloud.client_id());
    let got = send(&caller, "GET", &vault(&cloud, "NewOne"), None).body_json();
    assert_eq!(got["properties"]["vaultUri"], "https://newone.vault.azure.net/");
}

#[test]
fn a_purge_can_be_followed_to_its_end() {
    let cloud = FakeCloud::builder().vault("gone").purge_takes(Duration::from_secs(30)).start();
    let caller = caller(&cloud);
    assert_eq!(send(&caller, "DELETE", &vault(&cloud, "gone"), None).status(), 200);
    let list = format!("{}/providers/Microsoft.KeyVault/deletedVaults", subscription(&cloud));
    let deleted = send(&caller, "GET", &list, None).body_json();
    assert_eq!(deleted["value"][0]["properties"].get("purgeProtectionEnabled"), None);
    let id = deleted["value"][0]["id"].as_str().expect("an id").to_owned();
    let answer = send(&caller, "POST", &format!("{id}/purge"), None);
    let location = answer.find_header("location").expect("a location").to_owned();
    assert_eq!(answer.status(), 202);
    assert!(location.contains("/operationResults/"), "{location}");
    assert_eq!(caller.send("GET", &location, None).status(), 202);
    cloud.clock().advance(Duration::from_secs(30));
    assert_eq!(caller.send("GET", &location, None).status(), 200);
    let other = location.replace("/operationResults/", "/operationResults/x");
    assert_eq!(caller.send("GET", &other, None).status(), 404);
}

#[test]
fn access_policies_are_added_replaced_and_removed() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let caller = caller(&cloud);
    let policy =
        |id: &str| json!({ "tenantId": cloud.tenant_id(), "objectId": id, "permissions": {} });
    let change = |kind: &str, policies: &[Value]| {
        let path = format!("{}/accessPolicies/{kind}", vault(&cloud, "contoso"));
        let body = json!({ "properties": { "accessPolicies": policies } });
        let answer = send(&caller, "PUT", &path, Some(&body));
        assert_eq!(answer.status(), 200, "{}", answer.body_json());
        let got = send(&caller, "GET", &vault(&cloud, "contoso"), None).body_json();
        let shown = answer.body_json()["properties"]["accessPolicies"].clone();
        assert_eq!(shown, got["properties"]["accessPolicies"]);
        shown.as_array().expect("a list").len()
    };
    assert_eq!(change("add", &[policy("a"), policy("b")]), 2);
    assert_eq!(change("add", &[policy("a")]), 2, "of the same principal there is one");
    assert_eq!(change("remove", &[policy("b")]), 1);
    assert_eq!(change("replace", &[policy("c")]), 1);
    let path = format!("{}/accessPolicies/add", vault(&cloud, "contoso"));
    assert_eq!(send(&caller, "PUT", &path, Some(&json!({}))).status(), 400);
    let path = format!("{}/accessPolicies/add", vault(&cloud, "nobody"));
    let body = json!({ "properties": { "accessPolicies": [] } });
    assert_eq!(send(&caller, "PUT", &path, Some(&body)).status(), 404);
}

#[test]
fn after_a_full_page_of_vaults_there_is_an_empty_one() {
    let cloud = FakeCloud::builder().vault("one").vault("two").start();
    let caller = caller(&cloud);
    let list = format!("{}/providers/Microsoft.KeyVault/vaults?$top=2", subscription(&cloud));
    let first = send(&caller, "GET", &list, None).body_json();
    assert_eq!(first["value"].as_array().map(Vec::len), Some(2));
    let next = first["nextLink"].as_str().expect("a link");
    let empty = caller.send("GET", next, None).body_json();
    assert_eq!((&empty["value"], empty.get("nextLink")), (&json!([]), None));
    let list = send(&caller, "GET", "/subscriptions", None).body_json();
    assert_eq!(list["count"], json!({ "type": "Total", "value": 1 }));
}

#[test]
fn an_older_resource_graph_answers_with_a_table() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let caller = caller(&cloud);
    let ask = |version: &str, body: &Value| {
        let path = "/providers/Microsoft.ResourceGraph/resources";
        let url = format!("{MANAGER}{path}?api-version={version}");
        caller.send("POST", &url, Some(body)).body_json()["data"].clone()
    };
    let query = json!({ "query": "resources" });
    assert!(ask("2020-04-01-preview", &query)["columns"].is_array());
    assert!(ask("2021-03-01", &query).is_array());
    let list = json!({ "query": "resources", "options": { "resultFormat": "objectArray" } });
    assert!(ask("2020-04-01-preview", &list).is_array());
}

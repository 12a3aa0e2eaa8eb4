//! Resource Manager through `FakeCloud::handle`.

use std::time::Duration;

use crate::support::{Caller, PUBLIC, codes};
use akv_testkit::{Delivery, DenyRule, FakeCloud, Operation};
use serde_json::{Value, json};

const MANAGER: &str = "https://management.azure.com";
const SECOND_TENANT: &str = "7e4a47e4-0000-4000-8000-000000000002";

struct Manager {
    caller: Caller,
    group: String,
}

fn manager(cloud: &FakeCloud) -> Manager {
    let group = format!(
        "/subscriptions/{}/resourceGroups/{}",
        cloud.subscription_id(),
        cloud.resource_group()
    );
    Manager { caller: Caller::with_audience(cloud, PUBLIC.0, MANAGER), group }
}

impl Manager {
    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> akv_testkit::Response {
        let joint = if path.contains('?') { '&' } else { '?' };
        self.caller.send(method, &format!("{MANAGER}{path}{joint}api-version=2026-02-01"), body)
    }

    fn vault(&self, method: &str, name: &str, body: Option<&Value>) -> akv_testkit::Response {
        let path = format!("{}/providers/Microsoft.KeyVault/vaults/{name}", self.group);
        self.send(method, &path, body)
    }
}

fn body(cloud: &FakeCloud) -> Value {
    json!({
        "location": "West Europe",
        "tags": { "owner": "pki" },
        "properties": {
            "tenantId": cloud.tenant_id(),
            "sku": { "family": "A", "name": "premium" },
            "accessPolicies": [],
        },
    })
}

#[test]
fn created_vault_answers_after_its_delay() {
    let cloud = FakeCloud::builder().creation_takes(Duration::from_secs(30)).start();
    let manager = manager(&cloud);
    assert_eq!(codes(&manager.vault("GET", "made", None)).1, "ResourceNotFound");
    let made = manager.vault("PUT", "made", Some(&body(&cloud)));
    assert_eq!(made.status(), 200, "{}", made.body_json());
    let properties = &made.body_json()["properties"];
    assert_eq!(properties["provisioningState"], "RegisteringDns");
    assert_eq!(properties["enableRbacAuthorization"], json!(true));
    assert_eq!(properties["vaultUri"], "https://made.vault.azure.net");
    assert_eq!(made.body_json()["location"], "westeurope");

    let caller = Caller::of_vaults(&cloud);
    let url = "https://made.vault.azure.net/certificates?api-version=7.4";
    assert_eq!(*caller.send("GET", url, None).delivery(), Delivery::Unreachable);
    cloud.clock().advance(Duration::from_secs(30));
    let state = manager.vault("GET", "MADE", None).body_json();
    assert_eq!(state["properties"]["provisioningState"], "Succeeded");
    assert_eq!(caller.send("GET", url, None).status(), 200);
    // A PUT on an existing vault replaces its settings.
    cloud.vault("made").seed(1);
    assert_eq!(manager.vault("PUT", "made", Some(&body(&cloud))).status(), 200);
    assert_eq!(cloud.vault("made").names().len(), 1);
}

#[test]
fn unsupported_request_is_reported_by_its_code() {
    let cloud = FakeCloud::builder()
        .tenant(SECOND_TENANT)
        .subscription("5b5c41b7-0000-4000-8000-000000000002")
        .vault_with("taken", |vault| vault.placed("5b5c41b7-0000-4000-8000-000000000002", "other"))
        .start();
    let manager = manager(&cloud);
    let with = |pointer: &str, value: Value| {
        let mut body = body(&cloud);
        if let Some(place) = body.pointer_mut(pointer) {
            *place = value;
        }
        body
    };
    let add = |name: &str, value: Value| {
        let mut body = body(&cloud);
        body["properties"][name] = value;
        body
    };
    for (name, body, status, code) in [
        ("a--b", body(&cloud), 400, "VaultNameNotValid"),
        ("taken", body(&cloud), 409, "VaultAlreadyExists"),
        ("new", with("/location", json!("mars")), 400, "RegionNotSupported"),
        ("new", with("/properties/sku", json!({})), 400, "SkuNotSupported"),
        ("new", with("/properties/tenantId", json!("x")), 400, "BadRequest"),
        ("new", add("enablePurgeProtection", json!(false)), 400, "BadRequest"),
        ("new", add("softDeleteRetentionInDays", json!(6)), 400, "BadRequest"),
        ("new", add("publicNetworkAccess", json!("")), 400, "BadRequest"),
        ("new", add("enableRbacAuthorization", json!("no")), 400, "InvalidRequestContent"),
        ("new", add("accessPolicies", json!(vec![json!({}); 1025])), 400, "BadRequest"),
        ("new", add("networkAcls", json!({ "ipRules": vec![0; 1001] })), 400, "BadRequest"),
        ("new", json!("no object"), 400, "InvalidRequestContent"),
    ] {
        let answer = manager.vault("PUT", name, Some(&body));
        assert_eq!(codes(&answer), (status, code.into(), String::new()), "{body}");
    }
    let mut old = body(&cloud);
    if let Some(properties) = old["properties"].as_object_mut() {
        properties.remove("accessPolicies");
    }
    let path = format!("{}/providers/Microsoft.KeyVault/vaults/new", manager.group);
    let url = format!("{MANAGER}{path}?api-version=2023-07-01");
    assert_eq!(codes(&manager.caller.send("PUT", &url, Some(&old))).1, "BadRequest");
    let missing = manager.group.replace("certificates", "absent");
    let path = format!("{missing}/providers/Microsoft.KeyVault/vaults/new");
    let answer = manager.send("PUT", &path, Some(&body(&cloud)));
    assert_eq!(codes(&answer).1, "ResourceGroupNotFound");
    let answer = manager.send("GET", "/subscriptions/nowhere/resourcegroups", None);
    assert_eq!(codes(&answer).1, "SubscriptionNotFound");
}

#[test]
fn a_deleted_vault_holds_its_name() {
    let cloud = FakeCloud::builder().vault("gone").start();
    let manager = manager(&cloud);
    assert_eq!(manager.vault("DELETE", "gone", None).status(), 200);
    assert_eq!(manager.vault("DELETE", "gone", None).status(), 204);
    assert_eq!(codes(&manager.vault("PUT", "gone", Some(&body(&cloud)))).1, "ConflictError");
    let subscription = format!("/subscriptions/{}", cloud.subscription_id());
    let provider = format!("{subscription}/providers/Microsoft.KeyVault");
    let deleted = manager.send("GET", &format!("{provider}/deletedVaults"), None).body_json();
    assert_eq!(deleted["value"][0]["name"], "gone");
    let check = json!({ "name": "gone", "type": "Microsoft.KeyVault/vaults" });
    let path = format!("{provider}/checkNameAvailability");
    let answer = manager.send("POST", &path, Some(&check)).body_json();
    assert_eq!(
        (&answer["nameAvailable"], &answer["reason"]),
        (&json!(false), &json!("AlreadyExists"))
    );
    let mut recover = body(&cloud);
    recover["properties"]["createMode"] = json!("recover");
    assert_eq!(manager.vault("PUT", "gone", Some(&recover)).status(), 200);
    manager.vault("DELETE", "gone", None);
    let path = format!("{provider}/locations/westeurope/deletedVaults/gone");
    assert_eq!(manager.send("GET", &path, None).status(), 200);
    assert_eq!(manager.send("POST", &format!("{path}/purge"), None).status(), 202);
    assert_eq!(manager.vault("PUT", "gone", Some(&body(&cloud))).status(), 200);
}

#[test]
fn subscriptions_and_vaults_are_listed_by_tenant_and_page() {
    let other = "5b5c41b7-0000-4000-8000-0000000000ff";
    let mut builder = FakeCloud::builder()
        .tenant(SECOND_TENANT)
        .subscription_in(SECOND_TENANT, other, "Enabled")
        .subscription_in("7e4a47e4-0000-4000-8000-000000000001", "disabled-one", "Disabled")
        .vaults_on_a_page(2);
    for number in 0..5 {
        builder = builder.vault(&format!("vault-{number}"));
    }
    let cloud = builder.start();
    let manager = manager(&cloud);
    let listed = manager.send("GET", "/subscriptions", None).body_json();
    let states: Vec<_> = listed["value"]
        .as_array()
        .expect("subscriptions")
        .iter()
        .map(|s| s["state"].as_str().expect("a state").to_owned())
        .collect();
    assert_eq!(states, ["Enabled", "Disabled"], "the other tenant's is not among them");
    let foreign = manager.send("GET", &format!("/subscriptions/{other}"), None);
    assert_eq!(codes(&foreign).1, "InvalidAuthenticationTokenTenant");
    let tenants = manager.send("GET", "/tenants", None).body_json();
    assert_eq!(tenants["value"].as_array().map(Vec::len), Some(2));

    let subscription = format!("/subscriptions/{}", cloud.subscription_id());
    for path in ["providers/Microsoft.KeyVault/vaults", "resources"] {
        let mut next = format!(
            "{MANAGER}{subscription}/{path}?api-version=2023-07-01&$filter=resourceType%20eq%20%27Microsoft.KeyVault/vaults%27"
        );
        let mut names = Vec::new();
        loop {
            let page = manager.caller.send("GET", &next, None).body_json();
            for vault in page["value"].as_array().expect("vaults") {
                names.push(vault["name"].as_str().expect("a name").to_owned());
                assert_eq!(vault.get("properties").is_some(), path != "resources");
            }
            let Some(link) = page["nextLink"].as_str() else { break };
            link.clone_into(&mut next);
        }
        assert_eq!(names.len(), 5, "{path}");
    }
    let group = manager.send("GET", &manager.group, None).body_json();
    assert_eq!(group["location"], "westeurope");
    let places = manager.send("GET", &format!("{subscription}/locations"), None).body_json();
    assert!(places.to_string().contains("westeurope"));
}

#[test]
fn budgets_are_sent_in_headers_and_enforced() {
    let cloud = FakeCloud::builder().start();
    let manager = manager(&cloud);
    let path = format!("/subscriptions/{}", cloud.subscription_id());
    let first = manager.send("GET", &path, None);
    let header = "x-ms-ratelimit-remaining-subscription-reads";
    assert_eq!(first.find_header(header), Some("249"));
    let everybodys = "x-ms-ratelimit-remaining-subscription-global-reads";
    assert_eq!(first.find_header(everybodys), Some("3749"));
    for _ in 0..249 {
        assert_eq!(manager.send("GET", &path, None).status(), 200);
    }
    let refused = manager.send("GET", &path, None);
    assert_eq!(codes(&refused).1, "SubscriptionRequestsThrottled");
    assert_eq!(refused.find_header("retry-after"), Some("1"));
    cloud.clock().advance(Duration::from_secs(1));
    assert_eq!(manager.send("GET", &path, None).status(), 200);
}

#[test]
fn all_principals_together_have_fifteen_times_the_budget_of_one() {
    let id = |number: u32| format!("c11e4700-0000-4000-9000-{number:012}");
    let builder = (0..16).fold(FakeCloud::builder(), |builder, number| {
        builder.another_client(&id(number), "a secret")
    });
    let cloud = builder.start();
    let url = format!("{MANAGER}/subscriptions/{}?api-version=2022-12-01", cloud.subscription_id());
    for number in 0..16 {
        let caller = Caller::with_client(&cloud, (&id(number), "a secret"), MANAGER);
        let answers = (0..250).map(|_| caller.send("GET", &url, None).status());
        let expected = if number < 15 { 200 } else { 429 };
        assert!(answers.into_iter().all(|status| status == expected), "principal {number}");
    }
}

#[test]
fn one_subscription_can_be_denied_and_tokens_are_checked() {
    let cloud = FakeCloud::builder().subscription("5b5c41b7-0000-4000-8000-000000000002").start();
    let ours = manager(&cloud);
    let vaults = |id: &str| {
        let path = format!("/subscriptions/{id}/providers/Microsoft.KeyVault/vaults");
        codes(&ours.send("GET", &path, None))
    };
    cloud.deny(
        DenyRule::of(Operation::ListVaults).in_subscription("5b5c41b7-0000-4000-8000-000000000002"),
    );
    assert_eq!(vaults("5b5c41b7-0000-4000-8000-000000000002").1, "AuthorizationFailed");
    assert_eq!(vaults(&cloud.subscription_id()).0, 200);

    let wrong = Caller::of_vaults(&cloud);
    let url = format!("{MANAGER}/subscriptions?api-version=2022-12-01");
    let refused = wrong.send("GET", &url, None);
    assert_eq!(codes(&refused).1, "InvalidAuthenticationTokenAudience");
    assert!(refused.find_header("www-authenticate").is_some_and(|h| h.contains("invalid_token")));
    cloud.clock().advance(Duration::from_secs(4000));
    let refused = ours.caller.send("GET", &url, None);
    assert_eq!(codes(&refused).1, "ExpiredAuthenticationToken");
    let refused = manager(&cloud).caller.send("GET", &format!("{MANAGER}/subscriptions"), None);
    assert_eq!(codes(&refused).1, "MissingApiVersionParameter");
}

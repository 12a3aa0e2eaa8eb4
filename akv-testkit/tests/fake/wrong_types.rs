//! Members with a wrong type are rejected by name, not ignored.

use akv_testkit::FakeCloud;
use akv_testkit::pki::TestPki;
use serde_json::{Value, json};

use crate::support::{Caller, codes, import_body};

#[test]
fn wrong_type_is_rejected_by_its_name() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let caller = Caller::of_vaults(&cloud);
    let file = TestPki::new(cloud.clock().now()).leaf("a").issue().pfx();
    cloud.vault("contoso").import("web", &file, None).expect("a version");
    let creation = json!({ "policy": {
        "issuer": { "name": "Self" },
        "key_props": { "kty": "EC" },
        "x509_props": { "subject": "CN=a" },
    } });
    let importing = import_body(&file);
    let bodies = [
        ("PATCH", "/certificates/web", json!({})),
        ("POST", "/certificates/web/import", importing.clone()),
        ("POST", "/certificates/generated/create", creation),
    ];
    for (method, path, body) in bodies {
        for (member, wrong, named) in [
            ("attributes", json!({ "enabled": "no" }), "enabled"),
            ("attributes", json!({ "exp": "soon" }), "exp"),
            ("attributes", json!(5), "attributes"),
            ("tags", json!({ "a": 1 }), "tags"),
            ("policy", json!("none"), "policy"),
        ] {
            let mut body = body.clone();
            body[member] = wrong;
            assert_refused(&caller.vault(method, path, Some(&body)), named, path);
        }
    }
    for (member, wrong) in
        [("value", json!(7)), ("pwd", json!(7)), ("preserveCertOrder", json!("true"))]
    {
        let mut body = importing.clone();
        body[member] = wrong;
        assert_refused(&caller.vault("POST", "/certificates/web/import", Some(&body)), member, "");
    }
    assert_eq!(cloud.vault("contoso").versions("web").len(), 1, "nothing of it was done");
    assert!(cloud.vault("contoso").newest("web").is_some_and(|version| version.enabled));
}

#[test]
fn every_member_of_a_policy_has_a_type() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let caller = Caller::of_vaults(&cloud);
    cloud.vault("contoso").seed(1);
    let lifetime = |trigger: Value| json!([{ "trigger": trigger, "action": {} }]);
    for (policy, named) in [
        (json!({ "key_props": 3 }), "policy.key_props"),
        (json!({ "key_props": { "exportable": "yes" } }), "policy.key_props.exportable"),
        (json!({ "key_props": { "key_size": "2048" } }), "policy.key_props.key_size"),
        (json!({ "secret_props": { "contentType": 1 } }), "policy.secret_props.contentType"),
        (json!({ "x509_props": { "sans": { "dns_names": [1] } } }), "sans.dns_names"),
        (json!({ "issuer": "Self" }), "policy.issuer"),
        (json!({ "lifetime_actions": [5] }), "policy.lifetime_actions"),
        (json!({ "lifetime_actions": lifetime(json!({ "lifetime_percentage": 100 })) }), "percent"),
        // A number of days beyond any calendar.
        (
            json!({ "lifetime_actions": lifetime(json!({ "days_before_expiry": i64::MAX })) }),
            "days",
        ),
    ] {
        let path = "/certificates/cert-000001/policy";
        assert_refused(&caller.vault("PATCH", path, Some(&policy)), named, path);
    }
    let fine = json!({ "key_props": { "exportable": null }, "lifetime_actions": [] });
    let path = "/certificates/cert-000001/policy";
    assert_eq!(caller.vault("PATCH", path, Some(&fine)).status(), 200);
}

fn assert_refused(answer: &akv_testkit::Response, named: &str, path: &str) {
    assert_eq!(codes(answer), (400, "BadParameter".into(), String::new()), "{path}: {named}");
    let body = answer.body_json();
    let message = body["error"]["message"].as_str().expect("a message");
    assert!(message.contains(named), "{path}: {message} names {named}");
}

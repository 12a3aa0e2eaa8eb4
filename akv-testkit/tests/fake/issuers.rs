//! The contacts and the issuers of a vault.

use akv_testkit::{FakeCloud, Fault, Operation};
use azure_security_keyvault_certificates::models as sdk;
use serde_json::{Value, json};

use crate::support::{Caller, codes};

const ISSUER: &str = "/certificates/issuers/Ours";

fn start() -> (FakeCloud, Caller) {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let caller = Caller::of_vaults(&cloud);
    (cloud, caller)
}

fn issuer() -> Value {
    json!({
        "provider": "Test",
        "credentials": { "account_id": "pki", "pwd": "of-the-account" },
        "org_details": { "id": "1", "admin_details": [
            { "first_name": "Ada", "last_name": "B", "email": "ada@contoso.com", "phone": "1" },
        ] },
    })
}

#[test]
fn contacts_are_set_read_and_deleted() {
    let (cloud, caller) = start();
    let path = "/certificates/contacts";
    let absent = (404, "ContactsNotFound".to_owned(), String::new());
    assert_eq!(codes(&caller.get(path)), absent);
    assert_eq!(codes(&caller.vault("DELETE", path, None)), absent);
    let contacts = json!([{ "email": "a@contoso.com", "name": "A", "phone": "1" }]);
    let set = caller.vault("PUT", path, Some(&json!({ "contacts": contacts })));
    assert_eq!(set.status(), 200);
    let got = caller.get("/certificates/contacts/").body_json();
    assert_eq!(got, set.body_json());
    assert_eq!(got["id"], "https://contoso.vault.azure.net/certificates/contacts");
    assert_eq!(got["contacts"], contacts);
    let model: sdk::Contacts = serde_json::from_value(got).expect("the official SDK's shape");
    assert_eq!(model.contact_list.map(|list| list.len()), Some(1));

    for wrong in [
        json!({}),
        json!({ "contacts": [] }),
        json!({ "contacts": [{ "email": 1 }] }),
        json!({ "contacts": [{ "name": "A" }] }),
        json!({ "contacts": [{ "email": "b@contoso.com" }, { "email": "" }] }),
        json!({ "contacts": [{ "email": "b".repeat(255) }] }),
    ] {
        assert_eq!(codes(&caller.vault("PUT", path, Some(&wrong))).1, "BadParameter", "{wrong}");
    }
    assert_eq!(caller.vault("DELETE", path, None).body_json()["contacts"], contacts);
    assert_eq!(codes(&caller.get(path)), absent);
    assert_eq!(cloud.journal().count(Operation::GetContacts), 3);
}

#[test]
fn issuer_is_created_changed_listed_and_deleted() {
    let (cloud, caller) = start();
    let absent = (404, "CertificateIssuerNotFound".to_owned(), String::new());
    for method in ["GET", "DELETE", "PATCH"] {
        assert_eq!(codes(&caller.vault(method, ISSUER, None)), absent, "{method}");
    }
    let made = caller.vault("PUT", ISSUER, Some(&issuer()));
    assert_eq!(made.status(), 200);
    let made = made.body_json();
    assert_eq!(made["id"], format!("https://contoso.vault.azure.net{ISSUER}"));
    assert_eq!(made["credentials"], json!({ "account_id": "pki" }), "and no password");
    assert_eq!(made["attributes"]["enabled"], json!(true));
    assert!(!cloud.save().contains("of-the-account"), "the password is nowhere");
    let model: sdk::Issuer = serde_json::from_value(made).expect("the official SDK's shape");
    assert_eq!(model.provider.as_deref(), Some("Test"));
    let people = model.organization_details.and_then(|o| o.admin_contacts).expect("people");
    assert_eq!(people.len(), 1);

    let change =
        json!({ "attributes": { "enabled": false }, "credentials": { "account_id": "x" } });
    caller.vault("PATCH", ISSUER, Some(&change));
    let changed = caller.get("/certificates/issuers/OURS").body_json();
    assert_eq!(changed["attributes"]["enabled"], json!(false));
    assert_eq!(changed["credentials"]["account_id"], "x");
    assert_eq!(changed["provider"], "Test", "what is left out stays");
    for wrong in [json!({}), json!({ "provider": 1 }), json!({ "provider": "" })] {
        assert_eq!(codes(&caller.vault("PUT", ISSUER, Some(&wrong))).1, "BadParameter", "{wrong}");
    }
    let wrong = json!({ "org_details": { "admin_details": [{ "email": 5 }] } });
    assert_eq!(codes(&caller.vault("PATCH", ISSUER, Some(&wrong))).1, "BadParameter");
    let unclean = caller.vault("PUT", "/certificates/issuers/a_b", Some(&issuer()));
    assert_eq!(codes(&unclean).1, "BadParameter");
    for own in ["Self", "UNKNOWN"] {
        let path = format!("/certificates/issuers/{own}");
        assert_eq!(codes(&caller.vault("PUT", &path, Some(&issuer()))).1, "BadParameter", "{own}");
        assert_eq!(caller.get(&path).status(), 404, "{own}");
    }

    assert_eq!(caller.vault("DELETE", ISSUER, None).status(), 200);
    assert_eq!(codes(&caller.get(ISSUER)), absent);
}

#[test]
fn list_of_issuers_has_pages_with_providers() {
    let (_cloud, caller) = start();
    for number in 0..30 {
        let path = format!("/certificates/issuers/issuer-{number:02}");
        caller.vault("PUT", &path, Some(&issuer()));
    }
    let first = caller.get("/certificates/issuers").body_json();
    assert_eq!(first["value"].as_array().map(Vec::len), Some(25));
    let id = "https://contoso.vault.azure.net/certificates/issuers/issuer-00";
    assert_eq!(first["value"][0], json!({ "id": id, "provider": "Test" }));
    let next = first["nextLink"].as_str().expect("a next page");
    let second = caller.send("GET", next, None).body_json();
    assert_eq!(second["value"].as_array().map(Vec::len), Some(5));
    assert_eq!(caller.get("/certificates").body_json()["value"], json!([]), "no certificates");
}

#[test]
fn a_certificate_can_only_be_asked_of_an_issuer_that_is_known() {
    let (_cloud, caller) = start();
    let policy = json!({ "policy": {
        "issuer": { "name": "ours" },
        "key_props": { "kty": "EC" },
        "x509_props": { "subject": "CN=a" },
    } });
    let create = || caller.vault("POST", "/certificates/asked/create", Some(&policy));
    assert_eq!(codes(&create()), (400, "BadParameter".into(), String::new()));
    caller.vault("PUT", ISSUER, Some(&issuer()));
    let pending = create();
    assert_eq!((pending.status(), &pending.body_json()["status"]), (202, &json!("inProgress")));
    let later = caller.get("/certificates/asked/pending").body_json();
    assert_eq!(
        (&later["status"], &later["issuer"]["name"]),
        (&json!("inProgress"), &json!("ours"))
    );
}

#[test]
fn no_certificate_has_the_name_of_something_else() {
    let (cloud, caller) = start();
    for (method, path) in [
        ("POST", "/certificates/contacts/import"),
        ("POST", "/certificates/Issuers/create"),
        ("GET", "/certificates/contacts/versions"),
        ("DELETE", "/certificates/issuers"),
        ("PATCH", "/certificates/contacts"),
    ] {
        let answer = caller.vault(method, path, Some(&json!({})));
        assert_eq!(codes(&answer), (400, "BadParameter".into(), String::new()), "{method} {path}");
    }
    cloud.fault(Fault::on(Operation::GetIssuer).named("ours").throttled());
    assert_eq!(caller.get("/certificates/issuers/theirs").status(), 404);
    assert_eq!(caller.get(ISSUER).status(), 429, "faults know issuers by their names");
}

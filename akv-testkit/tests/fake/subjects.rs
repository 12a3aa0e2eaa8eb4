//! Subjects in the forms of the service's documentation.

use akv_testkit::FakeCloud;
use serde_json::{Value, json};

use crate::support::{Caller, codes};

/// The subject of a certificate from a policy with that subject, as an import reads it.
fn made(subject: &str) -> Result<String, (u16, String)> {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let caller = Caller::of_vaults(&cloud);
    let body = json!({ "policy": {
        "issuer": { "name": "Self" },
        "key_props": { "kty": "EC" },
        "x509_props": { "subject": subject },
    }});
    let answer = caller.vault("POST", "/certificates/generated/create", Some(&body));
    if answer.status() != 202 {
        let message =
            answer.body_json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(codes(&answer).1, "BadParameter");
        return Err((answer.status(), message));
    }
    let policy = caller.get("/certificates/generated/policy").body_json();
    assert_eq!(policy["x509_props"]["subject"], subject, "returned as requested");
    let secret = caller.get("/secrets/generated").body_json();
    let again = caller.vault("POST", "/certificates/again/import", Some(&secret)).body_json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    Ok(text(&again["policy"]["x509_props"]["subject"]))
}

#[test]
fn a_comma_in_quotes_belongs_to_its_value() {
    for subject in [
        r#"O="Contoso, Ltd.", CN=www.contoso.com"#,
        r#"DC=Contoso, OU="Docs,Contoso", CN=www.contosoHRApp.com"#,
        "E=admin@contoso.com, CN=www.contoso.com",
        "CN=München Portal, S=Bayern, C=DE",
        "OU=one, OU=two, DC=contoso, DC=com",
    ] {
        assert_eq!(made(subject).as_deref(), Ok(subject));
    }
    assert_eq!(made("ST=Some-State,CN=x").as_deref(), Ok("S=Some-State, CN=x"));
}

#[test]
fn a_comma_without_quotes_is_rejected() {
    for subject in ["O=Contoso, Ltd., CN=www.contoso.com", "CN=a,b", "www.contoso.com"] {
        let message =
            "Property policy.x509_props has invalid value. Invalid X.500 distinguished name\r\n";
        assert_eq!(made(subject), Err((400, message.to_owned())), "{subject}");
    }
}

#[test]
fn a_subject_is_read_before_the_issuer_is_looked_up() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let caller = Caller::of_vaults(&cloud);
    let body = json!({ "policy": {
        "issuer": { "name": "nobody" },
        "x509_props": { "subject": "no name" },
    }});
    let answer = caller.vault("POST", "/certificates/generated/create", Some(&body));
    assert!(answer.body_json()["error"]["message"].to_string().contains("X.500"));
    let policy = json!({ "x509_props": { "subject": "no name" } });
    cloud.vault("contoso").seed(1);
    let answer = caller.vault("PATCH", "/certificates/cert-000001/policy", Some(&policy));
    assert_eq!(codes(&answer).1, "BadParameter");
}

//! Entra ID and managed identities through `FakeCloud::handle`.

use std::time::Duration;

use crate::support::{PUBLIC, numbers, token};
use akv_testkit::{FakeCloud, Fault, Operation, Request, Response};
use serde_json::json;
use url::Url;
use url::form_urlencoded::Serializer;

fn get(cloud: &FakeCloud, url: &str, headers: &[(&str, &str)]) -> Response {
    let request = Request::new("GET", &Url::parse(url).expect("a URL"));
    let request = headers.iter().fold(request, |r, (name, value)| r.header(name, value));
    cloud.handle(&request)
}

#[test]
fn errors_of_entra_have_their_numbers() {
    let cloud = FakeCloud::builder().start();
    let (tenant, secret) = (cloud.tenant_id(), cloud.client_secret());
    let ask = |tenant: &str, secret: &str, audience: &str| {
        numbers(&token(&cloud, PUBLIC.0, tenant, secret, audience))
    };
    assert_eq!(ask(&tenant, &secret, PUBLIC.1), (200, 0));
    assert_eq!(ask("contoso.onmicrosoft.com", &secret, PUBLIC.1), (200, 0));
    assert_eq!(ask(&tenant, "wrong", PUBLIC.1), (401, 7_000_215));
    assert_eq!(ask("nobody.example", &secret, PUBLIC.1), (400, 90_002));
    assert_eq!(ask("not-a-tenant", &secret, PUBLIC.1), (400, 900_023));
    assert_eq!(ask(&tenant, &secret, "https://graph.microsoft.com"), (400, 500_011));
    let form = "grant_type=client_credentials&client_id=x&client_secret=y&scope=nonsense";
    let url = format!("{}/{tenant}/oauth2/v2.0/token", PUBLIC.0);
    let post = |form: &str| {
        cloud.handle(&Request::new("POST", &url.parse().expect("a URL")).body(form.to_owned()))
    };
    assert_eq!(numbers(&post(form)), (400, 70_011));
    let form = form.replace("nonsense", "https://vault.azure.net/.default");
    assert_eq!(numbers(&post(&form)), (400, 700_016));
    assert_eq!(numbers(&post("scope=x")), (400, 900_144));
    let unproven =
        form.replace("client_id=x&client_secret=y", &format!("client_id={}", cloud.client_id()));
    assert_eq!(numbers(&post(&unproven)), (401, 7_000_218));
    cloud.expire_client_secret();
    assert_eq!(ask(&tenant, &secret, PUBLIC.1), (401, 7_000_222));
    cloud.fault(Fault::on(Operation::Token).aadsts(700_027));
    assert_eq!(ask(&tenant, &secret, PUBLIC.1), (401, 700_027));
}

#[test]
fn other_content_type_has_no_form_parameters() {
    let cloud = FakeCloud::builder().start();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}\
         &scope=https://vault.azure.net/.default",
        cloud.client_id(),
        cloud.client_secret()
    );
    let url: Url =
        format!("{}/{}/oauth2/v2.0/token", PUBLIC.0, cloud.tenant_id()).parse().expect("a URL");
    let ask = |content_type: &str| {
        let request = Request::new("POST", &url).header("Content-Type", content_type);
        numbers(&cloud.handle(&request.body(form.clone())))
    };
    let urlencoded = "application/x-www-form-urlencoded";
    let with_charset = format!("{}; charset=utf-8", urlencoded.to_uppercase());
    for taken in [urlencoded, &with_charset] {
        assert_eq!(ask(taken), (200, 0), "{taken}");
    }
    for other in ["application/json", "text/plain", "multipart/form-data; boundary=x", ""] {
        assert_eq!(ask(other), (400, 900_144), "{other}");
    }
}

#[test]
fn only_an_assertion_of_its_own_issuer_is_accepted() {
    let cloud = FakeCloud::builder().start();
    let url: Url =
        format!("{}/{}/oauth2/v2.0/token", PUBLIC.0, cloud.tenant_id()).parse().expect("a URL");
    let ask = |assertion: &str| {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &cloud.client_id())
            .append_pair("client_assertion", assertion)
            .append_pair(
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            )
            .append_pair("scope", "https://vault.azure.net/.default")
            .finish();
        cloud.handle(&Request::new("POST", &url).body(form))
    };
    assert_eq!(ask(&cloud.federated_assertion()).status(), 200);
    let foreign = FakeCloud::builder().start().federated_assertion();
    assert_eq!(numbers(&ask(&foreign)), (401, 700_027));
    let token = ask(&cloud.federated_assertion()).body_json()["access_token"].clone();
    assert_eq!(numbers(&ask(token.as_str().expect("a token"))), (400, 70_021));
}

#[test]
fn sdks_find_the_metadata_of_an_authority() {
    let cloud = FakeCloud::builder().start();
    let authority = "https://login.localhost:8443";
    let url = format!("{authority}/{}/v2.0/.well-known/openid-configuration", cloud.tenant_id());
    let found = get(&cloud, &url, &[]).body_json();
    let expected = format!("{authority}/{}/oauth2/v2.0/token", cloud.tenant_id());
    assert_eq!(found["token_endpoint"], json!(expected));
    let url = format!("{authority}/common/discovery/instance?api-version=1.1");
    let found = get(&cloud, &url, &[]).body_json();
    assert_eq!(found["metadata"][0]["aliases"], json!(["login.localhost:8443"]));
}

const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token\
                    ?api-version=2019-08-01&resource=https://vault.azure.net";

#[test]
fn the_metadata_service_answers_in_texts_and_is_picky() {
    let cloud = FakeCloud::builder().start();
    let metadata = [("Metadata", "true")];
    let answer = get(&cloud, IMDS, &metadata);
    assert_eq!(answer.status(), 200);
    let body = answer.body_json();
    for name in ["access_token", "expires_in", "expires_on", "not_before", "resource", "token_type"]
    {
        assert!(body[name].is_string(), "{name}");
    }
    let error = |url: &str, headers: &[(&str, &str)]| {
        let answer = get(&cloud, url, headers);
        (answer.status(), answer.body_json()["error"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(error(IMDS, &[]), (400, "invalid_request".into()));
    let forwarded = [("Metadata", "true"), ("X-Forwarded-For", "1.2.3.4")];
    assert_eq!(error(IMDS, &forwarded).0, 400);
    let user = format!("{IMDS}&client_id={}", cloud.user_identity());
    assert_eq!(
        get(&cloud, &user, &metadata).body_json()["client_id"],
        json!(cloud.user_identity())
    );
    assert_eq!(error(&format!("{IMDS}&client_id=nobody"), &metadata).0, 400);
    assert_eq!(error(&IMDS.replace("vault.azure", "other.azure"), &metadata).1, "invalid_resource");
    cloud.remove_system_identity();
    let answer = get(&cloud, IMDS, &metadata);
    assert!(answer.body_json()["error_description"].to_string().contains("Identity not found"));
}

#[test]
fn the_metadata_service_can_fail_before_it_answers() {
    let cloud = FakeCloud::builder().start();
    for (nth, status) in [(1, 404), (2, 410), (3, 429), (4, 500)] {
        cloud.fault(Fault::on(Operation::ImdsToken).nth(nth).status(status));
    }
    let statuses: Vec<u16> =
        (0..5).map(|_| get(&cloud, IMDS, &[("Metadata", "true")]).status()).collect();
    assert_eq!(statuses, [404, 410, 429, 500, 200]);
}

#[test]
fn app_service_requires_its_header() {
    let cloud = FakeCloud::builder().token_lifetime(Duration::from_secs(60)).start();
    let (endpoint, header) = cloud.app_service();
    let url = format!("{endpoint}?api-version=2019-08-01&resource=https://vault.azure.net");
    assert_eq!(get(&cloud, &url, &[("X-IDENTITY-HEADER", "wrong")]).status(), 401);
    let answer = get(&cloud, &url, &[("X-IDENTITY-HEADER", &header)]);
    assert!(answer.body_json()["expires_on"].is_string());
    let refused = get(&cloud, &format!("{url}&client_id=x"), &[("X-IDENTITY-HEADER", &header)]);
    assert_eq!(refused.body_json()["statusCode"], 400);
}

#[test]
fn debug_output_contains_no_secret() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    cloud.vault("contoso").set_secret("alone", "hush-hush");
    let url: Url = "https://contoso.vault.azure.net/secrets/alone".parse().expect("a URL");
    let bearer = cloud.token(PUBLIC.1);
    let request = Request::new("PUT", &url).header("Authorization", &bearer).body("hush-hush");
    let printed = format!("{cloud:?} {request:?}");
    for secret in [cloud.client_secret(), cloud.app_service().1, bearer, "hush-hush".to_owned()] {
        assert!(!printed.contains(&secret), "{secret}");
    }
}

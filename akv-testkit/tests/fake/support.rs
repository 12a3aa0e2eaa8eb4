//! A caller with a token, for `FakeCloud::handle`.

use akv_testkit::{FakeCloud, Request, Response};
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

/// Calls the fake as the default service principal.
pub(crate) struct Caller {
    pub(crate) cloud: FakeCloud,
    token: String,
}

pub(crate) const PUBLIC: (&str, &str) =
    ("https://login.microsoftonline.com", "https://vault.azure.net");

impl Caller {
    pub(crate) fn of_vaults(cloud: &FakeCloud) -> Self {
        Self::with_audience(cloud, PUBLIC.0, PUBLIC.1)
    }

    pub(crate) fn with_audience(cloud: &FakeCloud, authority: &str, audience: &str) -> Self {
        let answer = token(cloud, authority, &cloud.tenant_id(), &cloud.client_secret(), audience);
        Self::holding(cloud, &answer)
    }

    /// Uses the ID and the secret of another service principal.
    pub(crate) fn with_client(cloud: &FakeCloud, client: (&str, &str), audience: &str) -> Self {
        let answer = token_for(cloud, PUBLIC.0, &cloud.tenant_id(), client, audience);
        Self::holding(cloud, &answer)
    }

    fn holding(cloud: &FakeCloud, answer: &Response) -> Self {
        let token = answer.body_json()["access_token"].as_str().expect("a token").to_owned();
        Self { cloud: cloud.clone(), token }
    }

    pub(crate) fn send(&self, method: &str, url: &str, body: Option<&Value>) -> Response {
        let url = Url::parse(url).expect("a URL");
        let request = Request::new(method, &url)
            .header("Authorization", &format!("Bearer {}", self.token))
            .body(body.map(Value::to_string).unwrap_or_default());
        self.cloud.handle(&request)
    }

    pub(crate) fn vault(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let joint = if path.contains('?') { '&' } else { '?' };
        let url = format!("https://contoso.vault.azure.net{path}{joint}api-version=7.4");
        self.send(method, &url, body)
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.vault("GET", path, None)
    }
}

pub(crate) fn token(
    cloud: &FakeCloud,
    authority: &str,
    tenant: &str,
    secret: &str,
    audience: &str,
) -> Response {
    token_for(cloud, authority, tenant, (&cloud.client_id(), secret), audience)
}

fn token_for(
    cloud: &FakeCloud,
    authority: &str,
    tenant: &str,
    (id, secret): (&str, &str),
    audience: &str,
) -> Response {
    let form = Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", id)
        .append_pair("client_secret", secret)
        .append_pair("scope", &format!("{audience}/.default"))
        .finish();
    let url = format!("{authority}/{tenant}/oauth2/v2.0/token").parse().expect("a URL");
    cloud.handle(&Request::new("POST", &url).body(form))
}

/// The status and the AADSTS number of a response of Entra ID, or 0.
pub(crate) fn numbers(answer: &Response) -> (u16, u64) {
    (answer.status(), answer.body_json()["error_codes"][0].as_u64().unwrap_or_default())
}

/// `code` and `innererror.code` of an error.
pub(crate) fn codes(answer: &Response) -> (u16, String, String) {
    let body = answer.body_json();
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    (answer.status(), text("/error/code").to_owned(), text("/error/innererror/code").to_owned())
}

pub(crate) fn import_body(file: &[u8]) -> Value {
    use base64::Engine as _;
    json!({ "value": base64::engine::general_purpose::STANDARD.encode(file) })
}

impl Caller {
    pub(crate) fn token(&self) -> String {
        self.token.clone()
    }
}

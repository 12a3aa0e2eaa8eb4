//! The CPU cost of a list: pages of 25 through the whole pipeline, from a service that answers at
//! once.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to say")]

use std::sync::Arc;

use akv_azure::{Azure, AzureOptions, HttpClient, KeyVault};
use akv_core::{CertificateStore, Cloud, Credential, ListOptions, StoreAddress};
use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Request, StatusCode};
use futures::StreamExt;
use serde_json::json;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 40])]
fn pages_of_25(bencher: divan::Bencher<'_, '_>, pages: usize) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let vault = vault(pages);
    bencher.bench(|| {
        let listed = runtime.block_on(vault.list(ListOptions::default()).count());
        assert_eq!(listed, pages * 25);
        listed
    });
}

fn vault(pages: usize) -> KeyVault {
    let azure = Azure::new(
        AzureOptions::default().with_transport(Arc::new(AtOnce { pages })).with_rate_limit(
            akv_azure::RateLimit::new(u32::MAX, std::time::Duration::from_secs(1)),
        ),
    );
    let address = StoreAddress::new("contoso".parse().expect("a vault name"))
        .with_tenant("contoso.example".parse().ok())
        .with_cloud(Cloud::public());
    let credential = Credential::ClientSecret {
        client_id: "00000000-1111-2222-3333-444444444444".parse().expect("a client id"),
        secret: "secret".into(),
    };
    azure.expect("options").store(&address, &credential).expect("a store")
}

/// Answers with a token, and with pages that link to the next.
#[derive(Debug)]
struct AtOnce {
    pages: usize,
}

#[async_trait]
impl HttpClient for AtOnce {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let url = request.url();
        let body = if url.host_str() == Some("login.microsoftonline.com") {
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token" })
        } else {
            let query = url.query_pairs().find(|(name, _)| name == "$skiptoken");
            let page: usize = query.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
            self.page(page)
        };
        Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), body.to_string()))
    }
}

impl AtOnce {
    fn page(&self, page: usize) -> serde_json::Value {
        let vault = "https://contoso.vault.azure.net";
        let item = |number: usize| {
            json!({
                "id": format!("{vault}/certificates/certificate-{:06}", page * 25 + number),
                "x5t": "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "attributes": {
                    "enabled": true, "nbf": 1_700_000_000, "exp": 1_800_000_000,
                    "created": 1_700_000_000, "updated": 1_700_000_000,
                },
                "tags": { "owner": "pki" },
                "subject": "",
            })
        };
        let next = (page + 1 < self.pages)
            .then(|| format!("{vault}:443/certificates?api-version=7.4&$skiptoken={}", page + 1));
        json!({ "value": (0..25).map(item).collect::<Vec<_>>(), "nextLink": next })
    }
}

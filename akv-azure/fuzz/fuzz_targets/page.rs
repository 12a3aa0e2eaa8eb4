//! Any bytes as a service's response: no panic, and a list has no more items than its pages allow.
#![no_main]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use akv_azure::{Azure, AzureOptions, HttpClient};
use akv_core::{CertificateStore, Credential, ListOptions, StoreAddress, TenantId, VaultDirectory};
use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Request};
use futures::StreamExt;
use libfuzzer_sys::fuzz_target;

const TENANT: &str = "7e4a47e4-0000-4000-8000-000000000001";
const PAGES: usize = 3;
const ITEMS_OF_A_PAGE: usize = 250;

/// Issues a token to every caller, answers with the input for some pages, and then with nothing.
#[derive(Debug)]
struct Service {
    body: Vec<u8>,
    answers: AtomicUsize,
}

#[async_trait]
impl HttpClient for Service {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = |status: u16, body: Vec<u8>| {
            Ok(AsyncRawResponse::from_bytes(status.into(), Headers::new(), body))
        };
        if request.url().path().ends_with("/oauth2/v2.0/token") {
            let token = br#"{"token_type":"Bearer","expires_in":3600,"access_token":"x"}"#;
            return answer(200, token.to_vec());
        }
        if self.answers.fetch_add(1, Ordering::SeqCst) >= PAGES {
            return answer(404, Vec::new());
        }
        answer(200, self.body.clone())
    }
}

fn azure(body: &[u8]) -> Azure {
    let service = Service { body: body.to_vec(), answers: AtomicUsize::new(0) };
    let transport: Arc<dyn HttpClient> = Arc::new(service);
    Azure::new(AzureOptions::default().with_transport(transport))
        .expect("nothing to set up")
}

fuzz_target!(|body: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let credential = Credential::ClientSecret {
        client_id: "11111111-2222-3333-4444-555555555555".parse().expect("a GUID"),
        secret: "secret".into(),
    };
    let tenant: TenantId = TENANT.parse().expect("a GUID");
    let address = StoreAddress::new("contoso".parse().expect("a name")).with_tenant(tenant.clone());
    runtime.expect("a runtime").block_on(async {
        let store = azure(body).store(&address, &credential).expect("a store");
        let listed = store.list(ListOptions::default()).count().await;
        assert!(listed <= PAGES * ITEMS_OF_A_PAGE + 1, "{listed}");
        let store = azure(body).store(&address, &credential).expect("a store");
        let _ = store.certificate(&"web".parse().expect("a name")).await;
        let directory = azure(body).directory(&address.cloud, &credential).expect("a directory");
        let subscription = "5b5c41b7-0000-4000-8000-000000000001".parse().expect("a GUID");
        let _ = directory.vaults(&tenant, subscription).await;
    });
});

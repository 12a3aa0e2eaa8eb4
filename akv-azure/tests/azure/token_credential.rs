//! A token credential of the caller's own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use akv_azure::TokenCredential;
use akv_core::{CertificateStore, ErrorKind};
use akv_testkit::Operation;
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret, TokenRequestOptions};
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use time::{Duration, OffsetDateTime};

use crate::world::{World, name};

/// Returns the configured token, and counts the requests for each audience.
#[derive(Debug, Default)]
struct Own {
    token: Option<String>,
    /// The source of the token if it has no token of its own.
    real: Option<Arc<dyn TokenCredential>>,
    asked: AtomicUsize,
    scopes: Mutex<Vec<String>>,
}

impl Own {
    fn new(token: Option<&str>) -> Arc<Self> {
        Arc::new(Self { token: token.map(str::to_owned), ..Self::default() })
    }
}

#[async_trait]
impl TokenCredential for Own {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        *self.scopes.lock().expect("scopes") = scopes.iter().map(ToString::to_string).collect();
        if let Some(real) = &self.real {
            return real.get_token(scopes, None).await;
        }
        let message = "password=hush";
        let token = self.token.clone().ok_or_else(|| {
            azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, message)
        })?;
        Ok(AccessToken::new(token, OffsetDateTime::now_utc() + Duration::HOUR))
    }
}

async fn asking(world: &World, own: &Arc<Own>) -> akv_core::Result<()> {
    let mut address = world.address("https://contoso.vault.azure.net/", akv_core::Cloud::public());
    address.tenant = None;
    let identity: Arc<dyn TokenCredential> = Arc::clone(own) as _;
    let store = world.azure.store(&address, identity)?;
    store.certificate(&name("web")).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn own_token_reaches_the_vault_without_an_authority() {
    let world = World::new();
    let own = Own::new(Some("own-token"));
    // The fake does not know this token; its rejection proves where the token went.
    let error = asking(&world, &own).await.expect_err("not the fake's token");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(world.cloud.journal().count(Operation::Token), 0);
    assert_eq!(*own.scopes.lock().unwrap(), ["https://vault.azure.net/.default"]);
    assert_eq!(own.asked.load(Ordering::SeqCst), 2, "a refused token is replaced once");
}

#[tokio::test(start_paused = true)]
async fn own_token_serves_all_stores_of_the_same_credential() {
    let world = World::new();
    let real = ClientSecretCredential::new(
        &world.cloud.tenant_id(),
        world.cloud.client_id(),
        Secret::new(world.cloud.client_secret()),
        Some(ClientSecretCredentialOptions {
            client_options: ClientOptions {
                transport: Some(Transport::new(world.cloud.transport())),
                ..ClientOptions::default()
            },
        }),
    );
    let own = Arc::new(Own { real: Some(real.expect("a credential")), ..Own::default() });
    for _ in 0..3 {
        asking(&world, &own).await.expect("it does not exist");
    }
    assert_eq!(own.asked.load(Ordering::SeqCst), 1);
    assert!(
        !format!("{:?}", akv_azure::AzureCredential::from(own as Arc<dyn TokenCredential>))
            .contains("Own")
    );
}

#[tokio::test(start_paused = true)]
async fn unusable_own_credential_is_named_without_its_message() {
    let world = World::new();
    for (own, problem) in [
        (Own::new(None), "it provided no token"),
        (Own::new(Some("")), "empty"),
        (Own::new(Some("two\r\nlines")), "characters"),
    ] {
        let error = asking(&world, &own).await.expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        let message = error.to_string();
        assert!(message.contains("the program's own token credential"), "{message}");
        assert!(message.contains(problem) && !message.contains("hush"), "{message}");
    }
}

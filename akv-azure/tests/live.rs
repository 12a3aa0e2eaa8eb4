//! The conformance suite on a real vault.
//!
//! ```sh
//! export AZURE_TENANT_ID=… AZURE_CLIENT_ID=… AZURE_CLIENT_SECRET=… AKV_LIVE_VAULT=contoso-test
//! cargo test -p akv-azure --features live --test live
//! ```
//!
//! Creates, deletes and purges certificates whose names begin with `akv-live`, and reads no others.
//! `AKV_LIVE_CLOUD` selects another cloud than the public one by a JSON file, as in `akv`.

use akv_azure::{Azure, AzureOptions};
use akv_core::{ClientSecret, Cloud, Credential, StoreAddress};
use akv_testkit::conformance::Conformance;

#[expect(clippy::panic, reason = "a test that lacks a variable cannot run")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("this test needs the variable {name}"))
}

#[tokio::test]
async fn a_real_vault_conforms() {
    let cloud = std::env::var("AKV_LIVE_CLOUD").map_or_else(
        |_| Cloud::public(),
        |file| {
            let text = std::fs::read_to_string(file).expect("the cloud's file");
            serde_json::from_str(&text).expect("a cloud as JSON")
        },
    );
    let address = StoreAddress::new(variable("AKV_LIVE_VAULT").parse().expect("a store path"))
        .with_tenant(variable("AZURE_TENANT_ID").parse().ok())
        .with_cloud(cloud);
    let credential = Credential::ClientSecret {
        client_id: variable("AZURE_CLIENT_ID").parse().expect("a client id"),
        secret: ClientSecret::from(variable("AZURE_CLIENT_SECRET")),
    };
    let azure = Azure::new(AzureOptions::default()).expect("TLS");
    let store = azure.store(&address, &credential).expect("a store");
    let report = Conformance::new("akv-live").run(&store).await;
    println!("{report}");
    assert!(report.passed(), "{report}");
}

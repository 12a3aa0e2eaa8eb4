//! Every request gets a response.

use akv_testkit::FakeCloud;
use proptest::prelude::*;

use crate::support::{Caller, PUBLIC};

#[test]
fn no_request_brings_it_down() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    cloud.vault("contoso").seed(3);
    let token = Caller::of_vaults(&cloud).token();
    let manager = Caller::with_audience(&cloud, PUBLIC.0, "https://management.azure.com").token();
    let host = prop_oneof![
        Just("contoso.vault.azure.net"),
        Just("management.azure.com"),
        Just("login.microsoftonline.com"),
        Just("169.254.169.254"),
    ];
    let word = prop_oneof![
        Just("certificates"),
        Just("deletedcertificates"),
        Just("secrets"),
        Just("keys"),
        Just("import"),
        Just("recover"),
        Just("policy"),
        Just("versions"),
        Just("create"),
        Just("pending"),
        Just("merge"),
        Just("backup"),
        Just("restore"),
        Just("contacts"),
        Just("issuers"),
        Just("cert-000001"),
        Just("subscriptions"),
        Just("5b5c41b7-0000-4000-8000-000000000001"),
        Just("resourceGroups"),
        Just("certificates"),
        Just("providers"),
        Just("Microsoft.KeyVault"),
        Just("Microsoft.ResourceGraph"),
        Just("resources"),
        Just("vaults"),
        Just("deletedVaults"),
        Just("oauth2"),
        Just("v2.0"),
        Just("token"),
        Just(""),
        Just("%00"),
        Just("ä"),
    ];
    let method = prop_oneof![
        Just("GET"),
        Just("PUT"),
        Just("POST"),
        Just("PATCH"),
        Just("DELETE"),
        Just("HEAD"),
    ];
    let body = prop_oneof![
        any::<Vec<u8>>(),
        Just(br#"{"value":"AAAA","policy":{"key_props":3},"tags":[1]}"#.to_vec()),
        Just(br#"{"properties":{"sku":7,"tenantId":{}},"location":[],"name":5}"#.to_vec()),
        Just(br#"{"contacts":[{"email":"a"}],"provider":"Test","credentials":{"pwd":1}}"#.to_vec()),
        Just(br#"{"query":"resources | order by name","options":{"$skip":3}}"#.to_vec()),
        Just(br#"{"policy":{"issuer":{"name":"Self"},"key_props":{"kty":"EC"},"x509_props":{"subject":"CN=a","validity_months":18446744073709551615},"lifetime_actions":[{"trigger":{"lifetime_percentage":99},"action":{"action_type":"AutoRenew"}}]}}"#.to_vec()),
        Just(b"grant_type=&scope=%ff&client_id".to_vec()),
    ];
    let query = "(api-version=(7.4|2023-07-01)|\\$skiptoken=[a-zA-Z0-9_-]{0,12}|maxresults=[0-9-]{0,4}|\\$top=[0-9]{0,3}){0,1}";
    let requests =
        (host, proptest::collection::vec(word, 0..9), method, body, query, any::<bool>());
    let mut runner = proptest::test_runner::TestRunner::default();
    let result = runner.run(&requests, |(host, words, method, body, query, arm)| {
        let version = if arm { "2026-02-01" } else { "7.4" };
        let url = format!("https://{host}/{}?{query}&api-version={version}", words.join("/"));
        let token = if arm { &manager } else { &token };
        let request = akv_testkit::Request::new(method, &url.parse().expect("a URL"))
            .header("authorization", &format!("Bearer {token}"))
            .header("metadata", "true")
            .body(body);
        let status = cloud.handle(&request).status();
        prop_assert!((200..600).contains(&status), "{status}");
        Ok(())
    });
    assert!(result.is_ok(), "{result:?}");
}

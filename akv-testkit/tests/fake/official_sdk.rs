//! The official Azure SDK for Rust, in process, at the public cloud's own addresses.

use std::sync::Arc;

use akv_testkit::pki::openssl_pfx;
use akv_testkit::{Challenge, FakeCloud, Fault, Operation};
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{
    ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions,
};
use azure_security_keyvault_certificates::models::{
    CertificatePolicy, ImportCertificateParameters, IssuerParameters, SecretProperties,
    UpdateCertificatePropertiesParameters,
};
use azure_security_keyvault_certificates::{
    CertificateClient, CertificateClientOptions, ResourceExt as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::TryStreamExt as _;

fn options(cloud: &FakeCloud) -> ClientOptions {
    ClientOptions { transport: Some(Transport::new(cloud.transport())), ..ClientOptions::default() }
}

fn credential(cloud: &FakeCloud) -> Arc<ClientSecretCredential> {
    ClientSecretCredential::new(
        &cloud.tenant_id(),
        cloud.client_id(),
        cloud.client_secret().into(),
        Some(ClientSecretCredentialOptions { client_options: options(cloud) }),
    )
    .expect("a credential")
}

fn client(cloud: &FakeCloud) -> CertificateClient {
    let options = CertificateClientOptions { client_options: options(cloud), ..Default::default() };
    let url = cloud.vault("contoso").url();
    CertificateClient::new(&url, credential(cloud), Some(options)).expect("a client")
}

fn parameters(name: &str) -> ImportCertificateParameters {
    let fixture = openssl_pfx(name).expect("a fixture");
    ImportCertificateParameters {
        base64_encoded_certificate: Some(STANDARD.encode(fixture.pfx)),
        password: Some(fixture.password.to_owned()),
        certificate_policy: Some(CertificatePolicy {
            secret_properties: Some(SecretProperties {
                content_type: Some("application/x-pkcs12".to_owned()),
            }),
            issuer_parameters: Some(IssuerParameters {
                name: Some("Unknown".to_owned()),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[tokio::test]
async fn it_imports_lists_updates_deletes_and_recovers() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    cloud.vault("contoso").seed(60);
    let client = client(&cloud);
    let body = parameters("web-v1").try_into().expect("a body");
    let made = client.import_certificate("Web-01", body, None).await.expect("imported");
    let made = made.into_model().expect("a bundle");
    let id = made.resource_id().expect("an id");
    assert_eq!((id.name.as_str(), id.version.map(|v| v.len())), ("Web-01", Some(32)));
    let stored = cloud.vault("contoso").newest("web-01").expect("a version");
    assert_eq!(made.cer.as_deref(), stored.certificates.first().map(Vec::as_slice));

    let pages = client.list_certificate_properties(None).expect("a pager");
    let names: Vec<_> = pages
        .try_filter_map(|item| async move { Ok(item.resource_id().ok().map(|id| id.name)) })
        .try_collect()
        .await
        .expect("all pages");
    assert_eq!(names.len(), 61);
    assert_eq!(cloud.journal().count(Operation::ListCertificates), 3);
    // The first request carried no token, and its response was the challenge.
    assert_eq!(cloud.journal().answered(401), 1);

    let tags = UpdateCertificatePropertiesParameters {
        tags: Some([("a".to_owned(), "1".to_owned())].into()),
        ..Default::default()
    };
    let body = tags.try_into().expect("a body");
    let updated = client.update_certificate_properties("web-01", body, None).await;
    let updated = updated.expect("updated").into_model().expect("a bundle");
    assert_eq!(updated.tags.and_then(|tags| tags.get("a").cloned()).as_deref(), Some("1"));
    client.delete_certificate("web-01", None).await.expect("deleted");
    let body = parameters("web-v2").try_into().expect("a body");
    let held = client.import_certificate("web-01", body, None).await.expect_err("its name is held");
    assert_eq!(held.http_status().map(u16::from), Some(409));
    client.recover_deleted_certificate("web-01", None).await.expect("recovered");
    assert!(client.get_certificate("web-01", None).await.is_ok());
}

#[tokio::test]
async fn challenge_for_another_audience_gets_no_token() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let hostile = Challenge::Resource("https://management.azure.com".into());
    cloud.fault(Fault::on(Operation::GetCertificate).challenge(hostile));
    assert!(client(&cloud).get_certificate("web", None).await.is_err());
    assert_eq!(cloud.journal().count(Operation::Token), 0);
}

#[tokio::test]
async fn managed_identities_get_tokens_from_the_metadata_service() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let options = ManagedIdentityCredentialOptions {
        client_options: options(&cloud),
        ..ManagedIdentityCredentialOptions::default()
    };
    let credential = ManagedIdentityCredential::new(Some(options)).expect("a credential");
    let token = credential.get_token(&["https://vault.azure.net/.default"], None).await;
    assert!(token.expect("a token").token.secret().starts_with("eyJ"));
    assert_eq!(cloud.journal().count(Operation::ImdsToken), 1);
}

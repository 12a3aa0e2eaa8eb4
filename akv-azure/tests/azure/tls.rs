//! TLS on the loopback: the connection pool of production.

use std::net::{Ipv4Addr, SocketAddr};

use akv_azure::{Azure, AzureOptions, KeyVault};
use akv_core::{CertificateStore, Cloud, Credential, Error, ErrorKind, ListOptions, StoreAddress};
use akv_testkit::{FakeCloud, Fault, Operation, TlsServer};
use futures::{StreamExt, TryStreamExt};

use crate::world::name;

struct Served {
    cloud: FakeCloud,
    server: TlsServer,
    folder: tempfile::TempDir,
}

impl Served {
    async fn new() -> Self {
        let cloud = FakeCloud::builder().vault("contoso").start();
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = TlsServer::start(cloud.clone(), listen).await.expect("a server");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), server.ca_pem()).expect("written");
        Self { cloud, server, folder }
    }

    fn trusting(&self) -> Cloud {
        self.server.cloud().with_ca_file(self.folder.path().join("ca.pem"))
    }

    fn store(&self, cloud: Cloud) -> KeyVault {
        self.store_with(AzureOptions::default(), cloud)
    }

    fn store_with(&self, options: AzureOptions, cloud: Cloud) -> KeyVault {
        let azure = Azure::new(options).expect("options");
        let address = StoreAddress::new("contoso".parse().expect("a path"))
            .with_tenant(self.cloud.tenant_id().parse().ok())
            .with_cloud(cloud);
        let credential = Credential::ClientSecret {
            client_id: self.cloud.client_id().parse().expect("an id"),
            secret: self.cloud.client_secret().into(),
        };
        azure.store(&address, &credential).expect("a store")
    }
}

async fn looking(store: &KeyVault) -> Result<(), Error> {
    store.certificate(&name("web")).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_is_read_side_by_side() {
    let served = Served::new().await;
    served.cloud.vault("contoso").seed(130);
    let store = served.store(served.trusting());
    let found: Vec<_> = store
        .list(ListOptions::default())
        .map_ok(|listed| {
            let store = &store;
            async move { store.certificate(&listed.name).await }
        })
        .try_buffered(64)
        .try_collect()
        .await
        .expect("an inventory");
    assert_eq!(found.iter().flatten().count(), 130);
    assert_eq!(served.cloud.journal().count(Operation::Token), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn untrusted_host_is_reported_with_a_hint() {
    let served = Served::new().await;
    let error = looking(&served.store(served.server.cloud())).await.expect_err("not trusted");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("CA file"), "{error}");
    assert_eq!(served.cloud.journal().total(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let served = Served::new().await;
    let elsewhere = format!("{}/certificates/web?api-version=7.4", served.server.vault_url("evil"));
    served.cloud.fault(Fault::on(Operation::GetCertificate).redirect(&elsewhere));
    let error = looking(&served.store(served.trusting())).await.expect_err("redirected");
    assert_eq!(error.kind(), ErrorKind::UntrustedHost, "{error}");
    assert_eq!(served.cloud.journal().count(Operation::GetCertificate), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_hundred_megabytes_is_given_up_on_the_way() {
    let served = Served::new().await;
    served.cloud.vault("contoso").seed(1);
    served.cloud.fault(Fault::on(Operation::ListCertificates).huge_body(100 << 20));
    let store = served.store(served.trusting());
    let error =
        store.list(ListOptions::default()).next().await.expect("an item").expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ca_certificates_are_accepted_as_bytes() {
    let served = Served::new().await;
    let given = AzureOptions::default().with_ca_certificates(served.server.ca_pem());
    looking(&served.store_with(given, served.server.cloud())).await.expect("trusted");
    let error = looking(&served.store(served.server.cloud())).await.expect_err("not trusted");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[test]
fn missing_ca_file_is_reported_before_sending() {
    let error = Azure::new(AzureOptions::default().with_ca_file("no-such-file.pem"));
    let error = error.expect_err("no file");
    assert!(error.to_string().contains("no-such-file.pem"), "{error}");
}

//! A fake cloud and the Azure client for it.

use std::sync::Arc;
use std::time::Duration;

use akv_azure::{Azure, AzureOptions, CancellationToken, KeyVault, ResourceManager};
use akv_core::{
    Bundle, CertificateName, Cloud, Credential, Exportable, Import, Password, Precondition,
    StoreAddress, Tags, TenantId,
};
use akv_testkit::pki::{Key, Leaf, TestPki};
use akv_testkit::{ClockMode, FakeCloud, FakeCloudBuilder};
use time::OffsetDateTime;

use crate::tap::Tap;

pub(crate) struct World {
    pub(crate) cloud: FakeCloud,
    pub(crate) azure: Azure,
    pub(crate) cancellation: CancellationToken,
    pki: TestPki,
}

impl World {
    /// With a vault `contoso`.
    pub(crate) fn new() -> Self {
        Self::with(|cloud| cloud.vault("contoso"))
    }

    /// The fake's clock follows tokio's, so that waits take no real time.
    pub(crate) fn with(how: impl FnOnce(FakeCloudBuilder) -> FakeCloudBuilder) -> Self {
        Self::with_options(how, AzureOptions::default())
    }

    pub(crate) fn with_options(
        how: impl FnOnce(FakeCloudBuilder) -> FakeCloudBuilder,
        options: AzureOptions,
    ) -> Self {
        let cloud = how(FakeCloud::builder().clock_mode(ClockMode::Tokio)).start();
        let cancellation = CancellationToken::new();
        let options =
            options.with_transport(cloud.transport()).with_cancellation(cancellation.clone());
        let azure = Azure::new(options).expect("options");
        let pki = TestPki::new(cloud.clock().now());
        Self { cloud, azure, cancellation, pki }
    }

    /// The same cloud, except that one path answers differently, or not at all.
    pub(crate) fn tap(
        &mut self,
        path: &'static str,
        answer: Option<(u16, &'static str)>,
    ) -> Arc<Tap> {
        let tap = Tap::new(self.cloud.transport(), path, answer);
        let options = AzureOptions::default()
            .with_transport(Arc::clone(&tap) as _)
            .with_cancellation(self.cancellation.clone());
        self.azure = Azure::new(options).expect("options");
        tap
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.cloud.tenant_id().parse().expect("a tenant")
    }

    pub(crate) fn credential(&self) -> Credential {
        Credential::ClientSecret {
            client_id: self.cloud.client_id().parse().expect("an id"),
            secret: self.cloud.client_secret().into(),
        }
    }

    pub(crate) fn address(&self, path: &str, cloud: Cloud) -> StoreAddress {
        StoreAddress::new(path.parse().expect("a path"))
            .with_tenant(self.tenant())
            .with_cloud(cloud)
    }

    pub(crate) fn store(&self) -> KeyVault {
        self.store_as(&self.credential())
    }

    pub(crate) fn store_as(&self, credential: &Credential) -> KeyVault {
        let address = self.address("contoso", Cloud::public());
        self.azure.store(&address, credential).expect("a store")
    }

    pub(crate) fn directory(&self) -> ResourceManager {
        self.azure.directory(&Cloud::public(), self.credential()).expect("a directory")
    }

    pub(crate) fn leaf(&self, host: &str) -> Leaf {
        self.pki.leaf(host).issue()
    }

    pub(crate) fn leaf_with(&self, host: &str, key: Key) -> Leaf {
        self.pki.leaf(host).key(key).issue()
    }
}

/// Leaf and chain without tags, with an exportable key.
pub(crate) fn importing(name: &str, leaf: &Leaf) -> Import {
    Import::new(
        self::name(name),
        Bundle::from_pfx(&leaf.pfx(), &Password::default(), OffsetDateTime::now_utc())
            .expect("a bundle"),
        Precondition::Present,
    )
    .with_tags(Tags::default())
    .with_exportable(Exportable::Yes)
}

pub(crate) fn name(text: &str) -> CertificateName {
    text.parse().expect("a name")
}

pub(crate) fn tags(pairs: &[(&str, &str)]) -> Tags {
    Tags::new(pairs.iter().copied()).expect("tags")
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

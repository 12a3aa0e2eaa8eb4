//! Policies and versions: the port [`CertificateDetails`].

use akv_core::{CertificateDetails, CertificateName, Error, ErrorKind, Result, Version};
use async_trait::async_trait;
use azure_core::http::Method;

use super::key_vault::{KeyVault, PAGE_SIZE, none_if_absent};
use crate::api::{ApiOperation, version};
use crate::exchange::Retry;
use crate::page::{Bounds, read};
use crate::wire::certificate::CertificateBundle;
use crate::wire::page::Item;
use crate::wire::policy::IssuancePolicy;

#[async_trait]
impl CertificateDetails for KeyVault {
    async fn renews_itself(&self, name: &CertificateName) -> Result<Option<bool>> {
        let operation = self.operation_on("get the policy of", name);
        let path = ["certificates", name.as_str(), "policy"];
        let call = self.call(ApiOperation::GetCertificate, Method::Get, &path, operation);
        match self.pipeline().send(&call, &mut Retry::new(self.deadline())).await {
            Ok(answer) => {
                let policy: IssuancePolicy = read(&answer, &call.operation)?;
                Ok(Some(policy.renews_itself()))
            }
            Err(failed) => none_if_absent(failed),
        }
    }

    async fn enabled_versions(&self, name: &CertificateName) -> Result<Vec<Version>> {
        let operation = self.operation_on("list the versions of", name);
        let path = ["certificates", name.as_str(), "versions"];
        let query = [("api-version", version::KEY_VAULT), ("maxresults", PAGE_SIZE)];
        let first = self.pipeline().origin.url(&path, &query);
        let mut pages = self.pages(operation.clone(), Bounds::VERSIONS, first);
        let mut versions = Vec::new();
        while let Some(page) = pages.next::<CertificateBundle>().await? {
            for item in page {
                let version = match item {
                    Item::Read(bundle) => bundle.listed_version(name),
                    Item::Other(_) => None,
                };
                let (version, enabled) = version.ok_or_else(|| {
                    Error::new(ErrorKind::Protocol, &operation, "an item is not a version of it")
                })?;
                if enabled {
                    versions.push(version);
                }
            }
        }
        Ok(versions)
    }
}

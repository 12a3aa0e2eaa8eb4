//! Policies and versions: the port [`CertificateDetails`].

use akv_core::{CertificateDetails, CertificateName, Error, ErrorKind, Result, Version};
use async_trait::async_trait;
use azure_core::http::Method;

use super::{API_VERSION, KeyVault, PAGE_SIZE, none_if_absent};
use crate::operation::Operation;
use crate::page::{Bounds, Pages, read};
use crate::pipeline::Retry;
use crate::wire::certificate::Bundle;
use crate::wire::page::Item;
use crate::wire::policy::IssuancePolicy;

#[async_trait]
impl CertificateDetails for KeyVault {
    async fn renews_itself(&self, name: &CertificateName) -> Result<Option<bool>> {
        let tried = self.tried("get the policy of", name);
        let path = ["certificates", name.as_str(), "policy"];
        let call = self.call(Operation::GetCertificate, Method::Get, &path, tried);
        match self.pipeline().send(&call, &mut Retry::new(self.deadline())).await {
            Ok(answer) => {
                let policy: IssuancePolicy = read(&answer, &call.tried)?;
                Ok(Some(policy.renews_itself()))
            }
            Err(failed) => none_if_absent(failed),
        }
    }

    async fn enabled_versions(&self, name: &CertificateName) -> Result<Vec<Version>> {
        let tried = self.tried("list the versions of", name);
        let path = ["certificates", name.as_str(), "versions"];
        let query = [("api-version", API_VERSION), ("maxresults", PAGE_SIZE)];
        let first = self.pipeline().origin.url(&path, &query);
        let mut pages = Pages::new(
            self.pipeline().clone(),
            Operation::ListCertificates,
            tried.clone(),
            Bounds::VERSIONS,
            self.0.deadline,
            first,
        );
        let mut versions = Vec::new();
        while let Some(page) = pages.next::<Bundle>().await? {
            for item in page {
                let version = match item {
                    Item::Read(bundle) => bundle.listed_version(name),
                    Item::Other(_) => None,
                };
                let (version, enabled) = version.ok_or_else(|| {
                    Error::new(ErrorKind::Protocol, &tried, "an item is not a version of it")
                })?;
                if enabled {
                    versions.push(version);
                }
            }
        }
        Ok(versions)
    }
}

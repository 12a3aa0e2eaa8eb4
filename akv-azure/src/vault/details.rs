//! Policies and versions: the port [`CertificateDetails`].

use akv_core::{CertificateDetails, CertificateName, CertificateVersions, Result, Version};
use async_trait::async_trait;
use azure_core::http::Method;
use futures::{TryStreamExt, future};

use super::key_vault::{KeyVault, none_if_absent};
use crate::api::ApiOperation;
use crate::exchange::Retry;
use crate::page::read;
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
        let versions = self.list_versions(name);
        let enabled = versions.try_filter_map(|version| {
            future::ready(Ok(version.attributes.enabled.then_some(version.version)))
        });
        enabled.try_collect().await
    }
}

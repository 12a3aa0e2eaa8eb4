//! Import: exactly one new version, even if the reply was lost.

use akv_core::{Certificate, Error, Import, Precondition, Result};
use async_trait::async_trait;
use azure_core::http::Method;

use super::key_vault::{KeyVault, certificate, is_being_deleted, is_settling, unusable};
use crate::api::ApiOperation;
use crate::exchange::{Answer, Deadline, Retry};
use crate::page::unreadable;
use crate::uncertain::{Change, Rejected, UncertainOutcome};
use crate::wire;

pub(super) async fn run(vault: &KeyVault, import: &Import) -> Result<Certificate> {
    let Import { name, bundle, .. } = import;
    let operation = format!("import certificate {name} into vault {}", vault.name());
    let body = wire::import::body(import).map_err(|error| unreadable(&operation, &error))?;
    let path = ["certificates", name.as_str(), "import"];
    let call =
        vault.call(ApiOperation::ImportCertificate, Method::Post, &path, operation).with_body(body);
    let mut outcome = UncertainOutcome::new(
        "the service created the new version",
        format!(
            "check whether the newest version of {name} has thumbprint {} before you import again",
            bundle.thumbprint()
        ),
    );
    let mut retry = Retry::new(vault.deadline());
    let pipeline = vault.pipeline();
    let mut change = NewVersion { vault, import, operation: &call.operation };
    outcome.settle(pipeline, pipeline, &call, &mut retry, &mut change).await
}

struct NewVersion<'a> {
    vault: &'a KeyVault,
    import: &'a Import,
    operation: &'a str,
}

#[async_trait]
impl Change for NewVersion<'_> {
    type Outcome = Certificate;

    fn accepted(&mut self, answer: Result<Answer>) -> Result<Certificate> {
        let made = certificate(&answer?, &self.import.name, self.operation)?;
        // An answer with another certificate does not prove that this one was imported.
        if is_sent(&made, self.import) {
            Ok(made)
        } else {
            Err(unusable(self.operation, "its thumbprint differs from the imported certificate"))
        }
    }

    async fn rejected(&mut self, error: Error, _: bool, _: Deadline) -> Rejected<Certificate> {
        let passes = match self.import.precondition {
            // If another client recovers the name in the meantime, its certificate must not be
            // replaced.
            Precondition::Absent => is_being_deleted(&error),
            Precondition::Present => is_settling(&error),
        };
        Rejected::busy_if(passes, error)
    }

    async fn look(&mut self, mut retry: Retry) -> Result<Option<Certificate>> {
        let found = self.vault.look(&self.import.name, &mut retry).await?;
        Ok(found.filter(|found| is_it(found, self.import)))
    }
}

/// Whether this is the version that the import creates. The tags distinguish it from an older
/// version of the same certificate.
fn is_it(found: &Certificate, import: &Import) -> bool {
    is_sent(found, import) && found.tags == import.tags
}

fn is_sent(found: &Certificate, import: &Import) -> bool {
    found.thumbprint == Some(import.bundle.thumbprint())
}

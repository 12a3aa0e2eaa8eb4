//! Import: one new version, even where the reply was lost.

use akv_core::{Certificate, Import, Precondition, Result};
use azure_core::http::Method;

use super::{KeyVault, certificate, is_being_deleted, is_settling, unusable};
use crate::lost::{Again, Lost};
use crate::operation::Operation;
use crate::page::unreadable;
use crate::pipeline::{Failed, Retry};
use crate::wire;

pub(super) async fn run(vault: &KeyVault, import: &Import) -> Result<Certificate> {
    let tried = format!("import certificate {} into vault {}", import.name, vault.0.vault);
    let body = wire::import::body(import).map_err(|error| unreadable(&tried, &error))?;
    let path = ["certificates", import.name.as_str(), "import"];
    let call = vault.call(Operation::ImportCertificate, Method::Post, &path, tried).with_body(body);
    let passes = match import.precondition {
        // Whoever recovers the name meanwhile has a certificate there that is not to be replaced.
        Precondition::Absent => is_being_deleted,
        Precondition::Present => is_settling,
    };
    let mut retry = Retry::new(vault.deadline());
    let mut lost = Lost::new(
        "the service made the new version",
        format!(
            "look whether the newest version of {} has thumbprint {} before importing again",
            import.name,
            import.bundle.thumbprint()
        ),
    );
    loop {
        let (error, failure) = match vault.settled(&call, &mut retry, passes).await {
            Ok(answer) => match certificate(&answer, &import.name, &call.tried) {
                Ok(made) if is_sent(&made, import) => return Ok(made),
                // Who answers so did perhaps not import it, so it is looked for as after any answer
                // that cannot be read.
                Ok(_) => {
                    (unusable(&call.tried, "it has another thumbprint than what was sent"), None)
                }
                Err(unreadable) => (unreadable, None),
            },
            Err(Failed::Known(error)) => return Err(lost.told(error)),
            Err(Failed::Unknown(error, failure)) => (error, Some(failure)),
        };
        let again =
            lost.wait(vault.pipeline(), &call, &mut retry, failure.as_ref(), &error).await?;
        match vault.look(&import.name, &mut Retry::new(retry.deadline())).await {
            Ok(Some(found)) if is_it(&found, import) => return Ok(found),
            Ok(_) if again == Again::Yes => {}
            Ok(_) => return Err(lost.unknown(&error)),
            Err(looking) => return Err(lost.unknown(&error).with_source(looking)),
        }
    }
}

/// Whether this is the version that the import was to make. The tags tell it from an older version
/// of the same certificate.
fn is_it(found: &Certificate, import: &Import) -> bool {
    is_sent(found, import) && found.tags == import.tags
}

fn is_sent(found: &Certificate, import: &Import) -> bool {
    found.thumbprint == Some(import.bundle.thumbprint())
}

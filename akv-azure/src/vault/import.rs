//! Import: one new version, even where the reply was lost.

use akv_core::{Certificate, Error, ErrorKind, Import, Result};
use azure_core::http::Method;

use super::{KeyVault, certificate};
use crate::operation::Operation;
use crate::page::unreadable;
use crate::pipeline::{Failed, Retry};
use crate::wire;

pub(super) async fn run(vault: &KeyVault, import: &Import) -> Result<Certificate> {
    let tried = format!("import certificate {} into vault {}", import.name, vault.0.vault);
    let body = wire::import::body(import).map_err(|error| unreadable(&tried, &error))?;
    let path = ["certificates", import.name.as_str(), "import"];
    let call = vault.call(Operation::ImportCertificate, Method::Post, &path, tried).with_body(body);
    let mut retry = Retry::new(vault.deadline());
    loop {
        let (error, failure) = match vault.settled(&call, &mut retry).await {
            Ok(answer) => return certificate(&answer, &call.tried),
            Err(Failed::Known(error)) => return Err(error),
            Err(Failed::Unknown(error, failure)) => (error, failure),
        };
        // The service may still be at work on it, so it is looked for after a pause.
        let pause = vault.pipeline().pause(&call, &mut retry, &failure, error.clone()).await;
        if let Err(stopped) = pause {
            return Err(unknown(import, &stopped));
        }
        match vault.look(&import.name, &mut Retry::new(retry.deadline())).await {
            Ok(Some(found)) if is_it(&found, import) => return Ok(found),
            Ok(_) => {}
            Err(looking) => return Err(unknown(import, &error).with_source(looking)),
        }
    }
}

/// Whether this is the version that the import was to make. The tags tell it from an older version
/// of the same certificate.
fn is_it(found: &Certificate, import: &Import) -> bool {
    found.thumbprint == Some(import.bundle.thumbprint()) && found.tags == import.tags
}

fn unknown(import: &Import, error: &Error) -> Error {
    let kind = match error.kind() {
        ErrorKind::Cancelled => ErrorKind::Cancelled,
        _ => ErrorKind::TimedOut,
    };
    Error::new(kind, error.to_string(), "it is not known whether the service made the new version")
        .with_advice(format!(
            "look whether the newest version of {} has thumbprint {} before importing again",
            import.name,
            import.bundle.thumbprint()
        ))
}
